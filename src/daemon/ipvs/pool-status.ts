/** A service with what is known of its servers, and how that is shown. */
import type { UpDown } from "../../events.ts";
import type { HealthOf } from "../../ipvs/pool.ts";
import type { ServerSettings, ServiceSettings } from "../../ipvs/settings.ts";
import type { Row } from "../../ipvs/table.ts";
import type { CheckStatus } from "../messages.ts";
import type { ServiceStatus } from "../status.ts";

/** Mutable; `pools.ts` alone changes it. */
export type Pool = {
  readonly settings: ServiceSettings;
  readonly members: ReadonlyMap<string, Member>;
  quorum: UpDown;
  sinceMs: number;
  weight: number;
  /** Undefined: to be computed again. */
  row: Row | undefined;
};
export type Member = { readonly settings: ServerSettings; up: boolean; sinceMs: number; reason: string };

/** @param checkOf what the checkers say of a check */
export function poolStatus(
  pool: Pool,
  checkOf: (id: string) => CheckStatus | undefined,
  healthOf: HealthOf,
): ServiceStatus {
  const { settings, quorum, sinceMs, weight, members } = pool;
  const { key, name, scheduler, sorryServer } = settings;
  const unknown = (id: string): CheckStatus => {
    const state = healthOf(id) ?? "unknown";
    return {
      id,
      state,
      reason: "not checked yet",
      trouble: false,
      lastMs: undefined,
      tookMs: undefined,
      runs: 0,
      failures: 0,
    };
  };
  return {
    key,
    name,
    state: quorum,
    sinceMs,
    scheduler,
    weight,
    quorum: settings.quorum,
    sorryServer: sorryServer && { name: sorryServer.name, active: quorum === "down" },
    servers: Array.from(members.values(), ({ settings: server, up, sinceMs, reason }) => ({
      name: server.name,
      state: up ? ("up" as const) : ("down" as const),
      sinceMs,
      weight: server.weight,
      reason,
      checks: server.checks.map((id) => checkOf(id) ?? unknown(id)),
    })),
  };
}
