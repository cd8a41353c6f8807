/** native/netlink against a real kernel: links, addresses, routes, rules, and what it announces of them. */
import { closeSync, openSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NetlinkError } from "../../native/netlink/index.ts";
import {
  ADDRESS_FLAG,
  type Address,
  decodeLink,
  deleteAddress,
  deleteLink,
  deleteRoute,
  deleteRule,
  getLink,
  type Link,
  listAddresses,
  listAddressesAsync,
  listLinks,
  listLinksAsync,
  listRoutes,
  listRoutesAsync,
  listRules,
  listRulesAsync,
  newAddress,
  newLink,
  newRoute,
  newRule,
  openRoute,
  openRouteEvents,
  type RouteEvent,
  setLink,
  setLinkUp,
} from "../../native/netlink/route/index.ts";
import { inside } from "./namespace.ts";
import { createLab, type Lab, type LabNode } from "./net.ts";

let lab: Lab;
let node: LabNode;
let route: ReturnType<typeof openRoute>;

beforeAll(async () => {
  lab = await createLab();
  node = await lab.node("netlink");
  route = inside(node, () => openRoute());
}, 60_000);

afterAll(async () => {
  route.close();
  await lab.close();
}, 60_000);

function linkNamed(name: string): Link {
  const [reply] = route.request(getLink(name));
  const link = reply && decodeLink(reply);
  if (link === undefined) throw new Error(`no link ${name}`);
  return link;
}

function codeOf(deed: () => unknown): string | undefined {
  try {
    deed();
    return undefined;
  } catch (error) {
    if (error instanceof NetlinkError) return error.code;
    throw error;
  }
}

test("links are made, changed, seen by ip, and deleted", async () => {
  route.request(newLink({ kind: "dummy", name: "d0", mac: "02:00:00:00:00:d0", mtu: 1400 }));
  const d0 = linkNamed("d0");
  expect(d0).toMatchObject({ kind: "dummy", mac: "02:00:00:00:00:d0", mtu: 1400, up: false, running: false });
  route.request(setLinkUp(d0.index, true));
  expect(linkNamed("d0")).toMatchObject({ up: true, running: true, lowerUp: true });

  route.request(newLink({ kind: "bridge", name: "br0" }));
  route.request(setLink(d0.index, { master: linkNamed("br0").index }));
  expect(linkNamed("d0").master).toBe(linkNamed("br0").index);
  route.request(setLink(d0.index, { master: 0 }));
  expect(linkNamed("d0").master).toBeUndefined();

  route.request(newLink({ kind: "macvlan", name: "vrrp.51", parent: d0.index, mode: "private", up: true }));
  expect(linkNamed("vrrp.51")).toMatchObject({ kind: "macvlan", parent: d0.index, up: true });
  expect((await node.run(["ip", "-d", "link", "show", "vrrp.51"])).stdout).toContain("macvlan mode private");

  expect(listLinks(route).map(({ name }) => name)).toEqual(expect.arrayContaining(["lo", "d0", "br0", "vrrp.51"]));
  expect(await listLinksAsync(route)).toEqual(listLinks(route));
  for (const name of ["vrrp.51", "br0", "d0"]) route.request(deleteLink(name));
  expect(codeOf(() => route.request(getLink("d0")))).toBe("ENODEV");
});

test("a link is moved into another namespace, and a veth pair joins the two", async () => {
  const other = await lab.node("other");
  const peer = { name: "far", mac: "02:00:00:00:00:fa" };
  route.request(newLink({ kind: "veth", name: "near", mac: "02:00:00:00:00:ea", peer, up: true }));
  const namespaceFd = openSync(`/run/netns/${other.namespace}`, "r");
  route.request(setLink(linkNamed("far").index, { namespaceFd }));
  closeSync(namespaceFd);
  expect(codeOf(() => linkNamed("far"))).toBe("ENODEV");
  using theirs = inside(other, () => openRoute());
  const far = listLinks(theirs).find(({ name }) => name === "far");
  expect(far).toMatchObject({ kind: "veth", mac: peer.mac, up: false });
  expect(linkNamed("near")).toMatchObject({ up: true, lowerUp: false });
  theirs.request(setLinkUp(far?.index ?? 0, true));
  await expect
    .poll(() => linkNamed("near"))
    .toMatchObject({ running: true, lowerUp: true, carrier: true, operState: "up" });
  route.request(deleteLink("near"));
});

test("addresses with everything that one can have", async () => {
  route.request(newLink({ kind: "dummy", name: "d1", up: true }));
  const ifindex = linkNamed("d1").index;
  const wanted = {
    ifindex,
    ip: "192.0.2.9",
    length: 24,
    label: "d1:vip",
    broadcast: "192.0.2.255",
    scope: 253,
    protocol: 213,
  };
  route.request(newAddress(wanted));
  route.request(newAddress({ ifindex, ip: "192.0.3.1", length: 24, flags: ADDRESS_FLAG.noPrefixRoute }));
  route.request(newAddress({ ifindex, ip: "10.0.0.1", length: 24, peer: "10.0.0.2" }));
  const flags = ADDRESS_FLAG.noDad | ADDRESS_FLAG.homeAddress;
  route.request(newAddress({ ifindex, ip: "2001:db8::9", length: 128, flags, preferredSeconds: 0 }));
  route.request(newAddress({ ifindex, ip: "2001:db8::a", length: 64, validSeconds: 5000, preferredSeconds: 4000 }));

  const addresses = new Map(listAddresses(route, { ifindex }).map((address) => [address.ip, address]));
  expect(addresses.get("192.0.2.9")).toMatchObject({ ...wanted, flags: ADDRESS_FLAG.permanent, peer: undefined });
  const bits = (ip: string) => addresses.get(ip)?.flags ?? 0;
  expect(bits("192.0.3.1") & ADDRESS_FLAG.noPrefixRoute).not.toBe(0);
  expect(addresses.get("10.0.0.1")).toMatchObject({ peer: "10.0.0.2", length: 24 });
  expect(bits("2001:db8::9") & flags).toBe(flags);
  expect(bits("2001:db8::9") & ADDRESS_FLAG.deprecated).not.toBe(0);
  expect(addresses.get("2001:db8::a")?.validSeconds).toBeGreaterThan(4990);
  expect((await node.run(["ip", "address", "show", "d1"])).stdout).toContain("brd 192.0.2.255 scope link d1:vip");
  const ipv6 = await listAddressesAsync(route, { ifindex, family: "ipv6" });
  expect(ipv6.map(({ ip }) => ip)).toEqual(expect.arrayContaining(["2001:db8::9", "2001:db8::a"]));
  expect(ipv6.every(({ family }) => family === "ipv6")).toBe(true);

  expect(() => route.request(newAddress(wanted))).toThrow(
    new RegExp(`^Cannot add address 192\\.0\\.2\\.9/24 on link ${ifindex}: EEXIST \\(.+\\)$`),
  );
  route.request(newAddress({ ...wanted, validSeconds: 100 }, "replace"));
  expect(listAddresses(route, { ifindex }).find(({ ip }) => ip === "192.0.2.9")?.validSeconds).toBeLessThan(101);
  expect(codeOf(() => route.request(deleteAddress({ ifindex, ip: "192.0.2.9", length: 25 })))).toBe("EADDRNOTAVAIL");
  for (const address of addresses.values()) if (address.scope !== 253 || address.family === "ipv4") remove(address);
  expect(listAddresses(route, { ifindex, family: "ipv4" })).toEqual([]);
  route.request(deleteLink("d1"));

  function remove(address: Address): void {
    const code = codeOf(() => route.request(deleteAddress(address)));
    if (code !== undefined) expect(code).toBe("EADDRNOTAVAIL"); // gone with the first of its subnet
  }
});

test("routes and rules", async () => {
  route.request(newLink({ kind: "dummy", name: "d2", up: true }));
  const ifindex = linkNamed("d2").index;
  route.request(newAddress({ ifindex, ip: "192.0.2.1", length: 24 }));
  route.request(newAddress({ ifindex, ip: "2001:db8::1", length: 64, flags: ADDRESS_FLAG.noDad }));
  const metrics = { mtu: 1400, advmss: 1300 };
  const plain = {
    family: "ipv4",
    destination: "198.51.100.0/24",
    gateway: "192.0.2.254",
    ifindex,
    metric: 7,
    metrics,
  } as const;
  route.request(newRoute({ ...plain, table: 1000, protocol: 213, source: "192.0.2.1" }));
  const hop = (gateway: string, weight: number) => ({ gateway, ifindex, weight, flags: 0 });
  route.request(
    newRoute({ family: "ipv4", table: 1000, nextHops: [hop("192.0.2.2", 1), hop("192.0.2.3", 5)], protocol: 213 }),
  );
  route.request(newRoute({ family: "ipv4", destination: "198.51.101.0/24", kind: "unreachable", table: 1000 }));
  route.request(
    newRoute({ family: "ipv4", destination: "198.51.102.0/24", gateway: "2001:db8::2", ifindex, table: 1000 }),
  );
  route.request(
    newRoute({
      family: "ipv6",
      destination: "2001:db8:1::/48",
      gateway: "2001:db8::2",
      table: 1000,
      preference: "high",
    }),
  );

  const routes = listRoutes(route, { family: "ipv4", table: 1000 });
  expect(routes).toHaveLength(4);
  expect(routes).toContainEqual(expect.objectContaining({ ...plain, table: 1000, protocol: 213, source: "192.0.2.1" }));
  expect(routes.find(({ destination }) => destination === undefined)?.nextHops).toEqual([
    hop("192.0.2.2", 1),
    hop("192.0.2.3", 5),
  ]);
  expect(routes).toContainEqual(expect.objectContaining({ destination: "198.51.101.0/24", kind: "unreachable" }));
  expect(routes).toContainEqual(expect.objectContaining({ destination: "198.51.102.0/24", gateway: "2001:db8::2" }));
  expect(await listRoutesAsync(route, { family: "ipv6", table: 1000 })).toEqual([
    expect.objectContaining({
      destination: "2001:db8:1::/48",
      gateway: "2001:db8::2",
      metric: 1024,
      preference: "high",
    }),
  ]);
  expect((await node.run(["ip", "route", "show", "table", "1000"])).stdout).toContain(
    "198.51.100.0/24 via 192.0.2.254 dev d2 proto 213 src 192.0.2.1 metric 7 mtu 1400 advmss 1300",
  );
  route.request(newRoute({ ...plain, table: 1000, gateway: "192.0.2.253" }, "replace"));
  expect(listRoutes(route, { table: 1000 })).toContainEqual(
    expect.objectContaining({ gateway: "192.0.2.253", metric: 7 }),
  );
  route.request(deleteRoute({ family: "ipv4", destination: "198.51.100.0/24", table: 1000 }));
  expect(
    codeOf(() => route.request(deleteRoute({ family: "ipv4", destination: "198.51.100.0/24", table: 1000 }))),
  ).toBe("ESRCH");

  const rule = {
    family: "ipv4",
    priority: 100,
    from: "192.0.2.0/24",
    iif: "d2",
    table: 1000,
    mark: 7,
    mask: 0xff,
  } as const;
  const ports = { ipProtocol: 6, destinationPorts: { from: 80, to: 90 }, protocol: 213 };
  route.request(newRule({ ...rule, ...ports, suppressLength: 3 }));
  route.request(newRule({ family: "ipv6", priority: 101, invert: true, to: "2001:db8:2::/48", action: "prohibit" }));
  expect(listRules(route)).toContainEqual(
    expect.objectContaining({ ...rule, ...ports, suppressLength: 3, action: "table" }),
  );
  expect(await listRulesAsync(route)).toContainEqual(
    expect.objectContaining({ family: "ipv6", priority: 101, invert: true, to: "2001:db8:2::/48", action: "prohibit" }),
  );
  expect(codeOf(() => route.request(newRule({ ...rule, ...ports, suppressLength: 3 })))).toBe("EEXIST");
  route.request(deleteRule({ family: "ipv4", priority: 100 }));
  route.request(deleteRule({ family: "ipv6", priority: 101 }));
  expect(listRules(route).map(({ priority }) => priority)).toEqual([0, 32766, 32767, 0, 32766]);
  route.request(deleteLink("d2"));
});

test("a batch goes on after what the kernel refuses, and says which it was", async () => {
  route.request(newLink({ kind: "dummy", name: "d3", up: true }));
  const ifindex = linkNamed("d3").index;
  const ips = Array.from({ length: 600 }, (_, i) => `10.${1 + (i >> 8)}.${i & 0xff}.1`);
  ips[300] = ips[0] ?? "";
  const outcomes = route.batch(ips.map((ip) => newAddress({ ifindex, ip, length: 32 })));
  expect(outcomes).toHaveLength(600);
  expect(outcomes.flatMap((outcome, index) => (outcome === undefined ? [] : [[index, outcome.code]]))).toEqual([
    [300, "EEXIST"],
  ]);
  expect(listAddresses(route, { ifindex, family: "ipv4" })).toHaveLength(599);

  const deletions = ips.map((ip) => deleteAddress({ ifindex, ip, length: 32 }));
  const removed = await route.batchAsync(deletions, 64);
  expect(removed.filter((outcome) => outcome !== undefined)).toHaveLength(1);
  expect(removed[300]?.message).toMatch(/^Cannot delete address 10\.1\.0\.1\/32 on link \d+: EADDRNOTAVAIL/);
  expect(listAddresses(route, { ifindex, family: "ipv4" })).toEqual([]);
  route.request(deleteLink("d3"));
}, 30_000);

test("asynchronous requests keep their order and carry their own errors", async () => {
  const results = await Promise.allSettled([
    route.requestAsync(newLink({ kind: "dummy", name: "d4" })),
    route.requestAsync(getLink("nothere")),
    route.requestAsync(getLink("d4")),
    route.requestAsync(deleteLink("d4")),
    route.requestAsync(getLink("d4")),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "rejected"]);
});

test("what changes is announced; what is lost is said", async () => {
  const events: RouteEvent[] = [];
  let lost = 0;
  const topics = ["link", "address", "route", "rule"] as const;
  const onLost = () => lost++;
  using subscription = inside(node, () => openRouteEvents({ topics, onEvent: (event) => events.push(event), onLost }));
  route.request(newLink({ kind: "dummy", name: "d5", up: true }));
  const ifindex = linkNamed("d5").index;
  const address = { ifindex, ip: "192.0.2.7", length: 24 };
  route.request(newAddress(address));
  route.request(deleteAddress(address));
  await expect
    .poll(() => summary(events))
    .toEqual(expect.arrayContaining(["link d5", "address 192.0.2.7", "gone address 192.0.2.7", "route 192.0.2.0/24"]));
  route.request(newRule({ family: "ipv6", priority: 9, table: 9 }));
  subscription.drain();
  expect(summary(events)).toContain("rule 9");
  route.request(deleteRule({ family: "ipv6", priority: 9 }));
  expect(lost).toBe(0);

  using small = inside(node, () =>
    openRouteEvents({ topics: ["address"], onEvent: () => {}, onLost, bufferBytes: 4096 }),
  );
  const many = Array.from({ length: 200 }, (_, i) => ({ ifindex, ip: `10.0.${i}.1`, length: 32 }));
  route.batch(many.map((each) => newAddress(each)));
  small.drain();
  expect(lost).toBe(1);
  route.request(deleteLink("d5"));
});

function summary(events: readonly RouteEvent[]): readonly string[] {
  return events.map((event) => {
    const gone = event.gone ? "gone " : "";
    if (event.type === "link") return `${gone}link ${event.link.name}`;
    if (event.type === "address") return `${gone}address ${event.address.ip}`;
    return event.type === "route" ? `${gone}route ${event.route.destination}` : `${gone}rule ${event.rule.priority}`;
  });
}
