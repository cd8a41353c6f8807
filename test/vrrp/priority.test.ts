import { describe, expect, test } from "vitest";
import { assess, trackersOf } from "../../src/vrrp/priority.ts";
import type { Fact, Tracking } from "../../src/vrrp/settings.ts";
import { groupSettings, routerSettings } from "./fixtures.ts";

const script = (weight: number, reverse = false): Tracking => ({ tracker: "script", id: "chk", weight, reverse });
const file = (weight: number, reverse = false): Tracking => ({ tracker: "file", id: "hold", weight, reverse });
const says =
  (value: Fact["value"], reason = "exit status 1") =>
  () => ({ value, reason });

describe("weights move the priority", () => {
  test.each([
    { weight: -20, reverse: false, value: "down", priority: 80, words: ["script chk down: -20"] },
    { weight: -20, reverse: false, value: "up", priority: 100, words: [] },
    { weight: 20, reverse: false, value: "up", priority: 120, words: ["script chk up: +20"] },
    { weight: 20, reverse: false, value: "down", priority: 100, words: [] },
    { weight: 20, reverse: true, value: "up", priority: 80, words: ["script chk up: -20"] },
    { weight: -20, reverse: true, value: "down", priority: 120, words: ["script chk down: +20"] },
    { weight: 253, reverse: false, value: "up", priority: 254, words: ["script chk up: +253"] },
    { weight: -253, reverse: false, value: "down", priority: 1, words: ["script chk down: -253"] },
  ] as const)("weight $weight, reverse $reverse, $value: $priority", ({ weight, reverse, value, priority, words }) => {
    expect(assess(100, [script(weight, reverse)], says(value))).toEqual({
      priority,
      adjustments: words,
      faults: [],
      waiting: [],
    });
  });

  test("they add up before they are clamped", () => {
    const trackers: Tracking[] = [
      { tracker: "script", id: "a", weight: -200, reverse: false },
      { tracker: "bfd", id: "b", weight: 150, reverse: false },
    ];
    const values = (tracker: string) => ({
      value: tracker === "bfd" ? ("up" as const) : ("down" as const),
      reason: "",
    });
    expect(assess(100, trackers, values).priority).toBe(50);
  });

  test("the owner's 255 never changes", () => {
    expect(assess(255, [script(-20)], says("down"))).toMatchObject({ priority: 255, adjustments: [] });
  });

  test.each([
    { value: 3, weight: 5, reverse: false, priority: 115, words: "file hold says 3: +15" },
    { value: 3, weight: 5, reverse: true, priority: 85, words: "file hold says 3: -15" },
    { value: 100, weight: 5, reverse: false, priority: 254, words: "file hold says 100: +253" },
    { value: -50, weight: 5, reverse: false, priority: 1, words: "file hold says -50: -250" },
  ])(
    "a file that says $value, weight $weight, reverse $reverse: $priority",
    ({ value, weight, reverse, priority, words }) => {
      expect(assess(100, [file(weight, reverse)], says(value))).toMatchObject({
        priority,
        adjustments: [words],
        faults: [],
      });
    },
  );
});

describe("weight 0 is FAULT", () => {
  test.each([
    { tracking: script(0), value: "down", fault: "script chk failed: exit status 1" },
    { tracking: script(0), value: "up", fault: undefined },
    {
      tracking: script(0, true),
      value: "up",
      fault: "script chk succeeded, which counts as failure (reverse): exit status 1",
    },
    { tracking: script(0, true), value: "down", fault: undefined },
    { tracking: file(0), value: 0, fault: undefined },
    { tracking: file(0), value: 7, fault: "file hold says 7" },
    { tracking: file(0, true), value: 0, fault: "file hold says 0" },
    { tracking: file(1), value: -254, fault: "file hold says -254" },
    { tracking: file(1), value: -253, fault: undefined },
  ] as const)("$tracking.tracker, weight $tracking.weight, reverse $tracking.reverse, $value: $fault", (row) => {
    const { faults } = assess(100, [row.tracking], says(row.value));
    expect(faults).toEqual(row.fault === undefined ? [] : [row.fault]);
  });
});

describe("before the first answer", () => {
  const nothing = () => undefined;

  test("scripts and processes are waited for", () => {
    const process: Tracking = { tracker: "process", id: "nginx", weight: 0, reverse: false };
    expect(assess(100, [script(-20), process], nothing)).toMatchObject({
      priority: 100,
      faults: [],
      waiting: ["script chk", "process nginx"],
    });
  });

  test("a file reads 0, a BFD session and a link are down", () => {
    const bfd: Tracking = { tracker: "bfd", id: "peer", weight: -10, reverse: false };
    const link: Tracking = { tracker: "interface", id: "eth9", weight: 0, reverse: false };
    expect(assess(100, [file(5), bfd, link], nothing)).toEqual({
      priority: 90,
      adjustments: ["bfd peer down: -10"],
      faults: ["tracked link eth9 is down"],
      waiting: [],
    });
  });
});

describe("trackers of a group", () => {
  const link: Tracking = { tracker: "interface", id: "eth1", weight: 10, reverse: false };
  const member = routerSettings({ trackers: [script(-20), link, file(1), { ...file(2), id: "other" }] });

  test("without a group there are its own", () => {
    expect(trackersOf(member, undefined)).toBe(member.trackers);
  });

  test("without sync_group_tracking_weight weights are gone: links and files of weight 1 mean FAULT", () => {
    expect(trackersOf(member, groupSettings("VG", [member]))).toEqual([
      { ...link, weight: 0 },
      { ...file(1), weight: 0 },
    ]);
  });

  test("with it they count, and the group's line for the same thing wins", () => {
    const group = groupSettings("VG", [member], { trackingWeight: true, trackers: [script(-50)] });
    expect(trackersOf(member, group)).toEqual([link, file(1), { ...file(2), id: "other" }, script(-50)]);
  });
});
