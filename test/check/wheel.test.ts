import fc from "fast-check";
import { expect, test } from "vitest";
import { createWheel } from "../../src/check/wheel.ts";
import { virtualClock } from "./clock.ts";

test("everything fires once, in order, never early and at most a tick late, unless cancelled", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ afterMs: fc.nat(10_000), cancel: fc.boolean() })), async (timers) => {
      const clock = virtualClock(12_345.678);
      const startMs = clock.now();
      const wheel = createWheel(clock, 50);
      const fired: { readonly index: number; readonly atMs: number }[] = [];
      const entries = timers.map(({ afterMs }, index) =>
        wheel.at(startMs + afterMs, () => fired.push({ index, atMs: clock.now() })),
      );
      entries.forEach((entry, index) => {
        if (timers[index]?.cancel) entry.cancel();
      });
      await clock.advance(10_100);
      expect(fired.map(({ index }) => index).sort((a, b) => a - b)).toEqual(
        timers.flatMap(({ cancel }, index) => (cancel ? [] : [index])),
      );
      for (const { index, atMs } of fired) {
        const lateMs = atMs - startMs - (timers[index]?.afterMs ?? 0);
        expect(lateMs).toBeGreaterThanOrEqual(-1e-6);
        expect(lateMs).toBeLessThanOrEqual(50.001);
      }
    }),
    { numRuns: 50 },
  );
});

test("what a timer starts anew fires again, and nothing after stop", async () => {
  const clock = virtualClock();
  const wheel = createWheel(clock, 50);
  let count = 0;
  const again = () => {
    count++;
    wheel.at(clock.now() + 100, again);
  };
  again();
  await clock.advance(1000);
  expect(count).toBe(11);
  wheel.stop();
  await clock.advance(1000);
  expect(count).toBe(11);
});
