/** This machine, as far as every machine is alike. */
import { expect, test } from "vitest";
import { machineView } from "../../src/os/machine-view.ts";

test("the loopback interface and its address", () => {
  const view = machineView();
  expect(view.hasInterface("lo")).toBe(true);
  expect(view.addressesOf("lo")).toContainEqual({ ip: "127.0.0.1", length: 8 });
  expect(view.addressesOf("no-such-interface")).toEqual([]);
});

test("how late a timer was: measured, within a moment", () => {
  const before = performance.now();
  const lateness = machineView().latenessMs();
  const tookMs = performance.now() - before;
  expect(tookMs).toBeGreaterThanOrEqual(200);
  expect(lateness).toBeGreaterThan(0);
  expect(lateness).toBeLessThan(tookMs);
});
