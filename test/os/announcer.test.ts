import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAnnouncer } from "../../src/os/announcer.ts";
import { virtualAddress } from "../vrrp/fixtures.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function createScene() {
  const sent: string[] = [];
  const dropped = new Set<string>();
  let room = Number.POSITIVE_INFINITY;
  const announcer = createAnnouncer({
    send: ({ ip, link }) => {
      if (room === 0) return false;
      room--;
      sent.push(`${Date.now()} ${link} ${ip}`);
      return true;
    },
    isHeld: ({ ip }) => !dropped.has(ip),
    now: () => Date.now(),
    alarm: (run) => {
      let timer: NodeJS.Timeout | undefined;
      return {
        set: (atMs) => {
          clearTimeout(timer);
          timer = setTimeout(run, atMs - Date.now());
        },
        clear: () => clearTimeout(timer),
      };
    },
  });
  return {
    announcer,
    dropped,
    /** The link takes so many more. */
    fill: (free: number) => {
      room = free;
    },
    sent: () => sent.splice(0),
  };
}

describe("announcements", () => {
  beforeEach(() => void vi.setSystemTime(0));

  test("the first leaves at once, the others after the turn, round by round", async () => {
    const { announcer, sent } = createScene();
    announcer.announce([virtualAddress("10.0.0.8"), virtualAddress("10.0.0.9")], 2);
    expect(sent()).toEqual(["0 eth0 10.0.0.8"]);
    await vi.runAllTimersAsync();
    expect(sent()).toEqual(["0 eth0 10.0.0.9", "0 eth0 10.0.0.8", "0 eth0 10.0.0.9"]);
  });

  test("thousands leave in pieces of 64, between which the loop turns", async () => {
    const { announcer, sent } = createScene();
    const many = Array.from({ length: 300 }, (_, at) => virtualAddress(`10.0.${at >> 8}.${at & 255}`));
    announcer.announce(many, 5);
    announcer.announce([virtualAddress("10.9.0.1")], 1);
    expect(sent()).toHaveLength(1);
    vi.advanceTimersToNextTimer();
    expect(sent().length).toBeLessThanOrEqual(64);
    await vi.runAllTimersAsync();
    const rest = sent();
    expect(rest.length).toBeGreaterThanOrEqual(5 * 300 - 64);
    expect(new Set(rest.slice(0, 230)).size).toBe(230);
    expect(rest.at(-1)).toContain("10.9.0.1");
  });

  test("many links share the budget of a turn", async () => {
    const { announcer, sent } = createScene();
    for (let link = 0; link < 100; link++) announcer.announce([virtualAddress("10.0.0.9", { link: `eth${link}` })], 2);
    expect(sent()).toHaveLength(64);
    await vi.runAllTimersAsync();
    expect(sent()).toHaveLength(136);
  });

  test("no faster than the gap of the family, on each link", async () => {
    const { announcer, sent } = createScene();
    announcer.setGaps({ ipv4: 100, ipv6: 0 });
    announcer.announce(
      [virtualAddress("10.0.0.9"), virtualAddress("fd00::9"), virtualAddress("10.0.1.9", { link: "eth1" })],
      2,
    );
    await vi.runAllTimersAsync();
    expect(sent()).toEqual([
      "0 eth0 10.0.0.9",
      "0 eth0 fd00::9",
      "0 eth1 10.0.1.9",
      "0 eth0 fd00::9",
      "100 eth0 10.0.0.9",
      "100 eth1 10.0.1.9",
    ]);
  });

  test("a link that takes no more is tried again a millisecond later", async () => {
    const { announcer, sent, fill } = createScene();
    fill(1);
    announcer.announce([virtualAddress("10.0.0.8"), virtualAddress("10.0.0.9")], 1);
    expect(sent()).toEqual(["0 eth0 10.0.0.8"]);
    await vi.advanceTimersByTimeAsync(2);
    fill(9);
    await vi.runAllTimersAsync();
    expect(sent()).toEqual(["3 eth0 10.0.0.9"]);
  });

  test("what was given up meanwhile is not announced", async () => {
    const { announcer, sent, dropped } = createScene();
    announcer.setGaps({ ipv4: 10, ipv6: 0 });
    announcer.announce([virtualAddress("10.0.0.8"), virtualAddress("10.0.0.9")], 1);
    dropped.add("10.0.0.9");
    await vi.runAllTimersAsync();
    expect(sent()).toEqual(["0 eth0 10.0.0.8"]);
  });
});
