/** The intervals that follow from priority and advertisement interval. Fractions are kept: at 10 ms and priority 254 the skew is 0.078 ms. */

export type Timing = {
  readonly version: 2 | 3;
  /** Effective priority, 1–255. */
  readonly priority: number;
  /** Number of adverts that may be missed, 3 by the RFC. */
  readonly downAdverts: number;
};

/** Skew_Time: version 2 a part of a second whatever the interval (RFC 3768 §6.1), version 3 a part of the interval (RFC 9568 §6.1). */
export function skewMs(timing: Pick<Timing, "version" | "priority">, intervalMs: number): number {
  return ((256 - timing.priority) / 256) * (timing.version === 2 ? 1000 : intervalMs);
}

/** Master_Down_Interval (Active_Down_Interval, RFC 9568 §6.1). @param intervalMs that of the master in version 3, else our own */
export function masterDownMs(timing: Timing, intervalMs: number): number {
  return timing.downAdverts * intervalMs + skewMs(timing, intervalMs);
}

/** After so much silence the most eager backup, one of priority 254, has taken over. */
export function patienceMs(timing: Timing, intervalMs: number): number {
  return masterDownMs({ ...timing, priority: 254 }, intervalMs);
}
