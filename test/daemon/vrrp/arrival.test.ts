import { expect, test } from "vitest";
import { arrivalMs } from "../../../src/daemon/vrrp/arrival.ts";

/** The time of day is ahead of the monotonic clock by this. */
const DAY = 1_000_000;
const at = (nowMs: number, setByMs = 0) => ({ nowMs, realtimeNowMs: nowMs + DAY + setByMs });

test.each([
  ["a packet counts when it came, not when it is read", DAY + 4970, at(5000), at(4000), 0, 4970],
  ["a stamp in the future counts as now", DAY + 5010, at(5000), at(4000), 0, 5000],
  ["no packet is older than the last look at the socket", DAY + 3000, at(5000), at(4000), 0, 4000],
  ["without a stamp it came now", undefined, at(5000), at(4000), 200, 5000],
  ["the time of day was set forward: no older than our lateness", DAY + 4990, at(5000, 3_600_000), at(4000), 30, 4970],
  ["the time of day was set forward while we were on time", DAY + 4990, at(5000, 3_600_000), at(4000), 0, 5000],
  ["the time of day was set back", DAY + 4990, at(5000, -3_600_000), at(4000), 30, 5000],
  ["stalled for a second with the advert in the buffer", DAY + 4100, at(5000), at(4000), 1000, 4100],
])("%s", (_story, stamp, now, empty, lateMs, expected) => {
  expect(arrivalMs(stamp, now, empty, lateMs)).toBeCloseTo(expected, 6);
});
