/** Intervals and announcements. */
import { describe, expect, test } from "vitest";
import { instance, said } from "../load.ts";
import { codesIn, machineWith, router, sayings } from "./meant.ts";

describe("an advert_int that this machine cannot keep", () => {
  const short = router("V", 1, undefined, "version 3", "advert_int 0.01", "priority 100");
  test("is told with what was measured", () => {
    expect(sayings("VIPD049", short, machineWith({ eth0: ["192.0.2.1/24"] }, 14.2))).toEqual([
      "8:13 warning advert_int 0.01 s is too short for this machine: a timer was 0.014 s late in a short test now, and peers of V take over when an advert is 0.02 s late (3 × 0.01 s less the one it waits for)",
    ]);
  });
  test("not on a quiet machine", () =>
    expect(codesIn(short, machineWith({ eth0: ["192.0.2.1/24"] }, 0.4))).toEqual([]));
  test("is measured once, and only where it matters", () => {
    const view = machineWith({ eth0: ["192.0.2.1/24"] }, 0.4);
    codesIn(short + router("W", 2, ["192.0.2.10/24"], "version 3", "advert_int 0.02"), view);
    expect(view.measured).toBe(1);
    const calm = machineWith({ eth0: ["192.0.2.1/24"] }, 500);
    expect(codesIn(router("V", 1, undefined, "version 3", "advert_int 0.1"), calm)).toEqual([]);
    expect(calm.measured).toBe(0);
  });
});

test("an interval so long that a failover takes minutes", () => {
  expect(sayings("VIPD050", router("V", 1, undefined, "advert_int 20"))).toEqual([
    "7:13 hint a peer of V notices its silence after 60.609 s only: 3 × 20 s and its skew",
  ]);
  expect(codesIn(router("V", 1, undefined, "advert_int 5"))).toEqual([]);
});

test("intervals of version 2 that are rounded", () => {
  expect(said(instance(" advert_int 1.4"))).toEqual([
    "7:13 warning VIPD015 advert_int 1.4 becomes 1: VRRP version 2 knows whole seconds only; write advert_int 1",
  ]);
  expect(said(instance(" advert_int 2"))).toEqual([]);
  expect(said(instance(" version 3\n advert_int 1.4"))).toEqual([]);
});

describe("announcements", () => {
  test("none at all", () => {
    expect(sayings("VIPD051", router("V", 1, undefined, "garp_master_repeat 0"))).toEqual([
      "7:21 hint garp_master_repeat 0 would announce nothing after a failover: 1 is taken",
    ]);
  });
  test("one round only", () => {
    expect(codesIn(`global_defs {\n vrrp_garp_master_delay 0\n}\n${router("V", 1)}`)).toEqual(["2 VIPD051"]);
    expect(codesIn(router("V", 1, undefined, "garp_master_delay 0", "garp_master_refresh 60"))).toEqual([]);
    expect(codesIn(router("V", 1, undefined, "garp_master_delay 10"))).toEqual([]);
  });
});
