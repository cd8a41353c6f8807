/** A clock that moves when the test says so. */
import type { Clock, WallClock } from "../../src/base/clock.ts";
import { createTime } from "../simulation/time.ts";

export type VirtualClock = Clock & WallClock & { advance(ms: number): void };

export function virtualClock(): VirtualClock {
  const time = createTime();
  return {
    now: time.now,
    wall: () => Date.UTC(2026, 10, 20, 12) + time.now(),
    after(ms, fn) {
      const entry = time.at(time.now() + ms, fn);
      return { [Symbol.dispose]: () => time.cancel(entry) };
    },
    advance: (ms) => time.runUntil(time.now() + ms),
  };
}

/** Lets promises that are settled tell who waits for them. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}
