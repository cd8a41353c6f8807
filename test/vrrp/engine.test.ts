import { describe, expect, test } from "vitest";
import { type Ip, ip } from "../../src/base/address.ts";
import type { EventBody } from "../../src/events.ts";
import { createEngine } from "../../src/vrrp/engine.ts";
import type { Action, Advert, Engine, EngineEvent } from "../../src/vrrp/interface.ts";
import { advertSize, encodeAdvert } from "../../src/vrrp/packet.ts";
import type { Fact, RouterSettings, Tracking } from "../../src/vrrp/settings.ts";
import { groupSettings, linkState, routerSettings, virtualAddress, vrrpSettings } from "./fixtures.ts";

const PEER = ip("10.0.0.2");
const GROUP = ip("224.0.0.18");
const PLAIN: Advert = {
  version: 2,
  vrid: 1,
  priority: 100,
  intervalMs: 1000,
  addresses: [ip("192.0.2.1")],
  authentication: { type: "none" },
};
const chk: Tracking = { tracker: "script", id: "chk", weight: 0, reverse: false };

describe("start", () => {
  test("a link of which nothing is known is missing; it recovers by itself", () => {
    const engine = createEngine();
    expect(told(engine.handle(configure([routerSettings()]), 0))).toEqual(["INIT → FAULT: link eth0 is missing"]);
    const up = engine.handle({ type: "link", state: linkState("eth0", "10.0.0.1") }, 1000);
    expect(told(up)).toEqual(["FAULT → BACKUP: link eth0 came up"]);
  });

  test("a link without an address to send from is a fault that names it", () => {
    const engine = createEngine();
    engine.handle({ type: "link", state: linkState("eth0", undefined) }, 0);
    const start = engine.handle(configure([routerSettings()]), 0);
    expect(told(start)).toEqual(["INIT → FAULT: link eth0 has no IPv4 address to send from"]);
  });

  test("dont_track_primary: the link may be down, as long as there is an address", () => {
    const engine = createEngine();
    engine.handle({ type: "link", state: linkState("eth0", "10.0.0.1", { running: false }) }, 0);
    const links = { adverts: "eth0", addresses: "eth0", tracked: undefined };
    expect(told(engine.handle(configure([routerSettings({ links })]), 0))).toEqual(["INIT → BACKUP: started"]);
  });

  test("track_src_ip: the address to send from must be on the link", () => {
    const { at } = started([]);
    const settings = routerSettings({ source: ip("10.0.0.9"), trackSource: true });
    expect(told(at(0, configure([settings])))).toEqual(["INIT → FAULT: source address 10.0.0.9 is not on link eth0"]);
    const addresses = ["10.0.0.1/24", "10.0.0.9/24"];
    expect(told(at(1000, { type: "link", state: linkState("eth0", "10.0.0.1", { addresses }) }))).toEqual([
      "FAULT → BACKUP: link eth0 changed",
    ]);
  });

  test("version 3 over IPv6, from the link-local address", () => {
    const engine = createEngine();
    const source = { ipv4: undefined, ipv6: ip("fe80::1") };
    engine.handle({ type: "link", state: linkState("eth0", undefined, { source }) }, 0);
    const addresses = [virtualAddress("fe80::77")];
    const settings = routerSettings({ family: "ipv6", version: 3, destinations: [ip("ff02::12")], addresses });
    engine.handle(configure([settings]), 0);
    const advert: Advert = { ...PLAIN, version: 3, priority: 200, addresses: [ip("fe80::77")] };
    const from = ip("fe80::2");
    const to = ip("ff02::12");
    const bytes = new Uint8Array(advertSize(advert));
    encodeAdvert(bytes, 0, advert, { from, to }, false);
    const actions = engine.handle({ type: "packet", link: "eth0", from, to, ttl: 255, bytes, arrivedMs: 1000 }, 1000);
    expect(actions).toEqual([{ type: "arm", timer: `masterDown ${settings.key}`, atMs: 4609.375 }]);
  });

  test("silent until its scripts have answered; members of its group wait with it", () => {
    const { engine, at } = started([]);
    const members = [
      routerSettings({ vrid: 1, group: "VG", trackers: [chk] }),
      routerSettings({ vrid: 2, group: "VG" }),
    ];
    const wish = vrrpSettings(members, { groups: [groupSettings("VG", members, { trackingWeight: true })] });
    expect(at(0, { type: "configure", settings: wish })).toEqual([]);
    expect(engine.routers(0).map(({ reason }) => reason)).toEqual([
      "waits for script chk",
      "waits for script chk (group VG: VI_1)",
    ]);
    expect(told(at(700, fact("up")))).toEqual([
      "INIT → BACKUP: started",
      "INIT → BACKUP: started",
      "VG INIT → BACKUP: started",
    ]);
  });

  test("vrrp_startup_delay: nothing before it is over", () => {
    const { at } = started([]);
    const settings = vrrpSettings([routerSettings()], { startupDelayMs: 30_000 });
    expect(at(0, { type: "configure", settings })).toEqual([
      { type: "arm", timer: "startup ipv4 eth0 1 multicast", atMs: 30_000 },
    ]);
    expect(at(5000, packet({}))).toEqual([]);
    expect(told(at(30_000, expired("startup")))).toEqual(["INIT → BACKUP: vrrp_startup_delay is over"]);
  });
});

describe("trackers", () => {
  test("a weight changes the priority of the next advert, and says why", () => {
    const { at } = master({ trackers: [{ ...chk, weight: -20 }] }, fact("up"));
    expect(events(at(20_000, fact("down", "exit status 1")))).toMatchObject([
      { type: "vrrp.priority", from: 100, to: 80, state: "MASTER", reason: "script chk down: -20" },
    ]);
    expect(adverts(at(20_609.375, expired("advert")))).toEqual([80]);
    expect(events(at(20_700, fact("up")))).toMatchObject([
      { from: 80, to: 100, reason: "no longer: script chk down: -20" },
    ]);
  });

  test("weight 0 is FAULT with the script's own reason, and BACKUP when it is over", () => {
    const { at } = master({ trackers: [chk] }, fact("up"));
    const failed = at(20_000, fact("down", "exit status 1"));
    expect(adverts(failed)).toEqual([0]);
    expect(told(failed)).toEqual(["MASTER → FAULT: script chk failed: exit status 1"]);
    expect(told(at(21_000, fact("up")))).toEqual(["FAULT → BACKUP: script chk is up"]);
  });

  test("who cannot hear is in fault until it can, whatever becomes of its addresses", () => {
    const { at } = master({});
    const { key } = routerSettings();
    const reason = "cannot hear adverts on eth0: EMFILE";
    expect(told(at(20_000, { type: "hearing", router: key, reason }))).toEqual([`MASTER → FAULT: ${reason}`]);
    expect(at(20_001, { type: "hearing", router: key, reason })).toEqual([]);
    expect(told(at(25_000, { type: "addressFault", router: key, reason: undefined }))).toEqual([]);
    expect(told(at(30_000, { type: "hearing", router: key, reason: undefined }))).toEqual([
      "FAULT → BACKUP: its peers can be heard again",
    ]);
  });

  test("in fault for one thing and then for another: it says so once, and its reason is that", () => {
    const { engine, at } = master({ trackers: [chk] }, fact("up"));
    at(20_000, { type: "link", state: linkState("eth0", "10.0.0.1", { running: false }) });
    expect(told(at(20_500, fact("down", "exit status 1")))).toEqual([]);
    const warning = "still in FAULT: script chk failed: exit status 1";
    const up = at(21_000, { type: "link", state: linkState("eth0", "10.0.0.1") });
    expect(events(up)).toMatchObject([{ type: "tracker" }, { type: "vrrp.warning", reason: warning }]);
    expect(engine.routers(21_000)[0]).toMatchObject({ reason: "script chk failed: exit status 1" });
    expect(told(at(22_000, fact("up")))).toEqual(["FAULT → BACKUP: script chk is up"]);
  });

  test("who cannot hear before it starts is in fault from the start", () => {
    const { at } = started([]);
    const { key } = routerSettings();
    expect(at(0, { type: "hearing", router: key, reason: "deaf" })).toEqual([]);
    expect(told(at(0, configure([routerSettings()])))).toEqual(["INIT → FAULT: deaf"]);
  });

  test("an address that cannot be kept is a fault", () => {
    const { at } = master({});
    const { key } = routerSettings();
    const reason = "address 192.0.2.1/24 was taken away five times in 10 s";
    expect(told(at(20_000, { type: "addressFault", router: key, reason }))).toEqual([`MASTER → FAULT: ${reason}`]);
    expect(told(at(30_000, { type: "addressFault", router: key, reason: undefined }))).toEqual([
      "FAULT → BACKUP: its addresses can be kept again",
    ]);
  });
});

describe("reload", () => {
  const one = routerSettings({ vrid: 1 });
  const two = routerSettings({ vrid: 2 });

  test("what is equal is not touched, whatever it is in", () => {
    const { at } = master({});
    expect(at(20_000, configure([structuredClone(one)]))).toEqual([]);
  });

  test("a new instance starts, the others do not notice", () => {
    const { at } = master({});
    const actions = at(20_000, configure([one, two]));
    expect(actions.flatMap((action) => ("router" in action ? action.router.key : []))).toEqual([two.key]);
    expect(told(actions)).toEqual(["INIT → BACKUP: started"]);
  });

  test("a script that was removed and comes again must answer again first", () => {
    const { at } = started([]);
    const tracking = routerSettings({ trackers: [chk] });
    at(0, configure([tracking]));
    expect(told(at(500, fact("up")))).toEqual(["INIT → BACKUP: started"]);
    at(1000, configure([two]));
    expect(told(at(2000, configure([two, tracking])))).toEqual([]);
    expect(told(at(2500, fact("down", "exit status 1")))).toEqual(["INIT → FAULT: script chk failed: exit status 1"]);
  });

  test("what is known of a script stays while somebody tracks it", () => {
    const { at } = started([]);
    const tracking = routerSettings({ trackers: [chk] });
    at(0, configure([tracking]));
    at(500, fact("up"));
    const another = routerSettings({ vrid: 2, trackers: [chk] });
    expect(told(at(1000, configure([tracking, another])))).toEqual(["INIT → BACKUP: started"]);
  });

  test("a removed one resigns, gives its addresses up and is gone", () => {
    const { engine, at } = master({});
    const actions = at(20_000, configure([two]));
    expect(adverts(actions)).toEqual([0]);
    expect(actions).toContainEqual({ type: "addresses", router: one, wanted: false });
    expect(events(actions)[0]).toMatchObject({
      from: "MASTER",
      to: "STOP",
      deleted: true,
      reason: "removed from the configuration",
    });
    expect(engine.routers(0).map(({ name }) => name)).toEqual(["VI_2"]);
    expect(at(20_609.375, expired("advert"))).toEqual([]);
  });

  test("a changed address: the master stays master, and tells of it at once", () => {
    const { at } = master({});
    const changed = { ...one, addresses: [virtualAddress("192.0.2.77")] };
    const actions = at(20_000, configure([changed]));
    expect(actions.map(({ type }) => type)).toEqual(["advertise", "addresses", "announce", "arm"]);
    expect(actions[0]).toMatchObject({ advert: { addresses: ["192.0.2.77"], priority: 100 } });
    expect(actions[1]).toMatchObject({ router: changed, wanted: true });
  });

  test("a changed interval: the next advert comes in its time, a backup waits accordingly", () => {
    const { at } = master({});
    expect(at(20_000, configure([{ ...one, intervalMs: 2000 }])).at(-1)).toMatchObject({ type: "arm", atMs: 22_000 });
    const backup = started([one]);
    backup.at(1000, packet({ priority: 200 }));
    expect(backup.at(1500, configure([{ ...one, intervalMs: 2000 }]))).toEqual([
      { type: "arm", timer: `masterDown ${one.key}`, atMs: 1000 + 6609.375 },
    ]);
  });

  test("a script that failed already is tracked from now on: fault at once; no longer: backup at once", () => {
    const other = routerSettings({ vrid: 2, trackers: [chk] });
    const { at } = started([one, other]);
    at(1000, fact("down", "exit status 1"));
    at(3609.375, expired("masterDown"));
    expect(told(at(20_000, configure([{ ...one, trackers: [chk] }, other])))).toEqual([
      "MASTER → FAULT: script chk failed: exit status 1",
    ]);
    expect(told(at(30_000, configure([one, other])))).toEqual(["FAULT → BACKUP: the configuration changed"]);
  });

  test("a changed priority is an event, not a transition", () => {
    const { at } = master({});
    const actions = at(20_000, configure([{ ...one, priority: 180 }]));
    expect(adverts(actions)).toEqual([180]);
    expect(events(actions)).toMatchObject([{ type: "vrrp.priority", from: 100, to: 180 }]);
  });

  test("an instance that joins a group which is master becomes master with it", () => {
    const grouped = routerSettings({ vrid: 1, group: "VG" });
    const { at } = started([grouped], [groupSettings("VG", [grouped])]);
    expect(told(at(3609.375, expired("masterDown")))).toContain(
      "VG BACKUP → MASTER: no advert from anybody for 3.61 s",
    );
    const joining = routerSettings({ vrid: 2, group: "VG" });
    const settings = vrrpSettings([grouped, joining], { groups: [groupSettings("VG", [grouped, joining])] });
    expect(told(at(10_000, { type: "configure", settings }))).toEqual([
      "INIT → BACKUP: started",
      "BACKUP → MASTER: joins group VG, which is master",
    ]);
  });
});

describe("a group that a reload removes", () => {
  const members = [routerSettings({ vrid: 1, group: "VG" }), routerSettings({ vrid: 2, group: "VG" })];
  const groups = [groupSettings("VG", members)];
  const alone = members.map((member) => ({ ...member, group: undefined }));
  const down = (at: number) => ({ type: "expired", timer: `masterDown ${members[at]?.key}`, lateMs: 0 }) as const;

  test("is told of, and its members go on by themselves", () => {
    const { engine, at } = started(members, groups);
    at(3609.375, down(0));
    at(3609.375, down(1));
    expect(told(at(9000, configure(alone)))).toEqual(["VG MASTER → STOP: removed from the configuration"]);
    expect(engine.groups(9000)).toEqual([]);
    expect(engine.routers(9000).map(({ state }) => state)).toEqual(["MASTER", "MASTER"]);
    expect(told(at(10_000, { type: "link", state: linkState("eth0", "10.0.0.1", { running: false }) }))).toHaveLength(
      2,
    );
  });

  test("keeps nobody waiting: who was ready becomes master", () => {
    const { engine, at } = started(members, groups);
    at(3609.375, down(0));
    expect(engine.routers(4000).map(({ state }) => state)).toEqual(["BACKUP", "BACKUP"]);
    expect(told(at(4000, configure(alone)))).toEqual([
      "VG BACKUP → STOP: removed from the configuration",
      "BACKUP → MASTER: no advert from anybody for 3.61 s",
    ]);
    expect(told(at(4100, down(1)))).toEqual(["BACKUP → MASTER: no advert from anybody for 4.1 s"]);
  });

  test("together with its members: they stop, and then it does, once", () => {
    const { at } = started(members, groups);
    expect(told(at(1000, configure([])))).toEqual([
      "BACKUP → STOP: removed from the configuration",
      "BACKUP → STOP: removed from the configuration",
      "VG BACKUP → STOP: removed from the configuration",
    ]);
  });
});

describe("packets", () => {
  test("another version, another interval, another password: dropped with what to do, once", () => {
    const { at } = started([routerSettings()]);
    const [version] = events(at(1000, packet({ version: 3 })));
    expect(version).toMatchObject({
      type: "vrrp.dropped",
      drop: "version",
      from: PEER,
      count: 1,
      reason: "peer 10.0.0.2 sends version 3, this instance speaks version 2; set version 3 here or version 2 there",
    });
    const [interval] = events(at(1100, packet({ intervalMs: 2000 })));
    expect(interval).toMatchObject({
      reason:
        "peer 10.0.0.2 advertises every 2 s, this instance every 1 s; set the same advert_int on both, or each becomes master",
    });
    const [authentication] = events(at(1200, packet({ authentication: { type: "pass", password: "x" } })));
    expect(authentication).toMatchObject({
      reason:
        "peer 10.0.0.2 uses authentication PASS, this instance no authentication; set the same authentication on both",
    });
    expect(at(1300, packet({ version: 3 }))).toEqual([]);
  });

  test("100,000 bad packets are two events, and counted", () => {
    const { engine, at } = started([routerSettings()]);
    const bad = packet({ version: 3 });
    let said = 0;
    for (let index = 0; index < 100_000; index++) said += at(1000 + index, bad).length;
    expect(said).toBe(2);
    expect(engine.routers(0)[0]?.dropped).toEqual({ version: 100_000 });
  });

  test("bad packets from thousands of addresses are told of together", () => {
    const { at } = started([routerSettings()]);
    let said = 0;
    for (let index = 0; index < 10_000; index++) {
      said += at(1000 + index / 10, packet({ version: 3 }, ip(`10.1.${index >> 8}.${index & 255}`))).length;
    }
    expect(said).toBe(33);
  });

  test("a rogue backup at 20,000 adverts a second does not make the master one", () => {
    const { at } = master({});
    const rogue = packet({ priority: 1 });
    const actions: Action[] = [];
    for (let index = 0; index < 20_000; index++) actions.push(...at(20_000 + index / 20, rogue));
    expect(adverts(actions).length).toBe(1);
    expect(actions.filter(({ type }) => type === "announce").length).toBe(3);
    expect(actions.length).toBeLessThan(30);
  });

  test("other addresses than ours: it counts, and is warned of once for each list", () => {
    const { at } = started([routerSettings()]);
    const foreign = packet({ priority: 200, addresses: [ip("192.0.2.9")] });
    const actions = at(1000, foreign);
    expect(actions.map(({ type }) => type)).toEqual(["event", "arm"]);
    expect(events(actions)[0]).toMatchObject({
      type: "vrrp.warning",
      reason: "10.0.0.2 advertises 192.0.2.9, this instance 192.0.2.1; make virtual_ipaddress the same on both",
    });
    expect(events(at(2000, foreign))).toEqual([]);
    at(2500, packet({ priority: 200 }));
    expect(events(at(3000, foreign))).toEqual([]);
  });

  test("two owners are told so", () => {
    const { at } = started([routerSettings({ priority: 255 })]);
    expect(events(at(1000, packet({ priority: 255 })))).toMatchObject([
      {
        type: "vrrp.warning",
        reason: "10.0.0.2 is owner of the addresses (priority 255) as we are; only one router may be",
      },
    ]);
  });

  test("another VRID, or another link, is none of our business", () => {
    const { engine, at } = started([routerSettings()]);
    expect(at(1000, packet({ vrid: 9 }))).toEqual([]);
    expect(at(1000, { ...packet({}), link: "eth7" })).toEqual([]);
    expect(engine.routers(0)[0]).toMatchObject({ dropped: {}, adverts: { received: 0 } });
  });

  test("unicast instances that share a VRID are told apart by the peer", () => {
    const alone = (peer: string, name: string): RouterSettings =>
      routerSettings({ key: name, name, multicast: false, destinations: [ip(peer)], priority: 50 });
    const { engine, at } = started([alone("10.0.0.2", "one"), alone("10.0.0.3", "two")]);
    at(1000, { ...packet({}, ip("10.0.0.3")), to: ip("10.0.0.1") });
    expect(engine.routers(0).map(({ name, adverts: { received } }) => [name, received])).toEqual([
      ["one", 0],
      ["two", 1],
    ]);
  });

  test("any bytes: nothing is thrown, nobody moves", () => {
    const { at } = started([routerSettings()]);
    for (let length = 0; length < 64; length++) {
      const bytes = Uint8Array.from({ length }, (_, index) => (index === 1 ? 1 : (index * 37 + length) & 255));
      expect(told(at(1000, { ...packet({}), bytes }))).toEqual([]);
    }
  });
});

describe("alone", () => {
  const warning = { type: "vrrp.warning", reason: expect.stringContaining("multicast or protocol 112 filtered?") };

  test("a backup by its file that became master and never heard anybody: a word, once", () => {
    const { at } = started([routerSettings()]);
    expect(at(3609.375, expired("masterDown")).at(-1)).toMatchObject({ timer: expect.stringMatching(/^alone /) });
    expect(events(at(14_437.5, expired("alone")))).toMatchObject([warning]);
    at(15_000, expired("advert"));
    at(15_500, packet({ priority: 200 }));
    expect(at(20_000, expired("masterDown"))).not.toContainEqual({
      type: "arm",
      timer: expect.stringMatching(/^alone /),
    });
  });

  test("for one that is MASTER by its file it is mere information", () => {
    const { at } = started([routerSettings({ initial: "MASTER" })]);
    at(3609.375, expired("masterDown"));
    expect(events(at(14_437.5, expired("alone")))).toMatchObject([{ type: "info" }]);
  });

  test("not if a packet was ever heard, even a bad one", () => {
    const { at } = started([routerSettings()]);
    at(1000, packet({ version: 3 }));
    const actions = at(3609.375, expired("masterDown"));
    expect(actions.some((action) => action.type === "arm" && action.timer.startsWith("alone"))).toBe(false);
  });
});

describe("a process that follows one that died", () => {
  const members = [routerSettings({ vrid: 1, group: "VG" }), routerSettings({ vrid: 2, group: "VG" })];
  const follows = (routers: readonly RouterSettings[], masters: readonly RouterSettings[], aliveMs: number) =>
    ({
      type: "configure",
      settings: vrrpSettings(routers, { groups: routers === members ? [groupSettings("VG", members)] : [] }),
      former: { masters: masters.map(({ key }) => key), aliveMs },
    }) as const;

  test("goes on as master at once, while nobody can have taken over", () => {
    const { at } = started([]);
    const alone = [routerSettings()];
    // 3 × 1 s and the skew of 254, less the interval that the last advert may have been sent before the end
    const actions = at(3007, follows(alone, alone, 1000));
    expect(actions.map(({ type }) => type).slice(0, 3)).toEqual(["advertise", "addresses", "announce"]);
    expect(told(actions)).toEqual(["INIT → MASTER: goes on: it was master when the process before this one ended"]);
  });

  test("begins like any other once somebody may have: the addresses go first", () => {
    const { at } = started([]);
    const alone = [routerSettings()];
    const actions = at(3008, follows(alone, alone, 1000));
    expect(actions[0]).toMatchObject({ type: "addresses", wanted: false });
    expect(told(actions)).toEqual(["INIT → BACKUP: started"]);
  });

  test("a better master is followed as ever", () => {
    const { at } = started([]);
    const alone = [routerSettings()];
    at(1200, follows(alone, alone, 1000));
    expect(told(at(1300, packet({ priority: 200 })))).toEqual([
      "MASTER → BACKUP: 10.0.0.2 advertises priority 200 > 100",
    ]);
  });

  test("not with a fault, nor before its scripts are known", () => {
    const alone = [routerSettings({ trackers: [chk] })];
    const unknown = started([]);
    expect(unknown.at(1200, follows(alone, alone, 1000))).toEqual([]);
    const failed = started([], [], fact("down", "exit status 1"));
    const actions = failed.at(1200, follows(alone, alone, 1000));
    expect(told(actions)).toEqual(["INIT → FAULT: script chk failed: exit status 1"]);
    expect(actions[0]).toMatchObject({ type: "addresses", wanted: false });
  });

  test("a group goes on as a whole, or not at all", () => {
    const whole = started([]);
    expect(told(whole.at(1200, follows(members, members, 1000)))).toEqual([
      "INIT → MASTER: goes on: it was master when the process before this one ended",
      "INIT → MASTER: goes on: it was master when the process before this one ended",
      "VG INIT → MASTER: goes on: it was master when the process before this one ended",
    ]);
    const half = started([]);
    expect(told(half.at(1200, follows(members, members.slice(1), 1000)))).toEqual([
      "INIT → BACKUP: started",
      "INIT → BACKUP: started",
      "VG INIT → BACKUP: started",
    ]);
  });
});

test("stop: every master resigns, every instance and group says so", () => {
  const members = [routerSettings({ vrid: 1, group: "VG" }), routerSettings({ vrid: 2, group: "VG" })];
  const { engine, at } = started(members, [groupSettings("VG", members)]);
  at(3609.375, { type: "expired", timer: `masterDown ${members[0]?.key}`, lateMs: 0 });
  at(3609.375, { type: "expired", timer: `masterDown ${members[1]?.key}`, lateMs: 0 });
  expect(engine.groups(0)).toMatchObject([{ name: "VG", state: "MASTER", members: ["VI_1", "VI_2"] }]);
  const actions = at(9000, { type: "stop" });
  expect(adverts(actions)).toEqual([0, 0]);
  expect(told(actions)).toEqual([
    "MASTER → STOP: vipd stops",
    "MASTER → STOP: vipd stops",
    "VG MASTER → STOP: vipd stops",
  ]);
});

test("status: who is master, what moved the priority, what is wrong", () => {
  const { engine, at } = started(
    [routerSettings({ trackers: [{ ...chk, weight: -20 }] })],
    [],
    fact("down", "exit status 1"),
  );
  at(1000, packet({ priority: 200 }));
  expect(engine.routers(1500)[0]).toMatchObject({
    name: "VI_1",
    state: "BACKUP",
    sinceMs: 0,
    reason: "started",
    basePriority: 100,
    priority: 80,
    adjustments: ["script chk down: -20"],
    faults: [],
    masterDownMs: 3687.5,
    master: { ip: "10.0.0.2", priority: 200, intervalMs: 1000, heardMs: 1000 },
    addresses: [{ address: "192.0.2.1/24", device: "eth0", present: false }],
    adverts: { sent: 0, received: 1, priorityZeroSent: 0, priorityZeroReceived: 0 },
    transitions: { toMaster: 0, fromMaster: 0 },
  });
});

type Started = { readonly engine: Engine; readonly at: (nowMs: number, event: EngineEvent) => readonly Action[] };

/** An engine on 10.0.0.1 with these instances since time 0. */
function started(
  routers: readonly RouterSettings[],
  groups: readonly ReturnType<typeof groupSettings>[] = [],
  ...before: readonly EngineEvent[]
): Started {
  const engine = createEngine();
  engine.handle({ type: "link", state: linkState("eth0", "10.0.0.1") }, 0);
  for (const event of before) engine.handle(event, 0);
  if (routers.length > 0) engine.handle({ type: "configure", settings: vrrpSettings(routers, { groups }) }, 0);
  return { engine, at: (nowMs, event) => engine.handle(event, nowMs) };
}

/** The same, and VI_1 is master since 3609.375 ms. */
function master(changes: Partial<RouterSettings>, ...before: readonly EngineEvent[]): Started {
  const settings = routerSettings(changes);
  const made = started([settings], [], ...before);
  made.at(3609.375, expired("masterDown"));
  for (let nowMs = 4609.375; nowMs < 20_000; nowMs += 1000) made.at(nowMs, expired("advert"));
  return made;
}

function configure(routers: readonly RouterSettings[]): EngineEvent {
  return { type: "configure", settings: vrrpSettings(routers) };
}

function expired(kind: "masterDown" | "advert" | "startup" | "alone"): EngineEvent {
  return { type: "expired", timer: `${kind} ipv4 eth0 1 multicast`, lateMs: 0 };
}

function fact(value: Fact["value"], reason = "exit status 0"): EngineEvent {
  return { type: "fact", fact: { tracker: "script", id: "chk", value, reason, at: 0 } };
}

function packet(changes: Partial<Advert>, from: Ip = PEER) {
  const advert: Advert = { ...PLAIN, ...changes };
  const bytes = new Uint8Array(advertSize(advert));
  encodeAdvert(bytes, 0, advert, { from, to: GROUP }, false);
  return { type: "packet", link: "eth0", from, to: GROUP, ttl: 255, bytes, arrivedMs: Number.MAX_VALUE } as const;
}

function adverts(actions: readonly Action[]): readonly number[] {
  return actions.flatMap((action) => (action.type === "advertise" ? action.advert.priority : []));
}

function events(actions: readonly Action[]): readonly EventBody[] {
  return actions.flatMap((action) => (action.type === "event" ? action.body : []));
}

function told(actions: readonly Action[]): readonly string[] {
  return events(actions).flatMap((body) => {
    if (body.type === "vrrp.transition") return `${body.from} → ${body.to}: ${body.reason}`;
    return body.type === "vrrp.group" ? `${body.group} ${body.from} → ${body.to}: ${body.reason}` : [];
  });
}
