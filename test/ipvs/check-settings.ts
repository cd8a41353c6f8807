import type { CheckerSettings } from "../../src/check/settings.ts";
import type { ServerSettings, ServiceSettings } from "../../src/ipvs/settings.ts";
import { connectionTo } from "../check/servers.ts";

/** A check that belongs to a server of a service. */
export function checkOf(
  id: string,
  of: ServiceSettings,
  real: ServerSettings,
  change: Partial<CheckerSettings> = {},
): CheckerSettings {
  return {
    id,
    service: of.name,
    server: real.name,
    serviceKey: of.key,
    serverKey: real.key,
    probe: { type: "TCP_CHECK" },
    connection: connectionTo(80),
    intervalMs: 1000,
    retries: 1,
    retryDelayMs: 1000,
    warmupMs: 0,
    alpha: false,
    ...change,
  };
}
