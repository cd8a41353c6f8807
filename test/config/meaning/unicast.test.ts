/** Unicast peers. */
import { expect, test } from "vitest";
import { codesIn, machineWith, router, sayings } from "./meant.ts";

const view = machineWith({ eth0: ["192.0.2.1/24"] });
const peers = (...lines: readonly string[]) => ["unicast_peer {", ...lines.map((line) => ` ${line}`), "}"];

test("no peers at all", () => {
  expect(sayings("VIPD053", router("V", 1, undefined, ...peers()))[0]).toMatch(
    /^7:2 warning unicast_peer of V is empty: nobody gets its adverts, and every node becomes master/,
  );
});
test("oneself as a peer: by unicast_src_ip, or by this machine's addresses", () => {
  expect(
    sayings("VIPD054", router("V", 1, undefined, "unicast_src_ip 192.0.2.1", ...peers("192.0.2.2", "192.0.2.1"))),
  ).toEqual(["10:3 warning V names itself as a peer: 192.0.2.1 is its unicast_src_ip"]);
  expect(sayings("VIPD054", router("V", 1, undefined, ...peers("192.0.2.1")), view)).toEqual([
    "8:3 warning V names itself as a peer: 192.0.2.1 is an address of this machine",
  ]);
});
test("a virtual address as a peer", () => {
  expect(sayings("VIPD054", router("V", 1, undefined, ...peers("192.0.2.9")))).toEqual([
    "8:3 warning the peer 192.0.2.9 is a virtual address of V: as master the node would send to itself, as backup to whoever is master",
  ]);
});
test("a peer twice, a peer of the other family", () => {
  expect(codesIn(router("V", 1, undefined, ...peers("192.0.2.2", "192.0.2.3", "192.0.2.2")))).toEqual(["10 VIPD055"]);
  expect(sayings("VIPD055", router("V", 1, undefined, "unicast_src_ip 192.0.2.1", ...peers("2001:db8::2")))).toEqual([
    "9:3 warning the peer 2001:db8::2 is of another family than 192.0.2.1: it cannot be reached from there",
  ]);
});
test("a source without peers, and one that this machine does not have", () => {
  expect(codesIn(router("V", 1, undefined, "unicast_src_ip 192.0.2.1"), view)).toEqual(["7 VIPD056"]);
  expect(codesIn(router("V", 1, undefined, "unicast_src_ip 192.0.2.7", ...peers("192.0.2.2")), view)).toEqual([
    "7 VIPD057",
  ]);
});
test("a pair as it should be", () =>
  expect(
    codesIn(router("V", 1, undefined, "unicast_src_ip 192.0.2.1", ...peers("192.0.2.2", "192.0.2.3")), view),
  ).toEqual([]));
