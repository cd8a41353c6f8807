/** One vipd a run folder: a locked pid file says so, and the lock goes with the process that held it, however it ends. */
import { readFileSync } from "node:fs";
import { lockFile } from "dgram-ext";

export type PidLock = { release(): void };

/**
 * Locks `path` and writes our pid into it.
 * @throws {AlreadyRunning} if another process holds it
 */
export function lockPidFile(path: string, pid: number): PidLock {
  const lock = lockFile(path);
  if (lock === undefined) throw new AlreadyRunning(path, pidIn(path));
  lock.write(`${pid}\n`);
  return { release: () => lock.close() };
}

/** The pid of who holds the lock, or undefined where nobody does. */
export function lockHolder(path: string): number | undefined {
  let lock: ReturnType<typeof lockFile>;
  try {
    lock = lockFile(path);
  } catch {
    return undefined;
  }
  if (lock === undefined) return pidIn(path) ?? 0;
  lock.close();
  return undefined;
}

function pidIn(path: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(path, "utf8"), 10);
    return Number.isNaN(pid) ? undefined : pid;
  } catch {
    return undefined;
  }
}

export class AlreadyRunning extends Error {
  readonly pid: number | undefined;
  constructor(path: string, pid: number | undefined) {
    const who = pid === undefined ? "another process" : `pid ${pid}`;
    super(
      `vipd is already running: ${who} holds ${path}; stop it with "vipd stop", or give this one its own --run-dir`,
    );
    this.pid = pid;
  }
}
