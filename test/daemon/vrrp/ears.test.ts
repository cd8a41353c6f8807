import type { SystemError } from "dgram-ext";
import { describe, expect, test } from "vitest";
import { ip } from "../../../src/base/address.ts";
import { createDeadlines, deadline } from "../../../src/base/deadlines.ts";
import { createEars } from "../../../src/daemon/vrrp/ears.ts";
import type { VrrpPacket } from "../../../src/os/vrrp-sockets.ts";
import { routerSettings } from "./routers.ts";

const GROUP = ip("224.0.0.18");

function createScene() {
  const indexes = new Map([["eth0", 2]]);
  const story: string[] = [];
  const buffers = new Map<string, VrrpPacket[]>();
  const readable = new Map<string, () => void>();
  const deadlines = createDeadlines();
  /** What the kernel refuses: to open sockets on a link, or to join a group. */
  const refused = new Map<string, SystemError>();
  let nowMs = 0;
  const ears = createEars({
    indexOf: (link) => indexes.get(link),
    alarm(run) {
      const entry = deadline(run);
      return { set: (atMs) => deadlines.set(entry, atMs), clear: () => deadlines.clear(entry) };
    },
    changed: (link) => story.push(`changed ${link}`),
    openSockets: ({ link, index, onReadable }) => {
      const error = refused.get(link);
      story.push(`open ${link} ${index}${error === undefined ? "" : " fails"}`);
      if (error !== undefined) throw error;
      readable.set(link, onReadable);
      return {
        link,
        index,
        listen({ groups, receiveBufferBytes }) {
          story.push(`listen ${link} ${groups.join()} ${receiveBufferBytes ?? "default"}`);
          return new Map(groups.flatMap((group) => (refused.has(group) ? [[group, refuse(refused, group)]] : [])));
        },
        receive: () => buffers.get(link)?.shift(),
        send: () => true,
        close: () => story.push(`close ${link} ${index}`),
      };
    },
    clocks: () => ({ nowMs, realtimeNowMs: nowMs + 1_000_000 }),
    hear: (link, packet, arrivedMs) => story.push(`${link} ${packet.bytes[0]} at ${arrivedMs}`),
  });
  return {
    ears,
    indexes,
    refused,
    /** Lets time pass until then. */
    advance(toMs: number) {
      for (let due = deadlines.earliest(); due !== undefined && due.atMs <= toMs; due = deadlines.earliest()) {
        nowMs = due.atMs;
        deadlines.clear(due);
        due.run(0);
      }
      nowMs = toMs;
    },
    story: () => story.splice(0),
    /** A packet, numbered, that came at that moment. */
    comes(link: string, number: number, atMs: number) {
      const packet = {
        from: ip("10.0.0.2"),
        to: GROUP,
        ttl: 255,
        bytes: Uint8Array.of(number),
        realtimeMs: atMs + 1_000_000,
      };
      buffers.set(link, [...(buffers.get(link) ?? []), packet]);
    },
    at(ms: number) {
      nowMs = ms;
    },
    isReadable: (link: string) => readable.get(link)?.(),
  };
}

function refuse(refused: ReadonlyMap<string, SystemError>, what: string): SystemError {
  const error = refused.get(what);
  if (error === undefined) throw new RangeError(`${what} is not refused`);
  return error;
}

function systemError(code: string): SystemError {
  return Object.assign(new Error(`socket of a raw ipv4 socket failed: ${code}`), { code, errno: 1, syscall: "socket" });
}

const onEth0 = routerSettings();
const onEth1 = routerSettings({ key: "other", links: { adverts: "eth1", addresses: "eth1", tracked: "eth1" } });

test("one pair of sockets for each link that is there, with the groups and the buffer of all its instances", () => {
  const { ears, story } = createScene();
  const second = routerSettings({ key: "second", destinations: [ip("224.0.0.99")], receiveBufferBytes: 4096 });
  ears.serve([onEth0, second, onEth1]);
  expect(story()).toEqual(["open eth0 2", "listen eth0 224.0.0.18,224.0.0.99 4096"]);
  expect(ears.socketsOf("eth1")).toBeUndefined();
});

test("a link that returns under another index gets new sockets; one that is as it was keeps them", () => {
  const { ears, indexes, story } = createScene();
  ears.serve([onEth0]);
  ears.serve([onEth0]);
  ears.lookAt("eth0");
  expect(story().filter((line) => !line.startsWith("listen"))).toEqual(["open eth0 2"]);
  indexes.delete("eth0");
  ears.lookAt("eth0");
  indexes.set("eth0", 9);
  ears.lookAt("eth0");
  expect(story()).toEqual(["close eth0 2", "open eth0 9", "listen eth0 224.0.0.18 default"]);
});

test("what nobody needs is closed", () => {
  const { ears, indexes, story } = createScene();
  indexes.set("eth1", 3);
  ears.serve([onEth0, onEth1]);
  ears.serve([onEth1]);
  expect(story()).toContain("close eth0 2");
  ears.close();
  expect(story()).toEqual(["close eth1 3"]);
});

test("a drain empties every socket, and each packet counts when it came", () => {
  const { ears, indexes, story, comes, at } = createScene();
  indexes.set("eth1", 3);
  ears.serve([onEth0, onEth1]);
  story();
  comes("eth0", 1, 10);
  comes("eth0", 2, 20);
  comes("eth1", 3, 15);
  at(500);
  ears.drain(490);
  expect(story()).toEqual(["eth0 1 at 10", "eth0 2 at 20", "eth1 3 at 15"]);
});

test("a flood does not keep the loop: at most 64 in a turn", () => {
  const { ears, story, comes, at, isReadable } = createScene();
  ears.serve([onEth0]);
  story();
  for (let number = 0; number < 200; number++) comes("eth0", number, 1);
  at(2);
  isReadable("eth0");
  expect(story()).toHaveLength(64);
  isReadable("eth0");
  expect(story()).toHaveLength(64);
});

describe("who cannot hear", () => {
  test("a link whose sockets cannot be opened is deaf, says why, and the others are served", () => {
    const { ears, indexes, refused, story } = createScene();
    indexes.set("eth1", 3);
    refused.set("eth0", systemError("EMFILE"));
    ears.serve([onEth0, onEth1]);
    expect(story()).toEqual(["open eth0 2 fails", "changed eth0", "open eth1 3", "listen eth1 224.0.0.18 default"]);
    expect(ears.deafness(onEth0)).toMatch(/^cannot hear adverts on eth0: .*EMFILE; raise LimitNOFILE$/);
    expect(ears.deafness(onEth1)).toBeUndefined();
    expect(ears.socketsOf("eth0")).toBeUndefined();
  });

  test("a group that cannot be joined deafens those who need it, and no one else on the link", () => {
    const { ears, refused } = createScene();
    refused.set("224.0.0.99", systemError("ENOBUFS"));
    const other = routerSettings({ key: "other", destinations: [ip("224.0.0.99")] });
    ears.serve([onEth0, other]);
    expect(ears.deafness(onEth0)).toBeUndefined();
    expect(ears.deafness(other)).toBe("cannot join 224.0.0.99 on eth0: ENOBUFS; raise net.ipv4.igmp_max_memberships");
    expect(ears.socketsOf("eth0")).toBeDefined();
  });

  test("it is tried again after 1, 2, 4, 8, 10, 10 s, and the end of it is told once", () => {
    const { ears, refused, story, advance } = createScene();
    refused.set("eth0", systemError("EMFILE"));
    ears.serve([onEth0]);
    story();
    for (const atMs of [1000, 3000, 7000, 15_000, 25_000, 35_000]) {
      advance(atMs - 1);
      expect(story()).toEqual([]);
      advance(atMs);
      expect(story()).toEqual(["open eth0 2 fails"]);
    }
    refused.clear();
    advance(100_000);
    expect(story()).toEqual(["open eth0 2", "listen eth0 224.0.0.18 default", "changed eth0"]);
    expect(ears.deafness(onEth0)).toBeUndefined();
  });

  test("whatever happens to the link is an occasion to try again; nobody tries for a link that is gone or not needed", () => {
    const { ears, indexes, refused, story, advance } = createScene();
    refused.set("224.0.0.18", systemError("ENOBUFS"));
    ears.serve([onEth0]);
    refused.clear();
    ears.lookAt("eth0");
    expect(story().at(-1)).toBe("changed eth0");
    refused.set("224.0.0.18", systemError("ENOBUFS"));
    indexes.set("eth0", 9);
    ears.lookAt("eth0");
    indexes.delete("eth0");
    ears.lookAt("eth0");
    expect(ears.deafness(onEth0)).toBeUndefined();
    story();
    advance(60_000);
    expect(story()).toEqual([]);
  });
});
