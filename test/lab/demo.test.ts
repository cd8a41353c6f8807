/** Everything that the demonstration shows (`cases.ts`), asserted: one scene, in its order. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { cases, type Row, type Stage } from "./cases.ts";
import { openScene } from "./scene.ts";

let stage: Stage | undefined;
let log: string[] = [];

beforeAll(async () => {
  const scene = await openScene((director, line) => {
    log = [...log.slice(-200), `${director} ${line}`];
  });
  const timeline = { title: () => {}, cause: () => Date.now(), event: () => {} };
  stage = { scene, timeline, running: new Map() };
});
afterAll(() => stage?.scene.close());

test.each(cases)("$title", async ({ run }) => {
  if (stage === undefined) throw new Error("there is no scene");
  const rows = await run(stage).catch((error: Error) => {
    throw new Error(`${error.message}\n\n${log.join("\n")}`);
  });
  expect(rows.filter(({ ok }) => !ok).map(text)).toEqual([]);
});

function text({ what, measured, allowed }: Row): string {
  return `${what}: ${measured}, allowed ${allowed}`;
}
