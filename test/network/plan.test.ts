import { describe, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { type AddressKey, addressKey, parseKey } from "../../src/base/address-key.ts";
import { keyOf } from "../../src/network/keys.ts";
import { type AddressWish, type KernelAddress, planAddresses, type VirtualAddress } from "../../src/network/plan.ts";

function virtual(text: string, length = 24, link = "eth0"): VirtualAddress {
  return {
    ip: ip(text),
    length,
    link,
    scope: 0,
    label: undefined,
    broadcast: undefined,
    peer: undefined,
    noPrefixRoute: false,
    home: false,
    preferredSeconds: undefined,
  };
}

function kernel(text: string, options: Partial<KernelAddress> = {}): KernelAddress {
  return {
    link: "eth0",
    ip: ip(text),
    length: 24,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    secondary: false,
    protocol: 0,
    ...options,
  };
}

function wish(
  desired: readonly VirtualAddress[],
  actual: readonly KernelAddress[],
  ours: readonly AddressKey[],
  promotes = true,
): AddressWish {
  const wanted = new Map(desired.map((address) => [keyOf(address), address]));
  const present = new Map(actual.map((address) => [addressKey(address.link, address.ip, address.length), address]));
  return {
    desired: wanted,
    actual: present,
    ours: new Set(ours),
    promotes: () => promotes,
    marked: new Set([...wanted.keys(), ...ours]),
  };
}

const told = (input: AddressWish) => planAddresses(input).map(({ op, key }) => `${op} ${key}`);

describe("addresses, desired against actual", () => {
  test("what is wanted and missing is added, in the order of the file", () => {
    expect(told(wish([virtual("192.0.2.9"), virtual("192.0.2.8")], [kernel("192.0.2.1")], []))).toEqual([
      "add eth0 192.0.2.9/24",
      "add eth0 192.0.2.8/24",
    ]);
  });

  test("what is wanted and present under another's hand is adopted: nothing to do", () => {
    expect(told(wish([virtual("192.0.2.9")], [kernel("192.0.2.9", { protocol: 18 })], []))).toEqual([]);
  });

  test("ours and no longer wanted goes; a foreign address is never touched", () => {
    const present = [kernel("192.0.2.1"), kernel("192.0.2.9", { secondary: true })];
    expect(told(wish([], present, ["eth0 192.0.2.9/24"]))).toEqual(["delete eth0 192.0.2.9/24"]);
    expect(told(wish([], present, []))).toEqual([]);
  });

  test("one of ours with another label or scope than is wanted is made anew; a foreign one stays as it is", () => {
    const labelled = [kernel("192.0.2.9", { label: "eth0:old" })];
    const wanted = { ...virtual("192.0.2.9"), label: "eth0:vip" };
    expect(told(wish([wanted], labelled, ["eth0 192.0.2.9/24"]))).toEqual([
      "delete eth0 192.0.2.9/24",
      "add eth0 192.0.2.9/24",
    ]);
    expect(told(wish([virtual("192.0.2.9")], labelled, ["eth0 192.0.2.9/24"]))).toHaveLength(2);
    expect(told(wish([wanted], labelled, []))).toEqual([]);
    const plain = [kernel("192.0.2.9", { label: "eth0" })];
    expect(told(wish([virtual("192.0.2.9")], plain, ["eth0 192.0.2.9/24"]))).toEqual([]);
    expect(told(wish([{ ...virtual("192.0.2.9"), scope: 253 }], plain, ["eth0 192.0.2.9/24"]))).toHaveLength(2);
    const six = [kernel("fd00::9", { length: 64, scope: 0 })];
    expect(told(wish([{ ...virtual("fd00::9", 64), scope: 200 }], six, ["eth0 fd00::9/64"]))).toEqual([]);
  });

  test("the same address with another prefix length, or on another link, is another address", () => {
    expect(told(wish([virtual("192.0.2.9", 32)], [kernel("192.0.2.9")], []))).toEqual(["add eth0 192.0.2.9/32"]);
    expect(told(wish([virtual("192.0.2.9", 24, "eth1")], [kernel("192.0.2.9")], []))).toEqual([
      "add eth1 192.0.2.9/24",
    ]);
  });

  test("secondaries go before their primary", () => {
    const present = [kernel("192.0.2.8"), kernel("192.0.2.9", { secondary: true })];
    expect(told(wish([], present, ["eth0 192.0.2.8/24", "eth0 192.0.2.9/24"], false))).toEqual([
      "delete eth0 192.0.2.9/24",
      "delete eth0 192.0.2.8/24",
    ]);
  });

  test("with promote_secondaries 0 whoever goes down with a primary of ours is put back", () => {
    const present = [
      kernel("192.0.2.8"),
      kernel("192.0.2.9", { secondary: true }),
      kernel("192.0.2.77", { secondary: true }),
      kernel("198.51.100.1", { secondary: true }),
      kernel("192.0.2.66", { secondary: true, link: "eth1" }),
      kernel("192.0.2.55", { secondary: true, length: 25 }),
    ];
    const input = wish([virtual("192.0.2.9")], present, ["eth0 192.0.2.8/24", "eth0 192.0.2.9/24"], false);
    expect(told(input)).toEqual(["delete eth0 192.0.2.8/24", "add eth0 192.0.2.9/24", "restore eth0 192.0.2.77/24"]);
    expect(told({ ...input, promotes: () => true })).toEqual(["delete eth0 192.0.2.8/24"]);
  });

  test("a secondary that goes, or an IPv6 address, takes nobody along", () => {
    const present = [
      kernel("192.0.2.1"),
      kernel("192.0.2.8", { secondary: true }),
      kernel("192.0.2.9", { secondary: true }),
    ];
    expect(told(wish([], present, ["eth0 192.0.2.8/24"], false))).toEqual(["delete eth0 192.0.2.8/24"]);
    const six = [kernel("fd00::1", { length: 64 }), kernel("fd00::2", { length: 64 })];
    expect(told(wish([], six, ["eth0 fd00::1/64"], false))).toEqual(["delete eth0 fd00::1/64"]);
  });

  test("only what is marked is looked at", () => {
    const input = wish([virtual("192.0.2.9"), virtual("192.0.2.8")], [], []);
    expect(told({ ...input, marked: ["eth0 192.0.2.8/24"] })).toEqual(["add eth0 192.0.2.8/24"]);
  });
});

describe("keys", () => {
  test("a key says what it was made from", () => {
    expect(parseKey(addressKey("eth0.5", ip("fd00::9"), 64))).toEqual({ link: "eth0.5", ip: "fd00::9", length: 64 });
    expect(parseKey("eth0 192.0.2.9/32")).toEqual({ link: "eth0", ip: "192.0.2.9", length: 32 });
  });

  test.each(["", "eth0", "eth0 192.0.2.9", "eth0 192.0.2.9/33", "eth0 fd00::/129", "eth0 x/24", "a b 192.0.2.9/24"])(
    "a damaged key is no key: %j",
    (text) => {
      expect(parseKey(text)).toBeUndefined();
    },
  );
});
