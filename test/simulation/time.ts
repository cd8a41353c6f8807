/** Virtual time: things happen at their time, one after the other, and nothing happens in between. */
import { createDeadlines, type Deadline, deadline } from "../../src/base/deadlines.ts";

export type Time = {
  now(): number;
  /** Calls `fn` at `atMs`, at once if that is past, but never inside the present step. */
  at(atMs: number, fn: () => void): Deadline;
  move(entry: Deadline, atMs: number): void;
  cancel(entry: Deadline): void;
  /** Everything that is due until then happens; afterwards it is `untilMs`. */
  runUntil(untilMs: number): void;
};

export function createTime(): Time {
  const queue = createDeadlines();
  let now = 0;

  function move(entry: Deadline, atMs: number): void {
    queue.set(entry, Math.max(now, atMs));
  }

  return {
    now: () => now,
    at(atMs, fn) {
      const entry = deadline(fn);
      move(entry, atMs);
      return entry;
    },
    move,
    cancel: (entry) => queue.clear(entry),
    runUntil(untilMs) {
      for (let next = queue.earliest(); next !== undefined && next.atMs <= untilMs; next = queue.earliest()) {
        queue.clear(next);
        now = next.atMs;
        next.run(0);
      }
      now = untilMs;
    },
  };
}
