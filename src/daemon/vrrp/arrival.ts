/**
 * When a packet arrived, by the monotonic clock, from the kernel's stamp by the time of day. The stamp is believed only so far: no packet is older
 * than the last time its socket was seen empty, and if the time of day was set since then, not older than our own lateness.
 */

export type Reading = {
  readonly nowMs: number;
  readonly realtimeNowMs: number;
};

/** The two clocks are one unless somebody sets the time of day; slewing stays far below this between two readings. */
const SET_MS = 1;

/**
 * @param stampMs the kernel's receive stamp, CLOCK_REALTIME ms; undefined = it gave none
 * @param now both clocks now
 * @param empty both clocks when the socket was last seen empty
 * @param lateMs how late this turn is by its timers
 * @returns CLOCK_BOOTTIME ms
 */
export function arrivalMs(stampMs: number | undefined, now: Reading, empty: Reading, lateMs: number): number {
  if (stampMs === undefined) return now.nowMs;
  const wasSet = Math.abs(now.realtimeNowMs - now.nowMs - (empty.realtimeNowMs - empty.nowMs)) > SET_MS;
  const oldestMs = wasSet ? lateMs : now.nowMs - empty.nowMs;
  const ageMs = now.realtimeNowMs - stampMs;
  return now.nowMs - Math.min(Math.max(ageMs, 0), Math.max(oldestMs, 0));
}
