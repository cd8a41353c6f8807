import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

import type { Timer } from "../../../native/dgram-ext/index.ts";
import { boottimeMs, openTimer, realtimeMs } from "../../../native/dgram-ext/index.ts";
import { runFixture, systemErrorOf } from "./helpers.ts";

// They start processes, which takes its time on a busy machine
vi.setConfig({ testTimeout: 60_000 });

/** Resolves with the time of expiry. */
function expiry(atMs: number): Promise<number> {
  return new Promise((resolve) => {
    const timer: Timer = openTimer(() => {
      resolve(boottimeMs());
      timer.close();
    });
    timer.armAt(atMs);
  });
}

test("the clocks are those of the kernel, with fractions", () => {
  const uptimeMs = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]) * 1000;
  expect(Math.abs(boottimeMs() - uptimeMs)).toBeLessThan(1000);
  expect(Math.abs(realtimeMs() - Date.now())).toBeLessThan(1000);
  expect(Array.from({ length: 10 }, boottimeMs).some((ms) => ms % 1 !== 0)).toBe(true);
});

test("a timer is never early, and mostly on time even where the machine is busy", async () => {
  const late: number[] = [];
  for (let round = 0; round < 51; round++) {
    const at = boottimeMs() + 3.25;
    late.push((await expiry(at)) - at);
  }
  late.sort((a, b) => a - b);
  expect(late[0]).toBeGreaterThanOrEqual(0);
  expect(late[25]).toBeLessThan(5);
});

test("a time that has passed expires at once, as does a time before the boot", async () => {
  const now = boottimeMs();
  expect((await expiry(now - 5000)) - now).toBeLessThan(100);
  expect((await expiry(-1)) - now).toBeLessThan(200);
});

test("arming again replaces; a disarmed timer is silent", async () => {
  const start = boottimeMs();
  const fired: number[] = [];
  const replaced = openTimer(() => fired.push(boottimeMs() - start));
  replaced.armAt(start + 5);
  replaced.armAt(start + 40);
  const silent = openTimer(() => fired.push(-1));
  silent.armAt(start + 5);
  silent.disarm();
  silent.disarm();
  await new Promise((resolve) => setTimeout(resolve, 80));
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeGreaterThanOrEqual(40);
  replaced.close();
  silent.close();
});

test("a timer that expired and was disarmed before the loop came to it is silent", async () => {
  let fired = 0;
  const timer = openTimer(() => fired++);
  const start = boottimeMs();
  timer.armAt(start + 1);
  while (boottimeMs() < start + 5);
  timer.disarm();
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(fired).toBe(0);
  timer.close();
});

test("a timer can be armed from its own callback", async () => {
  const start = boottimeMs();
  let count = 0;
  await new Promise<void>((resolve) => {
    const timer = openTimer(() => {
      count++;
      if (count < 20) timer.armAt(start + count * 2);
      else {
        timer.close();
        timer.close();
        resolve();
      }
    });
    timer.armAt(start);
  });
  expect(boottimeMs() - start).toBeGreaterThanOrEqual(38);
});

test("a closed timer can be disarmed and closed again, but not armed; nonsense is refused", () => {
  const timer = openTimer(() => {});
  expect(() => timer.armAt(Number.NaN)).toThrow(RangeError);
  expect(() => timer.armAt(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  timer.close();
  timer.close();
  timer.disarm();
  expect(systemErrorOf(() => timer.armAt(1)).code).toBe("EBADF");
});

test("an armed timer keeps the process alive, a disarmed one and an expired one do not", async () => {
  expect(await runFixture("timer-keeps-alive.ts")).toEqual({ code: 0, signal: null, output: "expired\n" });
});
