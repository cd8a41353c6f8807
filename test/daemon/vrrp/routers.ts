/** The router of the daemon's tests: VI_1 with VRID 51 and 10.0.0.9/24 on eth0; everything else as in the tests of the VRRP room. */
import type { RouterSettings } from "../../../src/vrrp/settings.ts";
import { routerSettings as anyRouter, virtualAddress } from "../../vrrp/fixtures.ts";

export function routerSettings(changes: Partial<RouterSettings> = {}): RouterSettings {
  return anyRouter({
    key: "ipv4 eth0 51 224.0.0.18",
    name: "VI_1",
    vrid: 51,
    addresses: [virtualAddress("10.0.0.9")],
    ...changes,
  });
}
