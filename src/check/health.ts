/** When a verdict counts: one rule for every kind of check (behaviour 98). */
import type { UpDown } from "../events.ts";
import type { Verdict } from "./probe.ts";

export type Health = {
  readonly state: UpDown | "unknown";
  /** Failures in a row that did not count yet; always 0 unless up. */
  readonly failures: number;
};

/**
 * Success counts at once. The first failure of a check that nothing is known of counts at once, too; one that was up may fail
 * `retries` times before the next failure counts.
 */
export function tally(health: Health, verdict: Verdict, retries: number): Health {
  if (verdict.up === undefined) return health;
  if (verdict.up) return health.state === "up" && health.failures === 0 ? health : UP;
  if (health.state !== "up") return DOWN;
  return health.failures < retries ? { state: "up", failures: health.failures + 1 } : DOWN;
}

const UP: Health = { state: "up", failures: 0 };
const DOWN: Health = { state: "down", failures: 0 };
