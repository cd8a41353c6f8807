import { expect, test } from "vitest";
import { createTrackScripts, type Tally, tally } from "../../src/daemon/track-scripts.ts";
import type { EventBody } from "../../src/events.ts";
import type { TrackScriptSettings } from "../../src/notify/settings.ts";
import type { Fact } from "../../src/vrrp/settings.ts";
import { turns, virtualClock } from "./virtual-clock.ts";

const chk: TrackScriptSettings = {
  name: "chk",
  command: { argv: ["/bin/chk"], user: undefined, group: undefined, at: "vipd.conf:3" },
  intervalMs: 1000,
  timeoutMs: 500,
  rise: 2,
  fall: 3,
  weight: 0,
  reverse: false,
};

test.each([
  ["the first success decides alone", "+", "up"],
  ["the first failure decides alone", "-", "down"],
  ["fall in a row bring it down", "+---", "down"],
  ["fewer do not", "+--", "up"],
  ["a success between starts the count anew", "+--+--", "up"],
  ["rise in a row bring it up", "-++", "up"],
  ["fewer do not", "-+-+", "down"],
])("%s: %s is %s", (_, results, state) => {
  const start: Tally = { state: "unknown", streak: 0 };
  const end = [...results].reduce((before, result) => tally(before, result === "+", { rise: 2, fall: 3 }), start);
  expect(end.state).toBe(state);
});

function setUp() {
  const clock = virtualClock();
  const facts: Fact[] = [];
  const events: EventBody[] = [];
  const runs: {
    readonly name: string;
    readonly atMs: number;
    readonly signal: AbortSignal;
    end(problem?: string): Promise<void>;
  }[] = [];
  const scripts = createTrackScripts({
    clock,
    fact: (fact) => facts.push(fact),
    emit: (body) => events.push(body),
    run: ({ name }, signal) =>
      new Promise((resolve) => {
        const end = async (problem?: string) => {
          resolve(problem);
          await turns();
        };
        runs.push({ name, atMs: clock.now(), signal, end });
      }),
  });
  const last = () => {
    const run = runs.at(-1);
    if (run === undefined) throw new RangeError("nothing ran yet");
    return run;
  };
  return { clock, facts, events, runs, scripts, last };
}

test("it runs at once and then every interval, and tells only changes", async () => {
  const { clock, facts, events, runs, scripts, last } = setUp();
  scripts.configure([chk]);
  await last().end();
  expect(facts).toMatchObject([{ tracker: "script", id: "chk", value: "up", at: 0 }]);
  for (const problem of [undefined, "exit status 1", "exit status 1", "exit status 1"]) {
    clock.advance(1000);
    await last().end(problem);
  }
  expect(runs.map(({ atMs }) => atMs)).toEqual([0, 1000, 2000, 3000, 4000]);
  expect(facts.map(({ value, reason }) => [value, reason])).toEqual([
    ["up", "succeeds"],
    ["down", "exit status 1"],
  ]);
  expect(events).toMatchObject([
    { type: "tracker", kind: "script", name: "chk", from: "unknown", to: "up" },
    { type: "tracker", kind: "script", name: "chk", from: "up", to: "down", reason: "exit status 1" },
  ]);
});

test("runs never overlap: a slow one makes the next turns pass", async () => {
  const { clock, runs, scripts, last } = setUp();
  scripts.configure([chk]);
  clock.advance(3500);
  expect(runs).toHaveLength(1);
  await last().end();
  clock.advance(500);
  expect(runs.map(({ atMs }) => atMs)).toEqual([0, 4000]);
});

test("a reload leaves what did not change alone, even if its line moved; what changed starts anew", async () => {
  const { clock, facts, runs, scripts, last } = setUp();
  scripts.configure([chk]);
  await last().end();
  scripts.configure([{ ...chk, command: { ...chk.command, at: "vipd.conf:99" } }]);
  expect(runs).toHaveLength(1);
  expect(scripts.facts()).toHaveLength(1);
  scripts.configure([{ ...chk, weight: -20, reverse: true }]);
  expect(last().signal.aborted).toBe(false);
  expect(scripts.status()).toMatchObject([{ state: "up" }]);
  scripts.configure([{ ...chk, intervalMs: 2000 }]);
  expect(runs).toHaveLength(2);
  expect(scripts.facts()).toEqual([]);
  await last().end("exit status 2");
  expect(facts.at(-1)).toMatchObject({ value: "down", reason: "exit status 2" });
  clock.advance(2000);
  expect(runs).toHaveLength(3);
});

test("a script that a reload removes is ended, and its result counts no more", async () => {
  const { facts, scripts, last, clock, runs } = setUp();
  scripts.configure([chk]);
  const run = last();
  scripts.configure([]);
  expect(run.signal.aborted).toBe(true);
  await run.end();
  clock.advance(5000);
  expect(facts).toEqual([]);
  expect(runs).toHaveLength(1);
  expect(scripts.status()).toEqual([]);
});

test("the status says what it is, how long it took and when", async () => {
  const { clock, scripts, last } = setUp();
  scripts.configure([chk]);
  expect(scripts.status()).toMatchObject([{ name: "chk", state: "unknown", reason: "has not run yet", running: true }]);
  clock.advance(120);
  await last().end("no end after 0.5 s");
  expect(scripts.status()).toMatchObject([
    { state: "down", reason: "no end after 0.5 s", lastMs: 120, tookMs: 120, runs: 1 },
  ]);
});
