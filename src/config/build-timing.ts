/** When an instance speaks, waits and takes over: settings that depend on each other (behaviour 25–30, 60). */
import type { GarpSettings } from "../vrrp/settings.ts";
import { booleanOf, defaultOf, find, has, numberIn, numberOf } from "./access.ts";
import { doubtful, type Report, warning } from "./problems.ts";
import type { Statement } from "./statement.ts";

export function initialState(block: Statement, owner: boolean, strict: boolean, report: Report): "MASTER" | "BACKUP" {
  const state = find(block, "state");
  if (state === undefined) return owner ? "MASTER" : "BACKUP";
  const wished = state.value === "MASTER" ? "MASTER" : "BACKUP";
  if (!strict || (wished === "MASTER") === owner) return wished;
  report.at(
    state,
    1,
    doubtful(
      "VIPD015",
      `state ${wished} contradicts the priority in strict mode`,
      "strict mode wants MASTER with priority 255, else BACKUP",
    ),
  );
  return owner ? "MASTER" : "BACKUP";
}

export function preemptionOf(
  block: Statement,
  owner: boolean,
  initial: "MASTER" | "BACKUP",
  strict: boolean,
  report: Report,
) {
  const nopreempt = find(block, "nopreempt");
  const delay = find(block, "preempt_delay");
  const delayMs = numberOf(block, "preempt_delay") ?? 0;
  const isMaster = owner || initial === "MASTER";
  if (nopreempt !== undefined && isMaster) {
    const why = owner ? "with priority 255" : "with state MASTER";
    report.at(
      nopreempt,
      0,
      doubtful("VIPD015", `nopreempt has no effect ${why}`, owner ? "remove it" : "write state BACKUP on every node"),
    );
  }
  if (nopreempt !== undefined && has(block, "preempt")) {
    report.at(
      nopreempt,
      0,
      warning("VIPD015", "nopreempt stands beside preempt; the later one counts", "remove one of them"),
    );
  }
  const preempt = nopreempt === undefined || isMaster || isLater(block, "preempt", "nopreempt");
  if (delay !== undefined && delayMs > 0 && (isMaster || strict || !preempt)) {
    const why = !preempt ? "with nopreempt" : isMaster ? "on a node that starts as MASTER" : "in strict mode";
    report.at(delay, 0, doubtful("VIPD015", `preempt_delay has no effect ${why}`, "remove it"));
    return { preempt, preemptDelayMs: 0 };
  }
  return { preempt, preemptDelayMs: delayMs };
}

function isLater(block: Statement, name: string, than: string): boolean {
  const body = block.body ?? [];
  const [first, second] = [find(block, name), find(block, than)];
  return first !== undefined && second !== undefined && body.indexOf(first) > body.indexOf(second);
}

/** Version 2 has whole seconds on the wire, version 3 twelve bits of centiseconds. */
export function intervalOf(block: Statement, version: 2 | 3, report: Report): number {
  const written = find(block, "advert_int");
  const ms = numberIn(block, "advert_int");
  const possible =
    version === 2 ? Math.max(1000, Math.round(ms / 1000) * 1000) : Math.min(40_950, Math.round(ms / 10) * 10);
  if (possible === ms || written === undefined) return possible;
  const why =
    version === 2 ? "VRRP version 2 knows whole seconds only" : "VRRP version 3 knows steps of 0.01 s up to 40.95 s";
  const remedy =
    version === 2 && ms < 1000
      ? "write version 3 for shorter intervals, on every node"
      : `write advert_int ${possible / 1000}`;
  report.at(written, 1, doubtful("VIPD015", `advert_int ${ms / 1000} becomes ${possible / 1000}: ${why}`, remedy));
  return possible;
}

export function garpOf(block: Statement, defs: Statement, strict: boolean): GarpSettings {
  const once = booleanOf(defs, "vrrp_min_garp") === true;
  const pick = (own: string, global: string, minimal: number) =>
    numberOf(block, own) ?? numberOf(defs, global) ?? (once ? minimal : defaultOf(defs.rule?.inside, global));
  const delayMs = pick("garp_master_delay", "vrrp_garp_master_delay", 0);
  const repeat = Math.max(1, pick("garp_master_repeat", "vrrp_garp_master_repeat", 1));
  return {
    repeat,
    delayMs,
    refreshMs: pick("garp_master_refresh", "vrrp_garp_master_refresh", 0),
    refreshRepeat: Math.max(1, pick("garp_master_refresh_repeat", "vrrp_garp_master_refresh_repeat", 1)),
    lowerPrioRepeat: strict
      ? 0
      : (numberOf(block, "garp_lower_prio_repeat") ?? numberOf(defs, "vrrp_garp_lower_prio_repeat") ?? repeat),
    lowerPrioDelayMs: strict
      ? 0
      : (numberOf(block, "garp_lower_prio_delay") ?? numberOf(defs, "vrrp_garp_lower_prio_delay") ?? delayMs),
  };
}
