/** Which servers of a service are in use: health, quorum with hysteresis, sorry server (behaviour 98, 101, 110, 112). */
import type { UpDown } from "../events.ts";
import type { ServerSettings, ServiceSettings } from "./settings.ts";

/** What is known of a check, by its id. */
export type HealthOf = (check: string) => UpDown | undefined;
/** Whether a check counts as down until it has spoken: `alpha`, by its id. */
export type IsAlpha = (check: string) => boolean;

/** Up while no check says otherwise; with `alpha`, and only then, a check that has not spoken counts against it. */
export function isServerUp(server: ServerSettings, healthOf: HealthOf, isAlpha: IsAlpha): boolean {
  for (const check of server.checks) {
    const state = healthOf(check) ?? (isAlpha(check) ? "down" : "up");
    if (state === "down") return false;
  }
  return true;
}

/** What a check begins with whose server was up or down before anybody asked it: no restart revives a dead server. */
export function inheritedHealth(known: UpDown | undefined, serverWasUp: boolean | undefined): UpDown | undefined {
  if (known !== undefined || serverWasUp === undefined) return known;
  return serverWasUp ? "up" : "down";
}

/**
 * Whether a server was up before, for a check of a service that is new here: as the kernel's table says, but under `alpha` it was not,
 * for nobody knows what happened to it since (decision 21).
 *
 * @param inTable undefined: the table has no such service
 */
export function wasUpFor(alpha: boolean, inTable: boolean | undefined): boolean | undefined {
  return alpha && inTable ? false : inTable;
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

/** `2+1=3 <= 4`, as keepalived writes a gain; a loss with a minus. @param initial it has never been there: it is not lost */
export function quorumText(service: ServiceSettings, to: UpDown, weight: number, initial: boolean): string {
  const { quorum, hysteresis } = service;
  const needed = `quorum ${quorum}+${hysteresis}=${quorum + hysteresis}`;
  if (to === "up") return `gained ${needed} <= ${weight}`;
  return initial
    ? `not gained ${needed} > ${weight}`
    : `lost quorum ${quorum}-${hysteresis}=${quorum - hysteresis} > ${weight}`;
}
