import { expect, test } from "vitest";
import { type Ip, ip } from "../../../src/base/address.ts";
import { createHands } from "../../../src/daemon/vrrp/hands.ts";
import type { Advert } from "../../../src/vrrp/interface.ts";
import { routerSettings } from "./routers.ts";

const advert: Advert = {
  version: 2,
  vrid: 51,
  priority: 100,
  intervalMs: 1000,
  addresses: [ip("10.0.0.9")],
  authentication: { type: "none" },
};

function createScene(router = routerSettings()) {
  let nowMs = 0;
  let send = (_to: Ip): boolean => true;
  const said: string[] = [];
  const hands = createHands({
    alarm: () => ({ set() {}, clear() {} }),
    expired() {},
    socketsOf: () => ({ send: (_packet, to) => send(to) }),
    sourceOf: () => ip("10.0.0.1"),
    want() {},
    announce() {},
    report: (body, atMs) => said.push(`${atMs} ${"reason" in body ? body.reason : body.type}`),
    now: () => nowMs,
  });
  return {
    said,
    advertise(atMs: number, how: (to: Ip) => boolean) {
      nowMs = atMs;
      send = how;
      hands.perform([{ type: "advertise", router, advert }]);
    },
  };
}

function refused(code: string): () => boolean {
  return () => {
    throw Object.assign(new Error(`sendmsg failed: ${code}`), { code, syscall: "sendmsg" });
  };
}

test("adverts that do not leave are told once, and that they leave again; both at a bounded rate", () => {
  const { advertise, said } = createScene();
  for (let at = 0; at < 5000; at += 1000) advertise(at, refused("ENETDOWN"));
  for (let at = 5000; at < 10_000; at += 1000) advertise(at, () => true);
  expect(said).toEqual(["0 no advert leaves: sendmsg failed: ENETDOWN"]);
  advertise(10_000, () => true);
  advertise(11_000, refused("ENETDOWN"));
  expect(said.slice(1)).toEqual(["10000 adverts leave again"]);
});

test("a peer that cannot be reached keeps nothing from the others, and is named", () => {
  const peers = [ip("10.0.0.2"), ip("10.9.9.9"), ip("10.0.0.3")];
  const { advertise, said } = createScene(routerSettings({ multicast: false, destinations: peers }));
  const reached: Ip[] = [];
  advertise(0, (to) => {
    if (to === peers[1]) return refused("ENETUNREACH")();
    reached.push(to);
    return true;
  });
  expect(reached).toEqual(["10.0.0.2", "10.0.0.3"]);
  expect(said).toEqual(["0 no advert leaves to 10.9.9.9: sendmsg failed: ENETUNREACH"]);
});

test("where the kernel has no room the remedy is named", () => {
  const { advertise, said } = createScene();
  advertise(0, refused("ENOBUFS"));
  expect(said[0]).toContain("net.ipv4.neigh.default.gc_thresh3");
});

test("a defect of ours is no trouble of the network", () => {
  const { advertise } = createScene();
  expect(() =>
    advertise(0, () => {
      throw new RangeError("ours");
    }),
  ).toThrow("ours");
});
