/**
 * A child process of a role, as its parent sees it. The launcher forks (`src/launcher.js`): the entry files lie beside it, and two of the
 * children are older than the rest of vipd.
 */
import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";

export type RoleProcess = {
  readonly pid: number;
  /** Never throws: a message to a process that is gone is lost, and its end is told by `onExit`. */
  send(message: object): void;
  onMessage(fn: (message: unknown) => void): void;
  /** `reason` in words: `exit status 1`, `signal SIGKILL`. Called once, also if it had ended before. */
  onExit(fn: (reason: string) => void): void;
  /** What it wrote to standard error, by lines: only a defect of ours does. */
  onComplaint(fn: (line: string) => void): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
};

type Launcher = {
  readonly fork: (role: string) => ChildProcess;
  readonly children: Readonly<Record<string, ChildProcess | undefined>>;
  readonly hearsRealtime: boolean;
  readonly takeSignals: (onRealtime: (signal: number) => void) => readonly (NodeJS.Signals | number)[];
};

/** What the launcher left for us. @throws {Error} if this program was not started by it */
function launcher(): Launcher {
  const left = (globalThis as { readonly vipd?: Launcher }).vipd;
  if (left === undefined) throw new Error("Cannot start processes: run dist/vipd.js, which npm run build makes");
  return left;
}

/** The children that are running since before this code was loaded. */
export function firstChildren(): Readonly<Record<string, RoleProcess | undefined>> {
  const { children } = launcher();
  return Object.fromEntries(Object.entries(children).map(([role, child]) => [role, child && roleProcess(child)]));
}

/**
 * Signals that came before anybody listened, names and numbers of realtime ones. From now on the caller listens; realtime signals,
 * where the launcher could take them, are told to `onRealtime`.
 */
export function takeSignals(onRealtime: (signal: number) => void): {
  readonly early: readonly (NodeJS.Signals | number)[];
  readonly hearsRealtime: boolean;
} {
  const { hearsRealtime, takeSignals: take } = launcher();
  return { early: take(onRealtime), hearsRealtime };
}

export function forkRole(role: string): RoleProcess {
  return roleProcess(launcher().fork(role));
}

function roleProcess(child: ChildProcess & { failed?: Error }): RoleProcess {
  return {
    pid: child.pid ?? 0,
    send(message) {
      if (child.connected) child.send(message, ignore);
    },
    onMessage: (fn) => void child.on("message", fn),
    onExit(fn) {
      if (child.failed !== undefined) fn(`cannot be started: ${child.failed.message}`);
      else if (child.exitCode !== null || child.signalCode !== null)
        afterLastWords(child, () => fn(endOf(child.exitCode, child.signalCode)));
      else {
        child.once("exit", (code, signal) => afterLastWords(child, () => fn(endOf(code, signal))));
        if (child.pid === undefined) child.once("error", (error) => fn(`cannot be started: ${error.message}`));
      }
    },
    onComplaint(fn) {
      if (child.stderr !== null) byLines(child.stderr, fn);
    },
    kill: (signal) => void child.kill(signal),
  };
}

function ignore(): void {}

/** The end is known before the last messages are read: they come first. */
function afterLastWords(child: ChildProcess, fn: () => void): void {
  if (!child.connected) return void setImmediate(fn);
  const tell = () => {
    clearTimeout(late);
    child.off("disconnect", tell);
    fn();
  };
  const late = setTimeout(tell, 200);
  child.once("disconnect", tell);
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exit status ${code}` : `signal ${signal}`;
}

/** Lines of at most 1,000 characters. */
function byLines(stream: Readable, fn: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, 1000);
    for (const line of lines) if (line.trim() !== "") fn(line.slice(0, 1000));
  });
  stream.on("error", ignore);
}
