import { expect, test } from "vitest";
import { groupSettings, routerSettings, vrrpSettings } from "../vrrp/fixtures.ts";
import { createSimulation } from "./simulation.ts";

test("§6.4.2: a silent master is replaced after its down interval, and returns by rank", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    "     0.0  a  VI_1 leaves its addresses
         0.0  a  VI_1 INIT → BACKUP: started
         0.0  b  VI_1 leaves its addresses
         0.0  b  VI_1 INIT → BACKUP: started
      3414.1  a  VI_1 advertises 150
      3414.1  a  VI_1 takes its addresses
      3414.1  a  VI_1 announces its addresses × 5
      3414.1  a  VI_1 BACKUP → MASTER: no advert from anybody for 3.41 s
      8414.1  a  VI_1 announces its addresses × 5"
  `);

  lan.isolate("a");
  lan.advance(10_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  cut from the network
     13023.5  b  VI_1 advertises 100
     13023.5  b  VI_1 takes its addresses
     13023.5  b  VI_1 announces its addresses × 5
     13023.5  b  VI_1 BACKUP → MASTER: no advert from 10.0.0.1 for 3.61 s
     18023.5  b  VI_1 announces its addresses × 5"
  `);

  lan.rejoin("a");
  lan.advance(10_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 20000.0  a  back on the network
     20023.5  a  VI_1 advertises 150
     20023.5  a  VI_1 announces its addresses × 5
     20023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     20023.6  b  VI_1 advertises 100
     20023.6  b  VI_1 leaves its addresses
     20023.6  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     20023.6  a  VI_1 announces its addresses × 5
     20023.6  a  VI_1 hears lower priority 100 of 10.0.0.2
     25023.6  a  VI_1 announces its addresses × 5"
  `);
});

test("a master that resigns is replaced after the skew time", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_200);
  lan.story();
  lan.node("a").stop();
  lan.advance(2000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10200.0  a  VI_1 advertises 0
     10200.0  a  VI_1 leaves its addresses
     10200.0  a  VI_1 MASTER → STOP: vipd stops
     10809.4  b  VI_1 advertises 100
     10809.4  b  VI_1 takes its addresses
     10809.4  b  VI_1 announces its addresses × 5
     10809.4  b  VI_1 BACKUP → MASTER: master 10.0.0.1 resigned (priority 0)"
  `);
});

test("a split heals, the lower one heard last: its last advert makes the winner announce again", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.cut("a", "b");
  lan.cut("b", "a");
  lan.advance(9900);
  lan.story();
  lan.heal("a", "b");
  lan.heal("b", "a");
  lan.advance(8000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 19900.0  a  heard by b again
     19900.0  b  heard by a again
     20023.5  a  VI_1 advertises 150
     20023.5  a  VI_1 announces its addresses × 5
     20023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     20023.6  b  VI_1 advertises 100
     20023.6  b  VI_1 leaves its addresses
     20023.6  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     20023.6  a  VI_1 announces its addresses × 5
     20023.6  a  VI_1 hears lower priority 100 of 10.0.0.2
     25023.6  a  VI_1 announces its addresses × 5"
  `);
  expect(lan.clientSees("ipv4 eth0 1 multicast")).toBe("a");
});

test("one direction cut: two masters by protocol, told by the side that hears", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.story();
  lan.cut("a", "b");
  lan.advance(7000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  no longer heard by b
     13023.5  b  VI_1 advertises 100
     13023.5  b  VI_1 takes its addresses
     13023.5  b  VI_1 announces its addresses × 5
     13023.5  b  VI_1 BACKUP → MASTER: no advert from 10.0.0.1 for 3.61 s
     13023.5  a  VI_1 advertises 150
     13023.5  a  VI_1 announces its addresses × 5
     13023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     14023.5  a  VI_1 contest begins: 10.0.0.2 advertises 100, 2 adverts in 1000.0 ms
     14023.5  a  VI_1 advertises 150
     14023.5  a  VI_1 announces its addresses × 5
     14023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     15023.5  a  VI_1 advertises 150
     15023.5  a  VI_1 announces its addresses × 5
     15023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     16023.5  a  VI_1 advertises 150
     16023.5  a  VI_1 announces its addresses × 5
     16023.5  a  VI_1 hears lower priority 100 of 10.0.0.2"
  `);
  lan.heal("a", "b");
  lan.advance(5000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 17000.0  a  heard by b again
     17023.5  a  VI_1 advertises 150
     17023.5  a  VI_1 announces its addresses × 5
     17023.5  a  VI_1 hears lower priority 100 of 10.0.0.2
     17023.6  b  VI_1 advertises 100
     17023.6  b  VI_1 leaves its addresses
     17023.6  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     17023.6  a  VI_1 announces its addresses × 5
     17023.6  a  VI_1 hears lower priority 100 of 10.0.0.2
     20023.6  a  VI_1 contest ends: 10.0.0.2 advertises 100, 6 adverts in 4000.1 ms"
  `);
});

test("a sync group that loses one of two links moves as a whole after an interval and the skew", () => {
  const lan = createSimulation({ links: ["eth0", "eth1"] });
  const pair = (priority: number) => {
    const members = [
      routerSettings({ priority, vrid: 1, link: "eth0", group: "VG" }),
      routerSettings({ priority, vrid: 2, link: "eth1", group: "VG" }),
    ];
    return vrrpSettings(members, { groups: [groupSettings("VG", members)] });
  };
  lan.add("a", pair(150));
  lan.add("b", pair(100));
  lan.advance(10_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    "     0.0  a  VI_1 leaves its addresses
         0.0  a  VI_1 INIT → BACKUP: started
         0.0  a  VI_2 leaves its addresses
         0.0  a  VI_2 INIT → BACKUP: started
         0.0  a  group VG INIT → BACKUP: started
         0.0  b  VI_1 leaves its addresses
         0.0  b  VI_1 INIT → BACKUP: started
         0.0  b  VI_2 leaves its addresses
         0.0  b  VI_2 INIT → BACKUP: started
         0.0  b  group VG INIT → BACKUP: started
      3414.1  a  VI_1 advertises 150
      3414.1  a  VI_1 takes its addresses
      3414.1  a  VI_1 announces its addresses × 5
      3414.1  a  VI_1 BACKUP → MASTER: no advert from anybody for 3.41 s
      3414.1  a  VI_2 advertises 150
      3414.1  a  VI_2 takes its addresses
      3414.1  a  VI_2 announces its addresses × 5
      3414.1  a  VI_2 BACKUP → MASTER: no advert from anybody for 3.41 s
      3414.1  a  group VG BACKUP → MASTER: no advert from anybody for 3.41 s
      8414.1  a  VI_2 announces its addresses × 5
      8414.1  a  VI_1 announces its addresses × 5"
  `);
  lan.node("a").setLink("eth1", false);
  lan.advance(6000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  interface eth1 up → down: link is down
     10000.0  a  VI_2 leaves its addresses
     10000.0  a  VI_2 MASTER → FAULT: link eth1 went down
     10000.0  a  VI_1 advertises 0
     10000.0  a  VI_1 leaves its addresses
     10000.0  a  VI_1 MASTER → FAULT: group VG: VI_2: link eth1 went down
     10000.0  a  group VG MASTER → FAULT: group VG: VI_2: link eth1 went down
     11023.5  b  VI_1 advertises 100
     11023.5  b  VI_1 takes its addresses
     11023.5  b  VI_1 announces its addresses × 5
     11023.5  b  VI_1 BACKUP → MASTER: master 10.0.0.1 resigned (priority 0)
     11023.5  b  VI_2 advertises 100
     11023.5  b  VI_2 takes its addresses
     11023.5  b  VI_2 announces its addresses × 5
     11023.5  b  VI_2 BACKUP → MASTER: the master resigned on VI_1 and is silent here
     11023.5  b  group VG BACKUP → MASTER: master 10.0.0.1 resigned (priority 0)"
  `);
  lan.node("a").setLink("eth1", true);
  lan.advance(6000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 16000.0  a  interface eth1 down → up: link is up
     16000.0  a  VI_2 FAULT → BACKUP: link eth1 came up
     16000.0  a  VI_1 FAULT → BACKUP: link eth1 came up
     16000.0  a  group VG FAULT → BACKUP: link eth1 came up
     16023.5  b  VI_1 announces its addresses × 5
     16023.5  b  VI_2 announces its addresses × 5
     19414.1  a  VI_1 advertises 150
     19414.1  a  VI_1 takes its addresses
     19414.1  a  VI_1 announces its addresses × 5
     19414.1  a  VI_1 BACKUP → MASTER: 10.0.0.2 advertises priority 100 < 150
     19414.1  a  VI_2 advertises 150
     19414.1  a  VI_2 takes its addresses
     19414.1  a  VI_2 announces its addresses × 5
     19414.1  a  VI_2 BACKUP → MASTER: 10.0.1.2 advertises priority 100 < 150
     19414.1  a  group VG BACKUP → MASTER: 10.0.0.2 advertises priority 100 < 150
     19414.1  b  VI_1 advertises 100
     19414.1  b  VI_1 leaves its addresses
     19414.1  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     19414.1  b  VI_2 advertises 100
     19414.1  b  VI_2 leaves its addresses
     19414.1  b  VI_2 MASTER → BACKUP: group VG: VI_1: 10.0.0.1 advertises priority 150 > 100
     19414.1  b  group VG MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     19414.2  a  VI_2 advertises 150
     19414.2  a  VI_2 announces its addresses × 5
     19414.2  a  VI_2 hears lower priority 100 of 10.0.1.2
     19414.2  a  VI_1 announces its addresses × 5
     19414.2  a  VI_1 advertises 150
     19414.2  a  VI_1 announces its addresses × 5
     19414.2  a  VI_1 hears lower priority 100 of 10.0.0.2"
  `);
});

test("a master that sleeps for longer than its peers wait listens before it speaks", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.story();
  lan.node("a").pause(8000);
  lan.advance(12_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 13023.5  b  VI_1 advertises 100
     13023.5  b  VI_1 takes its addresses
     13023.5  b  VI_1 announces its addresses × 5
     13023.5  b  VI_1 BACKUP → MASTER: no advert from 10.0.0.1 for 3.61 s
     18000.0  a  VI_1 stalled for 7585.9 ms: keeps its addresses and listens for 1 s
     18023.5  b  VI_1 announces its addresses × 5
     19000.0  a  VI_1 advertises 150
     19000.0  a  VI_1 announces its addresses × 5
     19000.0  b  VI_1 advertises 100
     19000.0  b  VI_1 leaves its addresses
     19000.0  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     19000.1  a  VI_1 contest begins: 10.0.0.2 advertises 100, 7 adverts in 1000.1 ms
     19000.1  a  VI_1 advertises 150
     19000.1  a  VI_1 announces its addresses × 5
     19000.1  a  VI_1 hears lower priority 100 of 10.0.0.2"
  `);
});

test("a lone master that sleeps goes on, without priority 0 and without giving up its addresses", () => {
  const lan = createSimulation();
  const a = lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.advance(10_000);
  lan.story();
  a.pause(60_000);
  lan.advance(65_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 70000.0  a  VI_1 stalled for 59585.9 ms: keeps its addresses and listens for 1 s
     71000.0  a  VI_1 advertises 150
     71000.0  a  VI_1 announces its addresses × 5"
  `);
  expect(a.kernel).toContain("ipv4 eth0 1 multicast");
});

test("a backup that slept has the master's adverts in its socket and stays backup", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.story();
  lan.node("b").pause(30_000);
  lan.advance(40_000);
  expect(lan.story()).toBe("");
});

test("a crash leaves the addresses; the next start sweeps them before the first advert", () => {
  const lan = createSimulation();
  const settings = vrrpSettings([routerSettings({ priority: 150, initial: "MASTER" })]);
  const a = lan.add("a", settings);
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  a.crash();
  expect(a.kernel.size).toBe(1);
  lan.advance(10_000);
  expect(lan.node("b").kernel.size).toBe(1);
  lan.story();
  a.start(settings);
  expect(a.kernel.size).toBe(0);
  lan.advance(5000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 20000.0  a  VI_1 leaves its addresses
     20000.0  a  VI_1 INIT → BACKUP: started
     23414.1  a  VI_1 advertises 150
     23414.1  a  VI_1 takes its addresses
     23414.1  a  VI_1 announces its addresses × 5
     23414.1  a  VI_1 BACKUP → MASTER: 10.0.0.2 advertises priority 100 < 150
     23414.1  b  VI_1 advertises 100
     23414.1  b  VI_1 leaves its addresses
     23414.1  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     23414.2  a  VI_1 advertises 150
     23414.2  a  VI_1 announces its addresses × 5
     23414.2  a  VI_1 hears lower priority 100 of 10.0.0.2"
  `);
});

test("a failed script lowers the priority; the other takes over when its timer ends, not by a jump", () => {
  const lan = createSimulation();
  const trackers = [{ tracker: "script", id: "chk", weight: -60, reverse: false }] as const;
  lan.addStopped("a");
  lan.node("a").learn({ tracker: "script", id: "chk", value: "up", reason: "exit status 0" });
  lan.node("a").start(vrrpSettings([routerSettings({ priority: 150, initial: "MASTER", trackers })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.story();
  lan.node("a").learn({ tracker: "script", id: "chk", value: "down", reason: "exit status 1" });
  lan.advance(8000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  VI_1 priority 150 → 90: script chk down: -60
     13023.5  b  VI_1 advertises 100
     13023.5  b  VI_1 takes its addresses
     13023.5  b  VI_1 announces its addresses × 5
     13023.5  b  VI_1 BACKUP → MASTER: 10.0.0.1 advertises priority 90 < 100
     13023.5  a  VI_1 advertises 90
     13023.5  a  VI_1 leaves its addresses
     13023.5  a  VI_1 MASTER → BACKUP: 10.0.0.2 advertises priority 100 > 90
     13023.6  b  VI_1 advertises 100
     13023.6  b  VI_1 announces its addresses × 5
     13023.6  b  VI_1 hears lower priority 90 of 10.0.0.1"
  `);
});

test("nopreempt: the higher one that returns stays backup until the master goes", () => {
  const lan = createSimulation();
  const settings = vrrpSettings([routerSettings({ priority: 150, preempt: false })]);
  const a = lan.add("a", settings);
  lan.add("b", vrrpSettings([routerSettings({ priority: 100, preempt: false })]));
  lan.advance(5000);
  a.stop();
  lan.advance(5000);
  lan.story();
  a.start(settings);
  lan.advance(20_000);
  lan.node("b").stop();
  lan.advance(2000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  VI_1 leaves its addresses
     10000.0  a  VI_1 INIT → BACKUP: started
     10609.4  b  VI_1 announces its addresses × 5
     30000.0  b  VI_1 advertises 0
     30000.0  b  VI_1 leaves its addresses
     30000.0  b  VI_1 MASTER → STOP: vipd stops
     30414.1  a  VI_1 advertises 150
     30414.1  a  VI_1 takes its addresses
     30414.1  a  VI_1 announces its addresses × 5
     30414.1  a  VI_1 BACKUP → MASTER: master 10.0.0.2 resigned (priority 0)"
  `);
});

test("preempt_delay: the higher one lets the other finish first", () => {
  const lan = createSimulation();
  const settings = vrrpSettings([routerSettings({ priority: 150, preemptDelayMs: 10_000 })]);
  const a = lan.add("a", settings);
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(5000);
  a.stop();
  lan.advance(5000);
  lan.story();
  a.start(settings);
  lan.advance(20_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 10000.0  a  VI_1 leaves its addresses
     10000.0  a  VI_1 INIT → BACKUP: started
     10609.4  b  VI_1 announces its addresses × 5
     23023.5  a  VI_1 advertises 150
     23023.5  a  VI_1 takes its addresses
     23023.5  a  VI_1 announces its addresses × 5
     23023.5  a  VI_1 BACKUP → MASTER: 10.0.0.2 advertises priority 100 < 150
     23023.6  b  VI_1 advertises 100
     23023.6  b  VI_1 leaves its addresses
     23023.6  b  VI_1 MASTER → BACKUP: 10.0.0.1 advertises priority 150 > 100
     23023.6  a  VI_1 advertises 150
     23023.6  a  VI_1 announces its addresses × 5
     23023.6  a  VI_1 hears lower priority 100 of 10.0.0.2
     28023.6  a  VI_1 announces its addresses × 5"
  `);
});

test("version 3 at 10 ms: a crash is noticed after 36 ms", () => {
  const lan = createSimulation();
  const fast = { version: 3, intervalMs: 10 } as const;
  const a = lan.add("a", vrrpSettings([routerSettings({ ...fast, priority: 150 })]));
  lan.add("b", vrrpSettings([routerSettings({ ...fast, priority: 100 })]));
  lan.advance(104);
  lan.story();
  a.crash();
  lan.advance(100);
  expect(lan.story()).toMatchInlineSnapshot(`
    "   130.3  b  VI_1 advertises 100
       130.3  b  VI_1 takes its addresses
       130.3  b  VI_1 announces its addresses × 5
       130.3  b  VI_1 BACKUP → MASTER: no advert from 10.0.0.1 for 36 ms"
  `);
});

test("of three the second takes over, and the third never moves", () => {
  const lan = createSimulation();
  const a = lan.add("a", vrrpSettings([routerSettings({ priority: 150 })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.add("c", vrrpSettings([routerSettings({ priority: 99 })]));
  lan.advance(10_000);
  lan.story();
  a.crash();
  lan.advance(10_000);
  expect(lan.story()).toMatchInlineSnapshot(`
    " 13023.5  b  VI_1 advertises 100
     13023.5  b  VI_1 takes its addresses
     13023.5  b  VI_1 announces its addresses × 5
     13023.5  b  VI_1 BACKUP → MASTER: no advert from 10.0.0.1 for 3.61 s
     18023.5  b  VI_1 announces its addresses × 5"
  `);
});

test("a machine that slept as backup, with nothing in its socket, listens once before it takes over", () => {
  const lan = createSimulation();
  const a = lan.add("a", vrrpSettings([routerSettings({ priority: 150 })]));
  const b = lan.add("b", vrrpSettings([routerSettings({ priority: 100 })]));
  lan.advance(10_000);
  lan.isolate("b");
  b.pause(3_600_000);
  lan.advance(3_599_900);
  lan.story();
  lan.rejoin("b");
  lan.advance(5000);
  expect(lan.story()).toMatchInlineSnapshot(`
    "3609900.0  b  back on the network
    3610000.0  b  VI_1 stalled for 3596976.5 ms: listens for 1.61 s before it takes over"
  `);
  expect([a.stateOf("ipv4 eth0 1 multicast"), b.stateOf("ipv4 eth0 1 multicast")]).toEqual(["MASTER", "BACKUP"]);
});

test("different versions on one LAN: two masters, and each says what to set", () => {
  const lan = createSimulation();
  lan.add("a", vrrpSettings([routerSettings({ priority: 150, version: 2 })]));
  lan.add("b", vrrpSettings([routerSettings({ priority: 100, version: 3 })]));
  lan.advance(5000);
  expect(lan.story()).toMatchInlineSnapshot(`
    "     0.0  a  VI_1 leaves its addresses
         0.0  a  VI_1 INIT → BACKUP: started
         0.0  b  VI_1 leaves its addresses
         0.0  b  VI_1 INIT → BACKUP: started
      3414.1  a  VI_1 advertises 150
      3414.1  a  VI_1 takes its addresses
      3414.1  a  VI_1 announces its addresses × 5
      3414.1  a  VI_1 BACKUP → MASTER: no advert from anybody for 3.41 s
      3414.1  b  VI_1 dropped 1 (version): peer 10.0.0.1 sends version 2, this instance speaks version 3; set version 2 here or version 3 there
      3609.4  b  VI_1 advertises 100
      3609.4  b  VI_1 takes its addresses
      3609.4  b  VI_1 announces its addresses × 5
      3609.4  b  VI_1 BACKUP → MASTER: no advert from anybody for 3.61 s
      3609.4  a  VI_1 dropped 1 (version): peer 10.0.0.2 sends version 3, this instance speaks version 2; set version 3 here or version 2 there"
  `);
});
