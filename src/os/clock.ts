/**
 * The real clock: CLOCK_BOOTTIME, with one timerfd that is armed for the earliest of all deadlines. setTimeout is good to a
 * millisecond and libuv runs it before it reads sockets; here `Turn.before` is called first, so that what arrived is heard before what expired.
 */
import { boottimeMs, openTimer, realtimeMs } from "dgram-ext";
import type { Clock, WallClock } from "../base/clock.ts";
import { createDeadlines, type Deadline, deadline } from "../base/deadlines.ts";

/** A deadline that can be moved again and again without making garbage. */
export type Alarm = {
  /** Arms it or moves it; CLOCK_BOOTTIME ms with fractions. */
  set(atMs: number): void;
  clear(): void;
};

export type SystemClock = Clock &
  WallClock & {
    /**
     * @param run is told how much later than armed it is called, ms
     * @param exact to be woken takes a tenth of a millisecond, and caches are cold then: wake up before, and wait the rest out awake.
     * For what seldom expires.
     */
    alarm(run: (lateMs: number) => void, exact?: boolean): Alarm;
    close(): void;
  };

/** What a clock is made of; a rehearsal has one of its own, where time jumps to whatever is armed. */
export type TimeSource = {
  now(): number;
  openTimer(onExpired: () => void): { armAt(atMs: number): void; close(): void };
  /** How much before an exact alarm the timer fires. Default 0. */
  readonly earlyMs?: number;
};

/** CLOCK_BOOTTIME and a timerfd. */
const MACHINE: TimeSource = { now: boottimeMs, openTimer, earlyMs: 0.3 };

/** Around the deadlines that have expired; called once a turn. */
export type Turn = {
  /** With how late the earliest of them is. What it moves or clears does not run. */
  readonly before?: (lateMs: number) => void;
  readonly after?: () => void;
};

export function openClock(turn: Turn = {}, source = MACHINE): SystemClock {
  const { now, earlyMs = 0 } = source;
  const exact = new WeakSet<Deadline>();
  const deadlines = createDeadlines();
  const timer = source.openTimer(onTimer);
  /** When the timerfd will fire; firing too early costs a turn, so a deadline moved away leaves it. */
  let armedMs = Number.POSITIVE_INFINITY;
  let busy = false;

  function onTimer(): void {
    armedMs = Number.POSITIVE_INFINITY;
    busy = true;
    try {
      const early = isNear(deadlines.earliest());
      if (early) waitForIt();
      const earliest = deadlines.earliest();
      const lateMs = earliest === undefined ? -1 : now() - earliest.atMs;
      if (lateMs >= 0) runDue(lateMs);
      else if (early) turn.after?.();
    } finally {
      busy = false;
      arm();
    }
  }

  function isNear(earliest: Deadline | undefined): boolean {
    if (earliest === undefined || !exact.has(earliest)) return false;
    const leftMs = earliest.atMs - now();
    return leftMs > 0 && leftMs <= earlyMs;
  }

  /** What arrives meanwhile may move the deadline away. */
  function waitForIt(): void {
    turn.before?.(0);
    while (isNear(deadlines.earliest()));
  }

  function runDue(lateMs: number): void {
    turn.before?.(lateMs);
    const nowMs = now();
    for (let next = deadlines.earliest(); next !== undefined && next.atMs <= nowMs; next = deadlines.earliest()) {
      deadlines.clear(next);
      next.run(nowMs - next.atMs);
    }
    turn.after?.();
  }

  function arm(): void {
    const earliest = deadlines.earliest();
    if (busy || earliest === undefined) return;
    const atMs = exact.has(earliest) ? earliest.atMs - earlyMs : earliest.atMs;
    if (atMs >= armedMs) return;
    armedMs = atMs;
    timer.armAt(armedMs);
  }

  function alarm(run: (lateMs: number) => void, isExact = false): Alarm {
    const entry = deadline(run);
    if (isExact) exact.add(entry);
    return {
      set(atMs) {
        deadlines.set(entry, atMs);
        arm();
      },
      clear: () => deadlines.clear(entry),
    };
  }

  return {
    now,
    wall: realtimeMs,
    alarm,
    after(afterMs, fn) {
      const once = alarm(fn);
      once.set(now() + afterMs);
      return { [Symbol.dispose]: () => once.clear() };
    },
    close: () => timer.close(),
  };
}
