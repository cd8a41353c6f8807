import { expect, test } from "vitest";
import { changeOver, type Participant } from "../../src/daemon/two-phases.ts";
import { EMPTY } from "./config.ts";

function participant(name: string, refusal?: string) {
  const story: string[] = [];
  const it: Participant = {
    name,
    prepare: async (_config, generation) => {
      story.push(`prepare ${generation}`);
      return refusal;
    },
    commit: async () => void story.push("commit"),
    abandon: () => void story.push("abandon"),
  };
  return { it, story };
}

test("when all are ready, all commit", async () => {
  const [a, b] = [participant("a"), participant("b")];
  expect(await changeOver([a.it, b.it], EMPTY, 7)).toEqual([]);
  expect([a.story, b.story]).toEqual([
    ["prepare 7", "commit"],
    ["prepare 7", "commit"],
  ]);
});

test("one refusal and nobody commits; every refusal is told", async () => {
  const all = [participant("a"), participant("b", "no"), participant("c", "neither")];
  expect(
    await changeOver(
      all.map(({ it }) => it),
      EMPTY,
      8,
    ),
  ).toEqual(["b: no", "c: neither"]);
  for (const { story } of all) expect(story).toEqual(["prepare 8", "abandon"]);
});
