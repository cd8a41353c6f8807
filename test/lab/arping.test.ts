/** native/arping-native on real links: what is sent is heard, and neighbours answer. */

import { interfaceIndex } from "dgram-ext";
import { expect, test } from "vitest";
import { arpProbe, openAnnouncer } from "../../native/arping-native/index.ts";
import { announces } from "./capture.ts";
import { inside } from "./namespace.ts";
import { createLab } from "./net.ts";

test("neighbours learn an address by its announcement, of either family", async () => {
  await using lab = await createLab();
  const lan = await lab.lan("front");
  const director = await lab.node("director");
  const client = await lab.node("client");
  const eth0 = await director.attach(lan, { mac: "02:00:00:00:00:01", addresses: ["10.0.0.1/24", "fd00::1/64"] });
  await client.attach(lan, { addresses: ["10.0.0.9/24", "fd00::9/64"] });
  // the client believes that somebody else has them
  const stale = (ip: string) => [
    "ip",
    "neigh",
    "replace",
    ip,
    "lladdr",
    "02:00:00:00:00:99",
    "dev",
    "eth0",
    "nud",
    "stale",
  ];
  await client.run(stale("10.0.0.50"));
  await client.run(stale("fd00::50"));
  const wire = await lan.capture("arp or icmp6");
  using announcer = inside(director, () => openAnnouncer({ ifindex: interfaceIndex("eth0") ?? 0, mac: eth0.mac }));
  expect(announcer.gratuitousArp("10.0.0.50")).toBe(true);
  expect(announcer.neighbourAdvertisement("fd00::50")).toBe(true);
  const frame = await wire.frame(announces("10.0.0.50"));
  expect(frame.senderMac).toBe(eth0.mac);
  const neighbours = async () => (await client.run(["ip", "neigh", "show"])).stdout;
  await expect.poll(neighbours).toContain("10.0.0.50 dev eth0 lladdr 02:00:00:00:00:01");
  await expect.poll(neighbours).toContain("fd00::50 dev eth0 lladdr 02:00:00:00:00:01");
}, 60_000);

test("a probe finds who has an address, and nobody where nobody is", async () => {
  await using lab = await createLab();
  const lan = await lab.lan("front");
  const asking = await lab.node("asking");
  const owner = await lab.node("owner");
  const eth0 = await asking.attach(lan);
  const theirs = await owner.attach(lan, { addresses: ["10.0.0.2/24"] });
  const probe = (ip: string) => {
    const ask = () => arpProbe(ip, { ifindex: interfaceIndex("eth0") ?? 0, mac: eth0.mac, timeoutMs: 500 });
    return inside(asking, ask);
  };
  expect(await probe("10.0.0.2")).toEqual({ answeredBy: theirs.mac });
  expect(await probe("10.0.0.3")).toBeUndefined();
}, 60_000);
