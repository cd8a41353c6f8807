import fc from "fast-check";
import { expect, test } from "vitest";
import { createTextRing } from "../../src/daemon/text-ring.ts";

test("the oldest make room", () => {
  const ring = createTextRing(29); // 4 bytes before each text
  for (const text of ["one", "two", "three", "six"]) ring.add(text);
  expect(ring.newest()).toEqual(["two", "three", "six"]);
  ring.add("seventeen letters");
  expect(ring.newest()).toEqual(["six", "seventeen letters"]);
});

test("what is larger than everything is not kept, and nothing before it", () => {
  const ring = createTextRing(29);
  ring.add("one");
  ring.add("x".repeat(26));
  expect(ring.newest()).toEqual([]);
  ring.add("x".repeat(25));
  ring.add("");
  expect(ring.newest()).toEqual([""]);
});

test("whatever is written, the newest are there, whole and in order, and more than a half of the memory is used", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 24, max: 200 }),
      fc.array(fc.string({ unit: "grapheme", maxLength: 8 })),
      (bytes, texts) => {
        const ring = createTextRing(bytes);
        for (const [index, text] of texts.entries()) {
          ring.add(text);
          const count = ring.count();
          const written = texts.slice(0, index + 1);
          expect(ring.newest()).toEqual(count === 0 ? [] : written.slice(-count));
          const sizes = written.map((one) => 4 + Buffer.byteLength(one));
          const fits = sizes.findLastIndex(
            (_, from) => sizes.slice(from).reduce((sum, size) => sum + size, 0) > bytes / 2,
          );
          if (Math.max(...sizes) <= bytes / 4) expect(count).toBeGreaterThanOrEqual(index - fits);
        }
      },
    ),
  );
});
