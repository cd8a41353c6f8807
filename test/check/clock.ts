/** Virtual time: nothing waits, and everything happens in the order of its time. */
import type { Clock } from "../../src/base/clock.ts";

export type VirtualClock = Clock & {
  /** Lets what is due within the next `ms` happen, and lets promises settle after each. */
  advance(ms: number): Promise<void>;
};

export function virtualClock(startMs = 1_000_000): VirtualClock {
  let nowMs = startMs;
  let due: { readonly atMs: number; readonly fn: () => void }[] = [];
  return {
    now: () => nowMs,
    after(afterMs, fn) {
      const entry = { atMs: nowMs + afterMs, fn };
      due.push(entry);
      return {
        [Symbol.dispose]() {
          due = due.filter((other) => other !== entry);
        },
      };
    },
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settle();
        const next = due.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined) break;
        due = due.filter((other) => other !== next);
        nowMs = Math.max(nowMs, next.atMs);
        next.fn();
      }
      nowMs = endMs;
    },
  };
}

/** Everything that only waits for promises goes on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
