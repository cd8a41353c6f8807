/** Virtual addresses that are held twice, are the machine's own, or lie where nobody asks for them. */
import { describe, expect, test } from "vitest";
import { codesIn, machineWith, router, sayings } from "./meant.ts";

describe("an address in two instances", () => {
  test("is told at the second", () => {
    expect(sayings("VIPD040", router("A", 1) + router("B", 2))).toEqual([
      "12:3 warning 192.0.2.9 is held by A, too (line 1): when one of them gives it up, the other loses it",
    ]);
  });
  test("also when the lengths differ, or one is excluded", () => {
    const second = router("B", 2, ["192.0.2.10/24"], "virtual_ipaddress_excluded {", "192.0.2.9", "}");
    expect(codesIn(router("A", 1) + second)).toEqual(["15 VIPD040"]);
  });
  test("two addresses in two instances are fine", () =>
    expect(codesIn(router("A", 1) + router("B", 2, ["192.0.2.10/24"]))).toEqual([]));
});

describe("compared with the interface", () => {
  const view = machineWith({ eth0: ["192.0.2.1/24", "192.0.2.9/24"], lo: ["127.0.0.1/8"], eth1: ["10.0.0.1/8"] });
  test("its own address would be removed", () => {
    expect(sayings("VIPD041", router("A", 1, ["192.0.2.1/24"]), view)).toEqual([
      "5:3 warning 192.0.2.1 is the address of eth0 on this machine: as backup, with priority 100, A removes it and the machine loses its address",
    ]);
  });
  test("nor can adverts leave from a virtual address", () => {
    expect(sayings("VIPD041", router("A", 1, ["192.0.2.7/24"], "mcast_src_ip 192.0.2.7"))).toEqual([
      "5:3 warning 192.0.2.7 is mcast_src_ip of A, too (line 7): a backup does not have it and cannot send from it",
    ]);
    expect(codesIn(router("A", 1, ["192.0.2.7/24"], "mcast_src_ip 192.0.2.8"))).toEqual([]);
  });
  test("priority 255 where the addresses are another's", () => {
    expect(sayings("VIPD081", router("A", 1, ["192.0.2.7/24"], "priority 255"), view)).toEqual([
      "7:11 hint priority 255 says that 192.0.2.7 is this machine's own address, which it is not: A takes it at every start, without listening to a master that works",
    ]);
    expect(codesIn(router("A", 1, ["192.0.2.7/24"], "priority 254"), view)).toEqual([]);
  });
  test("but not its owner's, and not one that a running master holds", () => {
    expect(codesIn(router("A", 1, ["192.0.2.1/24"], "priority 255"), view)).toEqual([]);
    expect(codesIn(router("A", 1, ["192.0.2.9/24"]), view)).toEqual([]);
  });
  test("outside every network of its interface; said once, with the others counted", () => {
    expect(sayings("VIPD042", router("A", 1, ["192.0.2.9/24", "192.0.3.9", "192.0.3.10"]), view)).toEqual([
      "6:3 warning 192.0.3.9 is in no network of eth0 on this machine (192.0.2.1/24): no machine there will ask for it (and 1 more like this)",
    ]);
  });
  test("inside, elsewhere, or on an interface that is not here", () => {
    const elsewhere = ["10.1.2.3/8 dev eth1", "198.51.100.1/32 dev lo", "198.51.100.2/24 dev eth9", "192.0.2.254/24"];
    expect(codesIn(router("A", 1, elsewhere), view)).toEqual([]);
  });
  test("without a length, where the interface has one", () => {
    expect(sayings("VIPD043", router("A", 1, ["192.0.2.9/24", "192.0.2.10"]), view)).toEqual([
      "6:3 hint 192.0.2.10 has no length and is added as 192.0.2.10/32, while eth0 is in a network of /24",
    ]);
    expect(codesIn(router("A", 1, ["192.0.2.10/32"]), view)).toEqual([]);
    expect(codesIn(router("A", 1, ["192.0.2.10"]))).toEqual([]);
  });
});

describe("addresses that no host can have", () => {
  test.each([
    ["192.0.2.0/24", "192.0.2.0/24 is the network itself, not an address in it (/24 leaves 8 bits for hosts)"],
    ["192.0.2.255/24", "192.0.2.255/24 is the broadcast address of its /24 network"],
    ["224.0.0.18", "224.0.0.18 is a multicast address"],
    ["127.0.0.2/8", "127.0.0.2/8 is a loopback address, which never leaves a machine"],
    ["0.0.0.0", "0.0.0.0 is the address of nobody"],
  ])("%s", (address, message) =>
    expect(sayings("VIPD044", router("A", 1, [address]))).toEqual([`5:3 warning ${message}`]),
  );
  test.each(["192.0.2.0/31", "192.0.2.0", "192.0.2.255/23", "10.0.0.255/8"])("%s is fine", (address) =>
    expect(codesIn(router("A", 1, [address]))).toEqual([]),
  );
});
