import { expect, test } from "vitest";
import { type Backoff, died, FRESH, isFailing } from "../../src/daemon/backoff.ts";

/** @returns the delay after each of these deaths */
function delays(deaths: readonly { readonly atMs: number; readonly livedMs: number }[]): readonly number[] {
  let backoff: Backoff = FRESH;
  return deaths.map(({ atMs, livedMs }) => {
    backoff = died(backoff, atMs, livedMs);
    return backoff.delayMs;
  });
}

function every(ms: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({ atMs: (index + 1) * ms, livedMs: ms }));
}

test("four deaths in a minute cost no delay, the fifth does: 1, 2, 4 … 60 s", () => {
  expect(delays(every(100, 13))).toEqual([0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test("deaths further apart than a quarter of a minute never cost a delay", () => {
  expect(delays(every(15_001, 8))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

test("the delay grows until one life lasts a minute, however far apart the deaths are by then", () => {
  const bad = every(100, 8);
  expect(delays([...bad, { atMs: 60_700, livedMs: 59_999 }])).toEqual([0, 0, 0, 0, 1000, 2000, 4000, 8000, 16_000]);
  expect(delays([...bad, { atMs: 60_900, livedMs: 60_000 }, { atMs: 61_000, livedMs: 100 }]).slice(-2)).toEqual([0, 0]);
});

test("it is failing from the fifth death on", () => {
  let backoff: Backoff = FRESH;
  const failing = every(10, 6).map(({ atMs, livedMs }) => {
    backoff = died(backoff, atMs, livedMs);
    return isFailing(backoff);
  });
  expect(failing).toEqual([false, false, false, false, true, true]);
});
