/** Signals that Node cannot listen to. */

import { constants } from "node:os";

import { check, systemError } from "./errors.ts";
import { native } from "./native.ts";

/**
 * Calls `fn` with the number whenever one of `signals` arrives: the realtime signals (SIGNAL.RTMIN … SIGNAL.RTMAX), which kill
 * Node even with a listener, or any other that can be caught. While it is open, a listener of `process.on` for the same signal
 * hears nothing; `close` gives the signals back as they were. It does not keep the event loop alive.
 *
 * @throws {SystemError} EBUSY: the signal has another listener of this function, in this or another thread; EINVAL: no such signal, or SIGKILL, SIGSTOP
 */
export function onSignal(signals: readonly number[], fn: (signal: number) => void): { close(): void } {
  const handle = native.openSignals();
  if (typeof handle === "number") throw systemError("pipe", "for signals", -handle);
  try {
    for (const signal of signals) check(native.addSignal(handle, signal), "sigaction", () => signalText(signal));
    check(native.watch(handle, fn, false), "watch", () => "of the pipe for signals");
  } catch (error) {
    native.close(handle);
    throw error;
  }
  native.reference(handle, false);
  return { close: () => native.close(handle) };
}

function signalText(signal: number): string {
  const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
  return name === undefined ? `for signal ${signal}` : `for signal ${signal} (${name})`;
}
