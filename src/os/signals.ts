/**
 * Signals of a child of vipd. The first statement of every role: without a listener SIGUSR1 would open Node's inspector (root for any
 * local user), and the realtime signals would end the process.
 */
import { onSignal } from "dgram-ext";
import { sentSignals } from "./signal-numbers.ts";

/** HUP, INT, USR1, USR2 and the realtime signals mean nothing to a child: vipd answers them. TERM too, for a child ends with its channel. */
export function guardSignals(): void {
  for (const name of ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGPIPE"] as const)
    process.on(name, ignore);
  onSignal(sentSignals, ignore);
}

function ignore(): void {}
