import { describe, expect, test } from "vitest";
import { encodeMessage, FLAG, type Message, readMessages, TYPE } from "../../../native/netlink/index.ts";
import {
  ADDRESS_FLAG,
  decodeAddress,
  decodeLink,
  decodeRoute,
  decodeRouteEvent,
  decodeRule,
  deleteAddress,
  deleteLink,
  deleteRoute,
  deleteRule,
  describeRequest,
  NEXT_HOP_FLAG,
  newAddress,
  newLink,
  newRoute,
  newRule,
  setLink,
  setLinkUp,
} from "../../../native/netlink/route/index.ts";
import { answers, ipRequests } from "./captured.ts";
import { sent, unnumbered } from "./hex.ts";

const VB = 2;
const VA = 3;

const requests: { readonly [command in keyof typeof ipRequests]: Message } = {
  "ip address add 192.0.2.9/24 dev va": newAddress({ ifindex: VA, ip: "192.0.2.9", length: 24 }),
  "ip address add 192.0.2.10/24 broadcast 192.0.2.255 label va:vip dev va": newAddress({
    ifindex: VA,
    ip: "192.0.2.10",
    length: 24,
    broadcast: "192.0.2.255",
    label: "va:vip",
  }),
  "ip address add 192.0.2.11 peer 192.0.2.12/24 dev va": newAddress({
    ifindex: VA,
    ip: "192.0.2.11",
    length: 24,
    peer: "192.0.2.12",
  }),
  "ip address add 2001:db8::9/128 dev va nodad preferred_lft 0 noprefixroute": newAddress({
    ifindex: VA,
    ip: "2001:db8::9",
    length: 128,
    flags: ADDRESS_FLAG.noDad | ADDRESS_FLAG.noPrefixRoute,
    preferredSeconds: 0,
  }),
  "ip address delete 192.0.2.9/24 dev va": deleteAddress({ ifindex: VA, ip: "192.0.2.9", length: 24 }),
  "ip route add 198.51.100.0/24 via 192.0.2.1 dev va src 192.0.2.10 metric 5": newRoute({
    family: "ipv4",
    destination: "198.51.100.0/24",
    gateway: "192.0.2.1",
    ifindex: VA,
    source: "192.0.2.10",
    metric: 5,
  }),
  "ip route add 198.51.101.0/24 dev va table 1000 mtu 1400": newRoute({
    family: "ipv4",
    destination: "198.51.101.0/24",
    ifindex: VA,
    table: 1000,
    metrics: { mtu: 1400 },
  }),
  "ip route add default nexthop via 192.0.2.1 dev va weight 2 nexthop via 192.0.2.2 dev va": newRoute({
    family: "ipv4",
    nextHops: [
      { gateway: "192.0.2.1", ifindex: VA, weight: 2, flags: 0 },
      { gateway: "192.0.2.2", ifindex: VA, weight: 1, flags: 0 },
    ],
  }),
  "ip route add blackhole 198.51.102.0/24 proto 213": newRoute({
    family: "ipv4",
    kind: "blackhole",
    destination: "198.51.102.0/24",
    protocol: 213,
  }),
  "ip -6 route add 2001:db8:1::/48 via fe80::1 dev va": newRoute({
    family: "ipv6",
    destination: "2001:db8:1::/48",
    gateway: "fe80::1",
    ifindex: VA,
  }),
  "ip route add 198.51.103.0/24 via inet6 fe80::1 dev va onlink": newRoute({
    family: "ipv4",
    destination: "198.51.103.0/24",
    gateway: "fe80::1",
    ifindex: VA,
    flags: NEXT_HOP_FLAG.onlink,
  }),
  "ip route del 198.51.100.0/24": deleteRoute({ family: "ipv4", destination: "198.51.100.0/24" }),
  "ip rule add from 192.0.2.0/24 to 198.51.100.0/24 priority 100 lookup 1000": newRule({
    family: "ipv4",
    from: "192.0.2.0/24",
    to: "198.51.100.0/24",
    priority: 100,
    table: 1000,
  }),
  "ip rule add priority 101 fwmark 7/0xff lookup 1000 iif va ipproto tcp dport 80-81 protocol 213": newRule({
    family: "ipv4",
    priority: 101,
    mark: 7,
    mask: 0xff,
    table: 1000,
    iif: "va",
    ipProtocol: 6,
    destinationPorts: { from: 80, to: 81 },
    protocol: 213,
  }),
  "ip -6 rule add not from 2001:db8::/32 priority 102 unreachable": newRule({
    family: "ipv6",
    invert: true,
    from: "2001:db8::/32",
    priority: 102,
    action: "unreachable",
  }),
  "ip rule del priority 100": deleteRule({ family: "ipv4", priority: 100 }),
  "ip link add vx type veth peer name vy": newLink({ kind: "veth", name: "vx", peer: { name: "vy" } }),
  "ip link add mv link va type macvlan mode private": newLink({
    kind: "macvlan",
    name: "mv",
    parent: VA,
    mode: "private",
  }),
  "ip link add br9 type bridge": newLink({ kind: "bridge", name: "br9" }),
  "ip link set va up": setLinkUp(VA, true),
  "ip link set vb down": setLinkUp(VB, false),
  "ip link set vb mtu 1400": setLink(VB, { mtu: 1400 }),
  "ip link del vx": deleteLink(5),
};

describe("requests are those of iproute2, byte by byte", () => {
  for (const [command, message] of Object.entries(requests)) {
    test(command, () => {
      const captured = ipRequests[command as keyof typeof ipRequests];
      expect(sent(encodeMessage(message, FLAG.request | FLAG.ack, 0))).toBe(unnumbered(captured));
    });
  }
});

describe("answers of the kernel", () => {
  test("a link", () => {
    const [va] = messagesOf("ip -d link show dev va").map(decodeLink);
    expect(va).toMatchObject({
      index: VA,
      name: "va",
      up: true,
      running: true,
      lowerUp: true,
      operState: "up",
      carrier: true,
      mtu: 1500,
      kind: "veth",
      parent: VB,
      master: undefined,
      hardware: 1,
    });
    expect(va?.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  });

  test("addresses", () => {
    const addresses = messagesOf("ip address show dev va").map(decodeAddress);
    expect(addresses).toContainEqual({
      family: "ipv4",
      ifindex: VA,
      ip: "192.0.2.10",
      length: 24,
      scope: 0,
      flags: ADDRESS_FLAG.permanent,
      label: "va:vip",
      broadcast: "192.0.2.255",
      peer: undefined,
      preferredSeconds: undefined,
      validSeconds: undefined,
      protocol: undefined,
    });
    expect(addresses).toContainEqual(expect.objectContaining({ ip: "192.0.2.11", peer: "192.0.2.12", length: 24 }));
    expect(addresses).toContainEqual(
      expect.objectContaining({
        ip: "2001:db8::9",
        flags: ADDRESS_FLAG.noDad | ADDRESS_FLAG.noPrefixRoute | ADDRESS_FLAG.permanent | ADDRESS_FLAG.deprecated,
        preferredSeconds: 0,
        validSeconds: undefined,
      }),
    );
  });

  test("routes", () => {
    const routes = messagesOf("ip route show").map(decodeRoute);
    expect(routes).toContainEqual(
      expect.objectContaining({
        destination: undefined,
        nextHops: [
          { gateway: "192.0.2.1", ifindex: VA, weight: 2, flags: 0 },
          { gateway: "192.0.2.2", ifindex: VA, weight: 1, flags: 0 },
        ],
      }),
    );
    expect(routes).toContainEqual(
      expect.objectContaining({ destination: "198.51.102.0/24", kind: "blackhole", protocol: 213 }),
    );
    expect(routes).toContainEqual(
      expect.objectContaining({ destination: "198.51.103.0/24", gateway: "fe80::1", ifindex: VA }),
    );
  });

  test("rules", () => {
    const rules = messagesOf("ip rule show").map(decodeRule);
    expect(rules.map((rule) => [rule?.priority, rule?.table])).toEqual([
      [0, 255],
      [101, 1000],
      [32766, 254],
      [32767, 253],
    ]);
    expect(rules[1]).toMatchObject({
      mark: 7,
      mask: 0xff,
      iif: "va",
      ipProtocol: 6,
      destinationPorts: { from: 80, to: 81 },
      protocol: 213,
      suppressLength: undefined,
    });
  });

  test("what the kernel announces is the same, with a type that says new or gone", () => {
    const [reply] = messagesOf("ip address show dev va");
    expect(reply && decodeRouteEvent(reply)).toMatchObject({ type: "address", gone: false });
    expect(reply && decodeRouteEvent({ ...reply, type: 21 })).toMatchObject({ type: "address", gone: true });
    expect(reply && decodeRouteEvent({ ...reply, type: 99 })).toBeUndefined();
  });
});

test("what is decoded can be asked for again", () => {
  for (const address of messagesOf("ip address show dev va").flatMap((reply) => decodeAddress(reply) ?? [])) {
    const message = newAddress(address);
    const again = decodeAddress({ payload: encodeMessage(message, 0, 0).subarray(16) });
    expect(again).toEqual(address);
  }
  for (const route of messagesOf("ip route show").flatMap((reply) => decodeRoute(reply) ?? [])) {
    expect(decodeRoute({ payload: encodeMessage(newRoute(route), 0, 0).subarray(16) })).toEqual(route);
  }
  for (const rule of messagesOf("ip rule show").flatMap((reply) => decodeRule(reply) ?? [])) {
    expect(decodeRule({ payload: encodeMessage(newRule(rule), 0, 0).subarray(16) })).toEqual(rule);
  }
});

test("requests in words", () => {
  expect(Object.values(requests).map(describeRequest)).toMatchInlineSnapshot(`
    [
      "add address 192.0.2.9/24 on link 3",
      "add address 192.0.2.10/24 on link 3",
      "add address 192.0.2.11/24 on link 3",
      "add address 2001:db8::9/128 on link 3",
      "delete address 192.0.2.9/24 on link 3",
      "add route 198.51.100.0/24 via 192.0.2.1 on link 3 in table 254",
      "add route 198.51.101.0/24 on link 3 in table 1000",
      "add route ipv4 default in table 254",
      "add route blackhole 198.51.102.0/24 in table 254",
      "add route 2001:db8:1::/48 via fe80::1 on link 3 in table 254",
      "add route 198.51.103.0/24 via fe80::1 on link 3 in table 254",
      "delete route 198.51.100.0/24 in table 254",
      "add ipv4 rule 100 from 192.0.2.0/24 to 198.51.100.0/24 table 1000",
      "add ipv4 rule 101 table 1000",
      "add ipv6 rule 102 from 2001:db8::/32 unreachable",
      "delete ipv4 rule 100",
      "add link vx",
      "add link mv",
      "add link br9",
      "change link 3",
      "change link 2",
      "change link 2",
      "delete link 5",
    ]
  `);
});

test("what is no address or prefix is our own mistake", () => {
  expect(() => newAddress({ ifindex: 1, ip: "192.0.2.9", length: 33 })).toThrow(RangeError);
  expect(() => newAddress({ ifindex: 1, ip: "192.0.2", length: 3 })).toThrow(RangeError);
  expect(() => newRoute({ family: "ipv4", destination: "192.0.2.0/x" })).toThrow(RangeError);
});

function messagesOf(command: "ip -d link show dev va" | "ip address show dev va" | "ip route show" | "ip rule show") {
  return answers[command]
    .flatMap((hex) => readMessages(Buffer.from(hex, "hex")))
    .filter((reply) => reply.type !== TYPE.done);
}
