/** Configurations for tests of the daemon. */
import type { Config } from "../../src/config/config.ts";
import { nobody } from "../notify/fixtures.ts";
import { routerSettings } from "./vrrp/routers.ts";

export const EMPTY: Config = {
  global: {
    routerId: "a",
    netNamespace: undefined,
    ipvsNamespace: undefined,
    instance: undefined,
    childWaitMs: 5000,
    vrrpRealtimePriority: undefined,
    startupScript: undefined,
    shutdownScript: undefined,
  },
  vrrp: { routers: [], groups: [], startupDelayMs: 0, announceGapMs: { ipv4: 0, ipv6: 0 } },
  scripts: [],
  checks: { checks: [], logAllFailures: false },
  services: [],
  ipvs: { timeouts: undefined, flush: false, flushOnStop: "no" },
  notify: nobody,
  mail: undefined,
};

export function withRouters(...changes: readonly Parameters<typeof routerSettings>[0][]): Config {
  return { ...EMPTY, vrrp: { ...EMPTY.vrrp, routers: changes.map((change) => routerSettings(change)) } };
}
