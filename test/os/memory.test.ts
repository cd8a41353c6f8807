import { expect, test } from "vitest";
import { collectGarbage, keepSmall } from "../../src/os/memory.ts";
import { virtualClock } from "../daemon/virtual-clock.ts";

test("what nobody holds is given back", () => {
  let held: unknown[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index }));
  expect(held).toHaveLength(500_000);
  const full = process.memoryUsage().heapUsed;
  held = undefined;
  collectGarbage();
  expect(process.memoryUsage().heapUsed).toBeLessThan(full - 5_000_000);
});

test("to the kernel, too, where something in use lies above it", () => {
  const bytes = 20_000; // fewer than malloc asks of the kernel singly
  const held: (Buffer | undefined)[] = Array.from({ length: 4000 }, () => Buffer.allocUnsafeSlow(bytes).fill(1));
  const full = process.memoryUsage().rss;
  for (let index = 0; index < held.length; index++) if (index % 100 !== 0) held[index] = undefined;
  collectGarbage();
  expect(process.memoryUsage().rss).toBeLessThan(full - (4000 * bytes) / 2);
  expect(held[0]).toHaveLength(bytes);
});

test("a process that has settled is collected twice, and then every minute", async () => {
  const clock = virtualClock();
  keepSmall(clock, Number.POSITIVE_INFINITY); // other tests may have filled the heap that this one shares
  for (const waitMs of [10_000, 10_000, 60_000, 60_000]) {
    const garbage = new WeakRef(Array.from({ length: 1000 }, () => ({})));
    await new Promise((resolve) => setImmediate(resolve)); // until then it is held
    clock.advance(waitMs);
    expect(garbage.deref()).toBeUndefined();
  }
});
