import { expect, test } from "vitest";
import { createLateness } from "../../../src/daemon/vrrp/lateness.ts";

test("quantiles are right within a fifth, the worst exactly", () => {
  const lateness = createLateness();
  for (let i = 1; i <= 1000; i++) lateness.add(i / 100);
  const { p50Ms, p99Ms, worstMs, samples } = lateness.read();
  expect(samples).toBe(1000);
  expect(worstMs).toBe(10);
  expect(p50Ms).toBeGreaterThanOrEqual(5);
  expect(p50Ms).toBeLessThanOrEqual(5 * 1.2);
  expect(p99Ms).toBeGreaterThanOrEqual(9.9);
  expect(p99Ms).toBeLessThanOrEqual(10);
});

test("nothing measured is nothing late; on time is the smallest bucket; an hour is not beyond it", () => {
  const lateness = createLateness();
  expect(lateness.read()).toEqual({ p50Ms: 0, p99Ms: 0, worstMs: 0, samples: 0 });
  lateness.add(-0.5);
  expect(lateness.read().p50Ms).toBe(0);
  lateness.add(3_600_000);
  expect(lateness.read().worstMs).toBe(3_600_000);
});
