/** What trackers do to a router: weights move its priority, a weight of 0 puts it into FAULT. Everything with its words. */
import type { UpDown } from "../events.ts";
import type { Fact, GroupSettings, RouterSettings, Tracking } from "./settings.ts";

export const OWNER_PRIORITY = 255;
const LOWEST = 1;
const HIGHEST = 254;
const WEIGHT_LIMIT = 253;

/** Looks up what is known of a tracked thing; undefined as long as nothing is. */
export type FactOf = (tracker: Tracking["tracker"], id: string) => Pick<Fact, "value" | "reason"> | undefined;

export type Assessment = {
  /** Effective priority, 1–255. */
  readonly priority: number;
  /** `script chk_haproxy down: -20` */
  readonly adjustments: readonly string[];
  /** `script chk_haproxy failed: exit status 1` */
  readonly faults: readonly string[];
  /** What has not answered yet: the router stays silent until it has. `script chk_haproxy` */
  readonly waiting: readonly string[];
};

/**
 * Base ± weights, clamped to 1–254; the owner's 255 never changes.
 *
 * @param trackers as `trackersOf` gives them
 */
export function assess(base: number, trackers: readonly Tracking[], factOf: FactOf): Assessment {
  const adjustments: string[] = [];
  const faults: string[] = [];
  const waiting: string[] = [];
  let total = base;
  for (const tracking of trackers) {
    const fact = factOf(tracking.tracker, tracking.id) ?? beforeFirstFact(tracking);
    if (fact === undefined) {
      waiting.push(`${tracking.tracker} ${tracking.id}`);
      continue;
    }
    const verdict = judge(tracking, fact);
    if (verdict.fault !== undefined) faults.push(verdict.fault);
    if (base === OWNER_PRIORITY || verdict.change === 0) continue;
    total += verdict.change;
    adjustments.push(`${verdict.words}: ${verdict.change > 0 ? "+" : ""}${verdict.change}`);
  }
  const priority = base === OWNER_PRIORITY ? base : clamp(total, LOWEST, HIGHEST);
  return { priority, adjustments, faults, waiting };
}

/**
 * The trackers that count for a router: its own and those of its group; where both name the same thing, the group's line wins.
 * Members of a group without sync_group_tracking_weight have no weights: interfaces count as FAULT, weighted scripts and BFD
 * sessions not at all, files only with weight 1, which then means FAULT.
 */
export function trackersOf(router: RouterSettings, group: GroupSettings | undefined): readonly Tracking[] {
  if (group === undefined) return router.trackers;
  const named = new Set(group.trackers.map(nameOf));
  const all = [...router.trackers.filter((tracking) => !named.has(nameOf(tracking))), ...group.trackers];
  return group.trackingWeight ? all : all.flatMap(withoutWeight);
}

function nameOf(tracking: Tracking): string {
  return `${tracking.tracker} ${tracking.id}`;
}

function withoutWeight(tracking: Tracking): readonly Tracking[] {
  if (tracking.weight === 0 || tracking.tracker === "process") return [tracking];
  const fault = { ...tracking, weight: 0 };
  if (tracking.tracker === "interface") return [fault];
  return tracking.tracker === "file" && tracking.weight === 1 ? [fault] : [];
}

/** A missing file reads 0, a BFD session starts down, a link of which nothing is known is down; scripts and processes must answer first. */
function beforeFirstFact(tracking: Tracking): Pick<Fact, "value" | "reason"> | undefined {
  if (tracking.tracker === "file") return { value: 0, reason: "not read yet" };
  if (tracking.tracker === "bfd") return { value: "down", reason: "no session yet" };
  return tracking.tracker === "interface" ? { value: "down", reason: "link is missing" } : undefined;
}

type Judgement = { readonly change: number; readonly words: string; readonly fault: string | undefined };

function judge(tracking: Tracking, fact: Pick<Fact, "value" | "reason">): Judgement {
  return typeof fact.value === "number"
    ? judgeNumber(tracking, fact.value)
    : judgeUpDown(tracking, fact.value, fact.reason);
}

/** A positive weight is added while up, a negative one while down; `reverse` turns the sign, and up into down for weight 0. */
function judgeUpDown(tracking: Tracking, value: UpDown, reason: string): Judgement {
  const { weight, reverse } = tracking;
  const words = `${nameOf(tracking)} ${value}`;
  if (weight === 0) {
    const failing = reverse ? value === "up" : value === "down";
    return { change: 0, words, fault: failing ? faultWords(tracking, value, reason) : undefined };
  }
  const counts = weight > 0 ? value === "up" : value === "down";
  return { change: counts ? (reverse ? -weight : weight) : 0, words, fault: undefined };
}

/** A file's number times the weight; -254 and below is a FAULT, as is any number but 0 (with `reverse`: 0) under weight 0. */
function judgeNumber(tracking: Tracking, value: number): Judgement {
  const { weight, reverse } = tracking;
  const words = `${nameOf(tracking)} says ${value}`;
  if (weight === 0) {
    return { change: 0, words, fault: (value !== 0) !== reverse ? words : undefined };
  }
  const product = value * (reverse ? -weight : weight);
  const change = clamp(product, -WEIGHT_LIMIT, WEIGHT_LIMIT);
  return { change: change === 0 ? 0 : change, words, fault: product < -WEIGHT_LIMIT ? words : undefined };
}

function faultWords(tracking: Tracking, value: UpDown, reason: string): string {
  if (tracking.tracker === "interface") return `tracked link ${tracking.id} is ${value}`;
  const what = value === "down" ? "failed" : "succeeded, which counts as failure (reverse)";
  return `${nameOf(tracking)} ${what}${reason === "" ? "" : `: ${reason}`}`;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
