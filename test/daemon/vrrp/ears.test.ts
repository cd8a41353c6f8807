import { expect, test } from "vitest";
import { ip } from "../../../src/base/address.ts";
import { createEars } from "../../../src/daemon/vrrp/ears.ts";
import type { VrrpPacket } from "../../../src/os/vrrp-sockets.ts";
import { routerSettings } from "./routers.ts";

const GROUP = ip("224.0.0.18");

function createScene() {
  const indexes = new Map([["eth0", 2]]);
  const story: string[] = [];
  const buffers = new Map<string, VrrpPacket[]>();
  const readable = new Map<string, () => void>();
  let nowMs = 0;
  const ears = createEars({
    indexOf: (link) => indexes.get(link),
    openSockets: ({ link, index, groups, receiveBufferBytes, onReadable }) => {
      story.push(`open ${link} ${index} ${groups.join()} ${receiveBufferBytes ?? "default"}`);
      readable.set(link, onReadable);
      return {
        link,
        index,
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

const onEth0 = routerSettings();
const onEth1 = routerSettings({ key: "other", links: { adverts: "eth1", addresses: "eth1", tracked: "eth1" } });

test("one pair of sockets for each link that is there, with the groups and the buffer of all its instances", () => {
  const { ears, story } = createScene();
  const second = routerSettings({ key: "second", destinations: [ip("224.0.0.99")], receiveBufferBytes: 4096 });
  ears.serve([onEth0, second, onEth1]);
  expect(story()).toEqual(["open eth0 2 224.0.0.18,224.0.0.99 4096"]);
  expect(ears.socketsOf("eth1")).toBeUndefined();
});

test("a link that returns under another index gets new sockets; one that is as it was keeps them", () => {
  const { ears, indexes, story } = createScene();
  ears.serve([onEth0]);
  ears.serve([onEth0]);
  ears.lookAt("eth0");
  expect(story()).toEqual(["open eth0 2 224.0.0.18 default"]);
  indexes.delete("eth0");
  ears.lookAt("eth0");
  indexes.set("eth0", 9);
  ears.lookAt("eth0");
  expect(story()).toEqual(["close eth0 2", "open eth0 9 224.0.0.18 default"]);
});

test("what nobody needs is closed", () => {
  const { ears, indexes, story } = createScene();
  indexes.set("eth1", 3);
  ears.serve([onEth0, onEth1]);
  ears.serve([onEth1]);
  expect(story().at(-1)).toBe("close eth0 2");
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
