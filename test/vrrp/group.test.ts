import { describe, expect, test } from "vitest";
import { groupState, type Member, nextMoves } from "../../src/vrrp/group.ts";
import type { Backup, Fault, Init, Master } from "../../src/vrrp/state.ts";

const common = { sinceMs: 0, reason: "why", master: undefined };
const init: Init = { ...common, name: "INIT" };
const fault: Fault = { ...common, name: "FAULT" };
const backup: Backup = {
  ...common,
  name: "BACKUP",
  intervalMs: 1000,
  countFromMs: 0,
  masterDownAtMs: 3609.375,
  delay: "idle",
  hurry: undefined,
  listening: false,
  ready: undefined,
  fresh: false,
};
const ready: Backup = { ...backup, ready: "no advert from anybody for 3.61 s" };
const fresh: Backup = { ...backup, fresh: true };
const master: Master = {
  ...common,
  name: "MASTER",
  sentMs: 0,
  advertAtMs: 1000,
  quietUntilMs: undefined,
  answeredMs: 0,
  defenceMs: 0,
  bursts: {},
  rival: undefined,
};

describe("members of a group move together", () => {
  test.each([
    { says: "nobody is ready", states: [backup, backup], moves: [] },
    { says: "one is ready: it waits", states: [ready, backup], moves: [] },
    { says: "one is ready, one starts", states: [ready, init], moves: [] },
    { says: "one is ready, one has a fault", states: [ready, fault], moves: [] },
    {
      says: "all are ready: all go, in the order of the file",
      states: [ready, ready, ready],
      moves: ["a take", "b take", "c take"],
    },
    { says: "all are master", states: [master, master], moves: [] },
    { says: "one has given way: the others follow", states: [master, backup, master], moves: ["a yield", "c yield"] },
    { says: "one has a fault: the others follow", states: [fault, master], moves: ["b yield"] },
    { says: "one was just added: it goes along", states: [master, fresh], moves: ["b take"] },
    { says: "one was just added, and one has given way", states: [master, fresh, backup], moves: ["a yield"] },
    { says: "one is not started yet: the masters stay", states: [master, init], moves: [] },
    { says: "an empty group", states: [], moves: [] },
  ])("$says", ({ states, moves }) => {
    const members = states.map((state, index): Member => ({ key: "abc".charAt(index), name: `VI_${index}`, state }));
    expect(nextMoves("VG", members).map(({ key, event }) => `${key} ${event.type}`)).toEqual(moves);
  });

  test("the reason names the member that began", () => {
    const members: Member[] = [
      { key: "a", name: "VI_1", state: master },
      { key: "b", name: "VI_2", state: { ...backup, reason: "10.0.0.1 advertises priority 150 > 100" } },
    ];
    expect(nextMoves("VG", members)[0]?.event).toEqual({
      type: "yield",
      reason: "group VG: VI_2: 10.0.0.1 advertises priority 150 > 100",
    });
  });
});

test.each([
  { states: ["MASTER", "MASTER"], group: "MASTER" },
  { states: ["BACKUP", "BACKUP"], group: "BACKUP" },
  { states: ["BACKUP", "FAULT"], group: "FAULT" },
  { states: ["INIT", "BACKUP"], group: "INIT" },
  { states: ["MASTER", "BACKUP"], group: "BACKUP" },
] as const)("a group of $states is $group", ({ states, group }) => {
  expect(groupState(states)).toBe(group);
});
