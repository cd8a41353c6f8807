/**
 * When a process that died is started again: at once, unless it died five times within a minute; then after 1, 2, 4 … 60 s, until one
 * of its lives lasts a minute.
 */
export type Backoff = {
  /** When it died, monotonic ms, those of the last minute. */
  readonly deaths: readonly number[];
  /** The delay used last, 0 = none yet. */
  readonly delayMs: number;
};

export const FRESH: Backoff = { deaths: [], delayMs: 0 };

const MINUTE_MS = 60_000;
const TOLERATED = 5;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;

/** @param livedMs how long this life had lasted */
export function died(before: Backoff, nowMs: number, livedMs: number): Backoff {
  if (livedMs >= MINUTE_MS) return { deaths: [nowMs], delayMs: 0 };
  const deaths = [...before.deaths.filter((at) => at > nowMs - MINUTE_MS), nowMs];
  if (before.delayMs > 0) return { deaths, delayMs: Math.min(LONGEST_DELAY_MS, 2 * before.delayMs) };
  return { deaths, delayMs: deaths.length >= TOLERATED ? FIRST_DELAY_MS : 0 };
}

/** The process cannot be kept alive at present: what it held must not be left behind. */
export function isFailing(backoff: Backoff): boolean {
  return backoff.delayMs > 0;
}
