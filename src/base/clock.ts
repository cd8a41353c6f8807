/** Time as an argument. Everything that decides is given a `Clock`; only `os/` owns a real one. */

export type Clock = {
  /** Monotonic milliseconds with fractions (CLOCK_BOOTTIME on a real machine). */
  now(): number;
  /** Calls `fn` once, `afterMs` from now, unless disposed first. */
  after(afterMs: number, fn: () => void): Disposable;
};

/** The time of day, only ever for people: milliseconds since 1970. */
export type WallClock = { wall(): number };
