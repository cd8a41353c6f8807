/**
 * Random lives of two or three directors, checked after every step. `VIPD_SEED=number` lives one of them again and tells its story.
 */
import { describe, expect, test } from "vitest";
import { type Life, live } from "./scenario.ts";

const MISFORTUNES = 200;
const CHUNK = 100;
const CHUNKS = 6;

const seed = process.env["VIPD_SEED"];

if (seed === undefined) describe("directors hold what is claimed of them, whatever happens to them", manyLives);
else test(`seed ${seed} once more`, { timeout: 60_000 }, () => void live(Number(seed), MISFORTUNES, true));

test("the same seed lives the same life", () => {
  expect(live(7, 60)).toEqual(live(7, 60));
});

function manyLives(): void {
  const lives: Life[] = [];

  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const from = chunk * CHUNK + 1;
    test(`seeds ${from} to ${from + CHUNK - 1}`, { timeout: 60_000 }, () => {
      for (let next = from; next < from + CHUNK; next++) lives.push(live(next, MISFORTUNES));
    });
  }

  test("that was long enough, every misfortune happened, and there was something to claim", () => {
    const hours = lives.reduce((sum, life) => sum + life.simulatedMs, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(2000);
    expect(lives.reduce((sum, life) => sum + life.claims, 0)).toBeGreaterThan(100_000);
    const kinds = new Set(lives.flatMap((life) => Object.keys(life.misfortunes)));
    expect(kinds.size).toBe(14);
  });
}
