import { expect, test } from "vitest";
import { createDeadlines, type Deadline, deadline } from "../../src/base/deadlines.ts";
import { seededRandom } from "../../src/base/random.ts";

test("the earliest deadline stands first, however they are set, moved and cleared", () => {
  const random = seededRandom(7);
  const deadlines = createDeadlines();
  const entries = Array.from({ length: 200 }, () => deadline(() => {}));
  const model = new Map<Deadline, number>();
  for (let round = 0; round < 20_000; round++) {
    const entry = entries[Math.floor(random() * entries.length)];
    if (entry === undefined) throw new RangeError("no entry");
    if (random() < 0.4) {
      deadlines.clear(entry);
      model.delete(entry);
    } else {
      const atMs = Math.floor(random() * 1000);
      deadlines.set(entry, atMs);
      model.set(entry, atMs);
    }
    expect(deadlines.earliest()?.atMs).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
  }
});

test("taking the earliest again and again gives them in order", () => {
  const deadlines = createDeadlines();
  for (const atMs of [5, 3, 9, 1, 7, 1])
    deadlines.set(
      deadline(() => {}),
      atMs,
    );
  const order: number[] = [];
  for (let next = deadlines.earliest(); next !== undefined; next = deadlines.earliest()) {
    order.push(next.atMs);
    deadlines.clear(next);
  }
  expect(order).toEqual([1, 1, 3, 5, 7, 9]);
});
