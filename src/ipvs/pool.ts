/** Which servers of a service are in use: health, quorum with hysteresis, sorry server (behaviour 98, 101, 110, 112). */
import type { UpDown } from "../events.ts";
import type { ServerSettings, ServiceSettings } from "./settings.ts";

/** What is known of a check, by its id. */
export type HealthOf = (check: string) => UpDown | undefined;

/** Up while no check says otherwise; with `alpha`, and only then, a check that has not spoken counts against it. */
export function isServerUp(server: ServerSettings, healthOf: HealthOf): boolean {
  for (const check of server.checks) {
    const state = healthOf(check) ?? (server.alpha ? "down" : "up");
    if (state === "down") return false;
  }
  return true;
}

/** What a check begins with whose server was up or down before anybody asked it: no restart revives a dead server. */
export function inheritedHealth(known: UpDown | undefined, serverWasUp: boolean | undefined): UpDown | undefined {
  if (known !== undefined || serverWasUp === undefined) return known;
  return serverWasUp ? "up" : "down";
}

/** @param weight the sum of the weights of the live servers */
export function quorumAfter(service: ServiceSettings, before: UpDown, weight: number): UpDown {
  if (weight > 0 && weight >= service.quorum + service.hysteresis) return "up";
  if (weight === 0 || weight < service.quorum - service.hysteresis) return "down";
  return before;
}

/** At start, where there is no state before: it must be gained. */
export function firstQuorum(service: ServiceSettings, weight: number): UpDown {
  return quorumAfter(service, "down", weight);
}

/** `2+1=3 <= 4`, as keepalived writes a gain; a loss with a minus. */
export function quorumText({ quorum, hysteresis }: ServiceSettings, to: UpDown, weight: number): string {
  return to === "up"
    ? `gained quorum ${quorum}+${hysteresis}=${quorum + hysteresis} <= ${weight}`
    : `lost quorum ${quorum}-${hysteresis}=${quorum - hysteresis} > ${weight}`;
}
