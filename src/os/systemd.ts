/** sd_notify(3): what systemd wants to know of a unit with Type=notify. Without NOTIFY_SOCKET nothing is said. */
import { openSocket, type Socket } from "dgram-ext";
import { systemErrorCode } from "./errors.ts";

export type Systemd = {
  /** READY=1 with a line for `systemctl status`. */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
  watchdog(): void;
  status(text: string): void;
  /** Half of WatchdogSec in ms, in which WATCHDOG=1 is due; undefined where none is asked for. */
  readonly watchdogMs: number | undefined;
};

export function connectSystemd(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
  monotonicMs: () => number,
): Systemd {
  const socket = open(environment["NOTIFY_SOCKET"]);
  const say = (...lines: readonly string[]) => {
    try {
      socket?.send(Buffer.from(lines.join("\n")));
    } catch (error) {
      systemErrorCode(error);
    }
  };
  return {
    ready: (status) => say("READY=1", `STATUS=${status}`),
    reloading: () => say("RELOADING=1", `MONOTONIC_USEC=${Math.floor(monotonicMs() * 1000)}`),
    stopping: () => say("STOPPING=1"),
    watchdog: () => say("WATCHDOG=1"),
    status: (text) => say(`STATUS=${text}`),
    watchdogMs: watchdogOf(environment, pid),
  };
}

function watchdogOf(environment: Readonly<Record<string, string | undefined>>, pid: number): number | undefined {
  const microseconds = Number(environment["WATCHDOG_USEC"] ?? "");
  const meant = environment["WATCHDOG_PID"] ?? String(pid);
  return microseconds > 0 && meant === String(pid) ? microseconds / 2000 : undefined;
}

/** A leading @ is the abstract name space. */
function open(path: string | undefined): Socket | undefined {
  if (path === undefined || path === "") return undefined;
  const socket = openSocket({ domain: "unix", type: "datagram" });
  try {
    socket.connect({ family: "unix", path: path.startsWith("@") ? `\0${path.slice(1)}` : path });
    socket.unref();
    return socket;
  } catch (error) {
    systemErrorCode(error);
    socket.close();
    return undefined;
  }
}
