import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { type Health, tally } from "../../src/check/health.ts";
import { firstStart, nextStart } from "../../src/check/schedule.ts";

const ok = { up: true, why: "connected" };
const bad = { up: false, why: "refused" };
const unsure = { up: undefined, why: "no port left" };

test.each([
  ["unknown", 0, ok, 3, "up", 0, "success counts at once"],
  ["unknown", 0, bad, 3, "down", 0, "the first failure counts at once"],
  ["up", 0, bad, 3, "up", 1, "a failure of one that was up is tried again"],
  ["up", 2, bad, 3, "up", 3, "as often as retry says"],
  ["up", 3, bad, 3, "down", 0, "and then it counts"],
  ["up", 0, bad, 0, "down", 0, "at once with retry 0"],
  ["up", 2, ok, 3, "up", 0, "a success forgets the failures"],
  ["down", 0, bad, 3, "down", 0, "down stays down"],
  ["down", 0, ok, 3, "up", 0, "recovery is immediate"],
  ["up", 1, unsure, 3, "up", 1, "what could not be asked says nothing"],
  ["unknown", 0, unsure, 3, "unknown", 0, "nor of one that nothing is known of"],
] as const)("behaviour 98: %s with %i failures", (state, failures, verdict, retries, then, left, _why) => {
  const before: Health = { state, failures };
  expect(tally(before, verdict, retries)).toEqual({ state: then, failures: left });
});

const pace = { intervalMs: 10_000, retryDelayMs: 1000, warmupMs: 5000 };

test("behaviour 99: first starts are spread over the warm-up", () => {
  const random = seededRandom(1);
  const starts = Array.from({ length: 1000 }, () => firstStart(pace, false, 100, random) - 100);
  expect(Math.min(...starts)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...starts)).toBeLessThan(5000);
  const inFirstHalf = starts.filter((start) => start < 2500).length;
  expect(inFirstHalf).toBeGreaterThan(400);
  expect(inFirstHalf).toBeLessThan(600);
});

test.each([
  [0, 1000, 1300, 11_000, "delay_loop after the start, whatever the attempt took"],
  [1, 1000, 1300, 2300, "delay_before_retry after the end of a failure that does not count yet"],
  [0, 1000, 11_000, 11_000, "an attempt of just one interval"],
  [0, 1000, 11_500, 21_000, "a start that was missed is skipped"],
])("%i failures, due at %i, ended at %i: next at %i", (failures, dueMs, endedMs, next, _why) => {
  expect(nextStart(pace, { state: "up", failures }, dueMs, endedMs)).toBe(next);
});
