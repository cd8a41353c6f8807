import { expect, test } from "vitest";
import { createPutBack } from "../../src/network/put-back.ts";

const KEY = "eth0 192.0.2.9/24";

test("five times in ten seconds, then no more", () => {
  const putBack = createPutBack();
  expect([0, 1000, 2000, 3000, 4000, 5000].map((at) => putBack.allow(KEY, at))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
  expect(putBack.allow("eth0 192.0.2.8/24", 5000)).toBe(true);
  expect(putBack.allow(KEY, 10_001)).toBe(true);
  expect(putBack.allow(KEY, 10_002)).toBe(false);
});

test("each fault is followed by a longer rest, to a minute; a clean sheet begins again", () => {
  const putBack = createPutBack();
  expect([1, 2, 3, 4, 5].map(() => putBack.rest(KEY))).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  putBack.forget(KEY);
  expect(putBack.rest(KEY)).toBe(10_000);
});
