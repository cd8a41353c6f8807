/** The vrrp process as a whole, on a machine of the test: a clock that jumps, a link, a kernel that obeys. */
import { expect, test } from "vitest";
import { ip } from "../../../src/base/address.ts";
import type { AddressKey } from "../../../src/base/address-key.ts";
import { createDeadlines, deadline } from "../../../src/base/deadlines.ts";
import { createRoom, type Machine } from "../../../src/daemon/vrrp/room.ts";
import type { EventBody } from "../../../src/events.ts";
import { keyOf } from "../../../src/network/keys.ts";
import type { KernelAddress } from "../../../src/network/plan.ts";
import type { LinkListener } from "../../../src/os/links.ts";
import type { VrrpPacket } from "../../../src/os/vrrp-sockets.ts";
import { createFrames } from "../../../src/vrrp/frames.ts";
import type { Advert, LinkState } from "../../../src/vrrp/interface.ts";
import type { RouterSettings, VrrpSettings } from "../../../src/vrrp/settings.ts";
import { routerSettings } from "./routers.ts";

const SELF = ip("10.0.0.1");
const PEER = ip("10.0.0.2");
const GROUP = ip("224.0.0.18");
const link: LinkState = {
  name: "eth0",
  present: true,
  running: true,
  index: 2,
  mac: "02:00:00:00:00:01",
  source: { ipv4: SELF, ipv6: ip("fe80::1") },
  addresses: ["10.0.0.1/24"],
};

const NO_FILES = Object.assign(new Error("socket failed: EMFILE"), { code: "EMFILE", syscall: "socket" });

function createScene() {
  let nowMs = 1000;
  const story: string[] = [];
  const deadlines = createDeadlines();
  const kernel = new Map<AddressKey, KernelAddress>();
  const waiting: VrrpPacket[] = [];
  /** Links on which no socket can be opened. */
  const deaf = new Set<string>();
  let turn: Parameters<Machine["openClock"]>[0] = {};
  let listener: LinkListener | undefined;
  let state = link;
  const at = () => `${Number((nowMs - 1000).toFixed(3))}`;

  const machine: Machine = {
    openClock(given) {
      turn = given;
      const alarm = (run: (lateMs: number) => void) => {
        const entry = deadline(run);
        return { set: (atMs: number) => deadlines.set(entry, atMs), clear: () => deadlines.clear(entry) };
      };
      const after = () => {
        throw new TypeError("nobody asks for this");
      };
      return { now: () => nowMs, wall: () => nowMs + 1_000_000, alarm, after, close() {} };
    },
    openLinks(given) {
      listener = given;
      return {
        state: (name) => ({ ...state, name, present: name === "eth0" && state.present }),
        indexOf: (name) => (name === "eth0" && state.present ? state.index : undefined),
        addresses: kernel,
        drain() {},
        async refresh() {},
        close() {},
      };
    },
    openAddresses: () => ({
      async warmUp() {},
      async run(commands) {
        for (const { op, key, address } of commands) {
          story.push(`${at()} ${op} ${key}`);
          if (op === "delete") kernel.delete(key);
          else kernel.set(key, kernelAddress(address.link, address.ip, address.length));
        }
        return commands.map(() => ({ end: "done" }));
      },
      close() {},
    }),
    openAnnouncements: () => ({
      ready() {},
      send: (address) => story.push(`${at()} announce ${address.ip}`) > 0,
      close() {},
    }),
    openSockets({ link: name, index }) {
      if (deaf.has(name)) throw NO_FILES;
      return {
        link: name,
        index,
        listen: () => new Map(),
        receive: () => waiting.shift(),
        send: (packet, to) => story.push(`${at()} advert priority ${packet[22]} to ${to}`) > 0,
        close: () => story.push(`${at()} sockets closed`),
      };
    },
    promotion: { ensure: () => undefined, inForce: () => true, restore() {} },
  };
  const room = createRoom(machine, (body) => story.push(`${at()} ${told(body)}`));

  return {
    room,
    kernel,
    deaf,
    /** Runs everything that is due until then; later than armed by `lateMs`, as a stalled process does. */
    async advance(toMs: number, lateMs = 0) {
      const untilMs = 1000 + toMs;
      for (
        let next = deadlines.earliest();
        next !== undefined && next.atMs + lateMs <= untilMs;
        next = deadlines.earliest()
      ) {
        nowMs = Math.max(nowMs, next.atMs + lateMs);
        turn.before?.(nowMs - next.atMs);
        for (let due = deadlines.earliest(); due !== undefined && due.atMs <= nowMs; due = deadlines.earliest()) {
          deadlines.clear(due);
          due.run(nowMs - due.atMs);
        }
        turn.after?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = untilMs;
    },
    /** An advert of the peer that lies in the socket's buffer since then. */
    lies(priority: number, sinceMs: number) {
      const advert: Advert = {
        version: 3,
        vrid: 51,
        priority,
        intervalMs: 1000,
        addresses: [ip("10.0.0.9")],
        authentication: { type: "none" },
      };
      const packet = createFrames().frame(advert, PEER, GROUP, false);
      waiting.push({
        from: PEER,
        to: GROUP,
        ttl: 255,
        bytes: packet.slice(20),
        realtimeMs: 1000 + sinceMs + 1_000_000,
      });
    },
    async linkIs(changes: Partial<LinkState>) {
      state = { ...link, ...changes };
      listener?.onLink("eth0");
      await new Promise((resolve) => setImmediate(resolve));
    },
    story: () => story.splice(0),
  };
}

function kernelAddress(name: string, of: KernelAddress["ip"], length: number): KernelAddress {
  return {
    link: name,
    ip: of,
    length,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    secondary: false,
    protocol: 112,
  };
}

function told(body: EventBody): string {
  switch (body.type) {
    case "vrrp.transition":
      return `${body.from} → ${body.to}: ${body.reason}`;
    case "vrrp.address":
      return `${body.what} ${body.address}`;
    case "vrrp.stalled":
      return `stalled ${body.lateMs} ms`;
    case "warning":
    case "vrrp.warning":
      return body.reason;
    default:
      return body.type;
  }
}

const settings = (...routers: readonly RouterSettings[]): VrrpSettings => ({
  routers,
  groups: [],
  startupDelayMs: 0,
  announceGapMs: { ipv4: 0, ipv6: 0 },
});
const router = routerSettings({ version: 3, garp: { ...routerSettings().garp, repeat: 2, delayMs: 0 } });
/** 3 s, and the skew of priority 100. */
const DOWN_MS = 3000 + (156 / 256) * 1000;

test("what a crash left goes before anything is sent; then the down interval; then advert, announcement, address", async () => {
  const { room, kernel, advance, story } = createScene();
  const [vip] = router.addresses;
  if (vip === undefined) throw new RangeError("no address");
  kernel.set(keyOf(vip), kernelAddress("eth0", vip.ip, vip.length));
  kernel.set("eth0 10.0.0.77/24", kernelAddress("eth0", ip("10.0.0.77"), 24));
  await room.open();
  room.prepare(settings(router));
  await room.commit(settings(router), ["eth0 10.0.0.77/24"]);
  expect(story()).toEqual([
    "0 delete eth0 10.0.0.77/24",
    "0 delete eth0 10.0.0.9/24",
    "0 swept 10.0.0.77/24",
    "0 swept 10.0.0.9/24",
    "0 INIT → BACKUP: started",
  ]);
  await advance(DOWN_MS);
  expect(story()).toEqual([
    `${DOWN_MS} advert priority 100 to 224.0.0.18`,
    expect.stringMatching(/BACKUP → MASTER/),
    `${DOWN_MS} announce 10.0.0.9`,
    `${DOWN_MS} add eth0 10.0.0.9/24`,
    `${DOWN_MS} announce 10.0.0.9`,
  ]);
  await room.stop(100);
  expect(story().slice(0, 3)).toEqual([
    `${DOWN_MS} advert priority 0 to 224.0.0.18`,
    expect.stringMatching(/MASTER → STOP/),
    `${DOWN_MS} delete eth0 10.0.0.9/24`,
  ]);
});

test("after the death of a process its follower keeps the addresses of masters and goes on; others are swept", async () => {
  const { room, kernel, advance, story } = createScene();
  const other = {
    ...router,
    key: "other",
    name: "VI_2",
    vrid: 52,
    addresses: router.addresses.map((one) => ({ ...one, ip: ip("10.0.0.8") })),
  };
  for (const address of [...router.addresses, ...other.addresses]) {
    kernel.set(keyOf(address), kernelAddress("eth0", address.ip, address.length));
  }
  await room.open();
  await advance(200);
  await room.commit(settings(router, other), [], { masters: [router.key], aliveMs: 1000, facts: [] });
  expect(story()).toEqual([
    "200 delete eth0 10.0.0.8/24",
    "200 swept 10.0.0.8/24",
    "200 advert priority 100 to 224.0.0.18",
    "200 INIT → MASTER: goes on: it was master when the process before this one ended",
    "200 INIT → BACKUP: started",
    "200 announce 10.0.0.9",
  ]);
});

test("whose addresses were removed meanwhile begins like any other", async () => {
  const { room, story } = createScene();
  await room.open();
  await room.commit(settings(router), [], { masters: [router.key], aliveMs: 1000, facts: [] });
  expect(story()).toEqual(["0 INIT → BACKUP: started"]);
});

test("decision 3: a stalled backup hears the advert that lies there before it acts on its timer", async () => {
  const { room, advance, lies, story } = createScene();
  await room.open();
  await room.commit(settings(router), []);
  await advance(3000);
  story();
  lies(200, 3100);
  await advance(3000 + DOWN_MS, 2000);
  expect(story().filter((line) => line.includes("MASTER"))).toEqual([]);
  // 3.1 s and the down interval of the peer's rank, for the advert counts when it came
  await advance(3100 + DOWN_MS - 1);
  expect(story().filter((line) => line.includes("MASTER"))).toEqual([]);
  await advance(3100 + DOWN_MS + 1);
  expect(story().filter((line) => line.includes("→ MASTER"))).toHaveLength(1);
});

test("the link goes down: priority 0 and fault; it comes back under another index: other sockets, and backup", async () => {
  const { room, kernel, advance, linkIs, story } = createScene();
  await room.open();
  await room.commit(settings(router), []);
  await advance(DOWN_MS);
  story();
  await linkIs({ present: false, running: false, source: { ipv4: undefined, ipv6: undefined } });
  expect(story()).toContainEqual(expect.stringMatching(/MASTER → FAULT/));
  await linkIs({ index: 7 });
  expect(story()).toContainEqual(expect.stringMatching(/FAULT → BACKUP/));
  expect([...kernel.keys()]).toEqual([]);
});

test("two instances become master in one turn: both adverts leave before an address is touched", async () => {
  const { room, advance, story } = createScene();
  const other = {
    ...router,
    key: "other",
    name: "VI_2",
    vrid: 52,
    addresses: router.addresses.map((one) => ({ ...one, ip: ip("10.0.0.8") })),
  };
  await room.open();
  await room.commit(settings(router, other), []);
  story();
  await advance(DOWN_MS);
  const kinds = story().map((line) => line.split(" ")[1]);
  expect(kinds.filter((kind) => kind === "advert" || kind === "add" || kind === "announce")).toEqual([
    "advert",
    "advert",
    "announce",
    "add",
    "add",
    "announce",
    "announce",
    "announce",
  ]);
});

test("an instance over IPv6 is in fault, for its adverts cannot be sent", async () => {
  const { room, advance, story } = createScene();
  await room.open();
  await room.commit(settings({ ...router, family: "ipv6" }), []);
  await advance(DOWN_MS);
  expect(story()).toContainEqual(expect.stringContaining("FAULT: adverts over IPv6 are not sent yet"));
});

test("decision 10 b: whose socket cannot be opened is in fault from the start, and comes back by itself within seconds", async () => {
  const { room, deaf, kernel, advance, story } = createScene();
  deaf.add("eth0");
  await room.open();
  room.prepare(settings(router));
  await room.commit(settings(router), []);
  expect(story()).toEqual(["0 INIT → FAULT: cannot hear adverts on eth0: socket failed: EMFILE; raise LimitNOFILE"]);
  await advance(5000);
  expect(story()).toEqual([]);
  deaf.clear();
  await advance(7000);
  expect(story()).toEqual(["7000 FAULT → BACKUP: its peers can be heard again"]);
  await advance(7000 + DOWN_MS);
  expect([...kernel.keys()]).toEqual(["eth0 10.0.0.9/24"]);
});

test("decision 10 b: a master whose sockets cannot be opened again when its link returns stays in fault, and says why", async () => {
  const { room, deaf, kernel, advance, linkIs, story } = createScene();
  await room.open();
  await room.commit(settings(router), []);
  await advance(DOWN_MS);
  await linkIs({ present: false, running: false, source: { ipv4: undefined, ipv6: undefined } });
  deaf.add("eth0");
  story();
  await linkIs({ index: 7 });
  expect(story()).toEqual([
    `${DOWN_MS} delete eth0 10.0.0.9/24`,
    `${DOWN_MS} tracker`,
    `${DOWN_MS} still in FAULT: cannot hear adverts on eth0: socket failed: EMFILE; raise LimitNOFILE`,
  ]);
  expect([...kernel.keys()]).toEqual([]);
  deaf.clear();
  await linkIs({ index: 7, addresses: ["10.0.0.1/24", "10.0.0.3/24"] });
  expect(story()).toEqual([`${DOWN_MS} FAULT → BACKUP: its peers can be heard again`]);
});
