/** Which letters go out now, and together. */
import { expect, test } from "vitest";
import { type Delay, dueNow, isHopeless, type Posted, packed, putOff, restMs } from "../../src/notify/post.ts";
import { stamped, toMaster } from "./fixtures.ts";

function posted(name: string, owed?: readonly string[]): Posted {
  const letter = { event: stamped(toMaster), host: "a", routerId: "", reportDeleted: false };
  return { name, letter: owed === undefined ? letter : { ...letter, owed } };
}

test("what is put off comes back after 5, 10, 20 … 300 s", () => {
  let delay: Delay | undefined;
  const waits = Array.from({ length: 8 }, () => {
    delay = putOff(delay, 1000);
    return delay.untilMs - 1000;
  });
  expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000]);
});

test("only what is due, and what failed most comes last", () => {
  const delays = new Map([
    ["a", { tries: 2, untilMs: 0 }],
    ["b", { tries: 1, untilMs: 2000 }],
  ]);
  const waiting = ["a", "b", "c", "d"].map((name) => posted(name));
  expect(dueNow(waiting, delays, 1000).map(({ name }) => name)).toEqual(["c", "d", "a"]);
  expect(restMs(["a", "b"], delays, 1000)).toBe(0);
  expect(restMs(["b"], delays, 1000)).toBe(1000);
});

test("a letter that some have already never shares an envelope with one that all are to get", () => {
  const letters = [
    posted("a", ["x@y.z"]),
    ...["b", "c", "d", "e", "f"].map((name) => posted(name)),
    posted("g", ["x@y.z"]),
  ];
  const shape = packed(letters).map(({ letters: inside, owed }) => [inside.map(({ name }) => name).join(""), owed]);
  expect(shape).toEqual([
    ["a", ["x@y.z"]],
    ["g", ["x@y.z"]],
    ["bcdef", undefined],
  ]);
});

test("after five days nobody waits for a recipient any more", () => {
  const letter = posted("a");
  const { wallMs } = letter.letter.event;
  const tried = (tries: number) => new Map([["a", { tries, untilMs: 0 }]]);
  expect(isHopeless(letter, tried(1440), wallMs + 5 * 86_400_000)).toBe(false);
  expect(isHopeless(letter, tried(1440), wallMs + 5 * 86_400_000 + 1)).toBe(true);
  expect(isHopeless(letter, tried(9), wallMs + 50 * 365 * 86_400_000)).toBe(false); // dated before the clock was set
});
