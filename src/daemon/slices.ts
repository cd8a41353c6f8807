/**
 * What each role is told of a configuration, and nothing more: the checkers never see a password. In pieces, each under a millisecond
 * of work for the process that reads it, for the vrrp process has adverts to send meanwhile.
 */
import { differing } from "../base/differing.ts";
import type { Config } from "../config/config.ts";
import type { UpDown } from "../events.ts";
import { keysOf } from "../network/keys.ts";
import type { AddressKey, Former, ToCheckers, ToVrrp } from "./messages.ts";

const ROUTERS_A_PIECE = 16;
const GROUPS_A_PIECE = 32;
const CHECKS_A_PIECE = 64;
const HEALTH_A_PIECE = 256;

export type VrrpStart = {
  /** By the journal. */
  readonly ours: readonly AddressKey[];
  readonly dryRun: boolean;
  readonly namespace: string | undefined;
  /** How long vipd runs already, ms. */
  readonly upMs: number;
  readonly former: Former | undefined;
};

/** From `begin` to `prepare`. */
export function* vrrpSlices(config: Config, generation: number, start: VrrpStart): Generator<ToVrrp> {
  const configured = keysOf(config.vrrp.routers);
  yield {
    type: "begin",
    generation,
    startupDelayMs: Math.max(0, config.vrrp.startupDelayMs - start.upMs),
    announceGapMs: config.vrrp.announceGapMs,
    namespace: start.namespace,
    realtimePriority: config.global.vrrpRealtimePriority,
    dryRun: start.dryRun,
    // those of the configuration it knows: with thousands of them this one piece would be long
    ours: start.ours.filter((key) => !configured.has(key)),
    former: start.former,
  };
  for (const routers of pieces(config.vrrp.routers, ROUTERS_A_PIECE)) yield { type: "routers", generation, routers };
  for (const groups of pieces(config.vrrp.groups, GROUPS_A_PIECE)) yield { type: "groups", generation, groups };
  yield { type: "prepare", generation };
}

/**
 * From `begin` to `prepare`. `health` is what vipd knows of the checks: it outlives a reload and the death of that process.
 * @param before the configuration by which the process works: what it has already is not said again
 */
export function* checkerSlices(
  config: Config,
  generation: number,
  namespace: string | undefined,
  health: readonly (readonly [id: string, state: UpDown])[],
  before?: Config,
): Generator<ToCheckers> {
  yield { type: "begin", generation, logAllFailures: config.checks.logAllFailures, namespace };
  const former = before?.checks.checks ?? [];
  const [old, now] = differing(former, config.checks.checks);
  const has = new Set(old.map((check) => check.id));
  const wanted = new Set(now.map((check) => check.id));
  if (former.length > 0) yield { type: "keep", generation, without: [...has].filter((id) => !wanted.has(id)) };
  const added = now.filter((check) => !has.has(check.id));
  for (const checks of pieces(added, CHECKS_A_PIECE)) yield { type: "checks", generation, checks };
  const addedIds = new Set(added.map((check) => check.id));
  const news = health.filter(([id]) => addedIds.has(id));
  for (const known of pieces(news, HEALTH_A_PIECE)) yield { type: "health", generation, health: known };
  yield { type: "prepare", generation };
}

function* pieces<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += size) yield list.slice(at, at + size);
}
