/** A `vrrp_sync_group` of two instances on two LANs, in a file that vipd and keepalived share: its members move together. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Capture } from "../lab/capture.ts";
import { claims, holds, resigns, untilHolds } from "../lab/daemons.ts";
import type { Link } from "../lab/net.ts";
import { type Director, downMs, type Kind, lateMs, openPair, type Pair, PRIORITY, VIP } from "./pair.ts";

const INSIDE = "10.0.1.50";
const INTERVAL_MS = 200;
const instance = (name: string, device: string, vrid: number, address: string) => `vrrp_instance ${name} {
  state BACKUP
  interface ${device}
  virtual_router_id ${vrid}
@a priority ${PRIORITY.a}
@b priority ${PRIORITY.b}
  version 3
  advert_int 0.2
  virtual_ipaddress {
    ${address}/24
  }
}
`;
const CONFIG = `vrrp_sync_group G1 {
  group {
    OUT
    IN
  }
}
${instance("OUT", "eth0", 61, VIP)}${instance("IN", "eth1", 62, INSIDE)}`;

describe.each<{ a: Kind; b: Kind }>([
  { a: "vipd", b: "keepalived" },
  { a: "keepalived", b: "vipd" },
])("sync group, A $a, B $b", (kinds) => {
  let pair: Pair;
  let inside: Capture;
  let insideOfA: Link;

  beforeAll(async () => {
    pair = await openPair();
    const lan = await pair.lab.lan("back");
    insideOfA = await pair.a.node.attach(lan, { addresses: ["10.0.1.1/24"] });
    await pair.b.node.attach(lan, { addresses: ["10.0.1.2/24"] });
    inside = await lan.capture("vrrp or arp");
  });
  afterAll(() => pair?.lab.close());

  async function bothAt(master: Director, other: Director): Promise<void> {
    for (const address of [VIP, INSIDE]) {
      await untilHolds(master.node, address);
      await untilHolds(other.node, address, false);
    }
  }

  test("both instances are with the better one", async () => {
    const { a, b } = pair;
    await Promise.all([a.start(kinds.a, CONFIG), b.start(kinds.b, CONFIG)]);
    await bothAt(a, b);
  });

  test("one of its links is cut: it gives up both, the other takes both", async () => {
    const { a, b, wire } = pair;
    const from = wire.frames.length;
    const fromInside = inside.frames.length;
    await insideOfA.cut("carrier");
    await wire.frame(resigns(a.address, 61), { from });
    const out = await wire.frame(claims(b.address, 61), { from });
    const within = await inside.frame(claims("10.0.1.2", 62), { from: fromInside });
    const last = inside.adverts().findLast((frame) => frame.source === "10.0.1.1" && frame.priority > 0);
    // not before the member on the dead link has missed its master, and then both at once
    expect(within.atMs - (last?.atMs ?? 0)).toBeLessThan(downMs(3, INTERVAL_MS, PRIORITY.b) + 50 + lateMs(kinds.b));
    expect(Math.abs(out.atMs - within.atMs)).toBeLessThan(50 + lateMs(kinds.b));
    await bothAt(b, a);
  });

  test("the link returns: both go back", async () => {
    const { a, b } = pair;
    expect(await holds(a.node, VIP)).toBe(false);
    await insideOfA.heal();
    await bothAt(a, b);
  });

  test("the master is stopped: the other has both at once", async () => {
    const { a, b, wire } = pair;
    const from = wire.frames.length;
    const ended = a.stop();
    await wire.frame(resigns(a.address, 61), { from });
    await wire.frame(claims(b.address, 61), { from });
    await ended;
    await bothAt(b, a);
  });
});
