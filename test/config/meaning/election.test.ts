/** state, weights and nopreempt: what they do to an election, and what they do not. */
import { describe, expect, test } from "vitest";
import { said } from "../load.ts";
import { codesIn, router, sayings } from "./meant.ts";

const script = (weight: number) =>
  `vrrp_script chk_haproxy {\n script "/usr/bin/killall -0 haproxy"\n weight ${weight}\n}\n`;
const tracked = (weight: number, ...lines: readonly string[]) =>
  script(weight) + router("V", 1, undefined, ...lines, "track_script {", " chk_haproxy", "}");

test("state MASTER is no rank", () => {
  expect(sayings("VIPD045", router("V", 1, undefined, "state MASTER", "priority 100"))).toEqual([
    "7:8 hint state MASTER does not make V master: with priority 100 it waits 3.609 s for adverts of others, exactly as state BACKUP does; only the highest priority decides",
  ]);
  expect(sayings("VIPD045", router("V", 1, undefined, "state MASTER"))[0]).toContain("priority 255, which no weight");
  expect(codesIn(router("V", 1, undefined, "state MASTER", "priority 255"))).toEqual([]);
  expect(codesIn(router("V", 1, undefined, "state BACKUP", "priority 100"))).toEqual([]);
});

test("nopreempt with state MASTER", () => {
  expect(said(router("V", 1, undefined, "state MASTER", "priority 100", "nopreempt"))).toEqual([
    "9:2 warning VIPD015 nopreempt has no effect with state MASTER; write state BACKUP on every node",
  ]);
  expect(said(router("V", 1, undefined, "state BACKUP", "priority 100", "nopreempt"))).toEqual([]);
});

describe("a weight that changes nothing, with its arithmetic", () => {
  test("smaller than the usual distance", () => {
    expect(sayings("VIPD046", tracked(-2, "priority 100"))).toEqual([
      "13:3 warning if chk_haproxy fails here, 100 becomes 98; a peer at 90 still loses",
    ]);
    expect(sayings("VIPD046", tracked(2, "priority 150"))).toEqual([
      "13:3 warning if chk_haproxy fails here, 152 becomes 150; a peer at 142 (140 + 2) still loses",
    ]);
  });
  test("of the line, not of the script; reversed", () => {
    const text =
      script(-50) + router("V", 1, undefined, "priority 100", "track_script {", " chk_haproxy weight 3 reverse", "}");
    expect(sayings("VIPD046", text)).toEqual([
      "13:3 warning if chk_haproxy fails here, 100 becomes 97; a peer at 90 still loses",
    ]);
  });
  test("beyond the end of the priorities", () => {
    expect(sayings("VIPD046", tracked(-5, "priority 1"))).toEqual([
      "13:3 warning if chk_haproxy fails here, V keeps its priority of 1: priorities end at 1, and the weight of -5 goes beyond",
    ]);
    expect(codesIn(tracked(20, "priority 254"))).toEqual(["13 VIPD046"]);
  });
  test("tracked processes, too, with the weight of their definition", () => {
    const process = "vrrp_track_process p {\n process a\n weight -4\n}\n";
    const text = process + router("V", 1, undefined, "priority 100", "track_process {", " p", "}");
    expect(sayings("VIPD046", text)).toEqual([
      "13:3 warning if p fails here, 100 becomes 96; a peer at 90 still loses",
    ]);
  });
  test("tracked interfaces, too", () => {
    const text = router("V", 1, undefined, "priority 100", "track_interface {", " eth1 weight -5", "}");
    expect(codesIn(text)).toEqual(["9 VIPD046"]);
  });
  test("on a node that is backup anyway it is a hint", () =>
    expect(sayings("VIPD046", tracked(-2, "state BACKUP", "priority 90"))[0]).toMatch(/^14:3 hint /));
  test.each([
    ["enough", tracked(-20, "priority 100")],
    ["none: FAULT", tracked(0, "priority 100")],
    ["101 and 100, with 2 between them", tracked(2, "priority 101")],
  ])("%s", (_, text) => expect(codesIn(text)).toEqual([]));
});

test("a weight beside nopreempt", () => {
  expect(sayings("VIPD047", tracked(-20, "priority 100", "nopreempt"))).toEqual([
    "14:3 warning if chk_haproxy fails here, 100 becomes 80, but a peer with nopreempt, as V has, does not take over from a lower priority: nothing happens",
  ]);
  expect(codesIn(tracked(0, "priority 100", "nopreempt"))).toEqual([]);
});

test("priority 255 with weights", () => {
  expect(said(tracked(-20, "priority 255")).join()).toContain("V has priority 255, which no weight changes");
});

test("a VRID twice on an interface, also where an instance is left out", () => {
  const twice = router("A", 7) + router("B", 7, ["192.0.2.10/24"]);
  expect(said(twice)).toEqual([
    "10:20 error VIPD014 virtual_router_id 7 on eth0 is used by A in line 1 already; give each instance on an interface its own number",
  ]);
  const leftOut = router("A", 7, undefined, "use_vmac") + router("B", 7, ["192.0.2.10/24"], "use_vmac");
  expect(said(leftOut).filter((line) => line.includes("VIPD014"))).toHaveLength(1);
  expect(said(router("A", 7) + router("B", 8, ["192.0.2.10/24"]))).toEqual([]);
  expect(said(router("A", 7) + router("B", 7, ["192.0.2.10/24"]).replace("eth0", "eth1"))).toEqual([]);
});

describe("members of a group", () => {
  const pair = (first: string, second: string) =>
    `vrrp_sync_group G {\n group {\n A\n B\n }\n}\n${router("A", 1, undefined, first)}${router("B", 2, ["192.0.2.10/24"], second)}`;
  test("with different priorities", () => {
    expect(sayings("VIPD048", pair("priority 100", "priority 120"))).toEqual([
      "21:11 warning B has priority 120 and A, in the same sync group, 100: where the other node lies between, each wins one election and drags the other along",
    ]);
  });
  test.each([
    ["nopreempt", "priority 100"],
    ["advert_int 2", "advert_int 1"],
  ])("%s and %s", (first, second) => expect(sayings("VIPD048", pair(first, second))).toHaveLength(1));
  test("that agree", () => expect(codesIn(pair("priority 100", "priority 100"))).toEqual([]));
});
