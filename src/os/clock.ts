/** The real clocks. */
import { boottimeMs } from "dgram-ext";
import type { Clock, WallClock } from "../base/clock.ts";

/** CLOCK_BOOTTIME for arithmetic, timers good to a millisecond; the time of day for people. */
export const systemClock: Clock & WallClock = {
  now: boottimeMs,
  wall: Date.now,
  after(afterMs, fn) {
    const timer = setTimeout(fn, Math.min(afterMs, LONGEST_MS));
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};

/** setTimeout takes 31 bits; 24 days are as good as for ever. */
const LONGEST_MS = 2 ** 31 - 1;
