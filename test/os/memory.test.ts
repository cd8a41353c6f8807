import { expect, test } from "vitest";
import { collectGarbage } from "../../src/os/memory.ts";

test("what nobody holds is given back", () => {
  let held: unknown[] | undefined = Array.from({ length: 500_000 }, (_, index) => ({ index }));
  expect(held).toHaveLength(500_000);
  const full = process.memoryUsage().heapUsed;
  held = undefined;
  collectGarbage();
  expect(process.memoryUsage().heapUsed).toBeLessThan(full - 5_000_000);
});
