/** When the attempts of a check start. */
import type { Random } from "../base/random.ts";
import type { Health } from "./health.ts";

export type Pace = { readonly intervalMs: number; readonly retryDelayMs: number; readonly warmupMs: number };

/**
 * The first start is drawn from the warm-up, so that a thousand checks do not start at once.
 * @param urgent a server that may have been in use until now waits for it: within a second at most
 */
export function firstStart(pace: Pace, urgent: boolean, nowMs: number, random: Random): number {
  return nowMs + random() * (urgent ? Math.min(URGENT_MS, pace.warmupMs) : pace.warmupMs);
}

const URGENT_MS = 1000;

/**
 * Starts are `intervalMs` apart, whatever an attempt takes; one that takes longer skips the starts it missed. A failure that does
 * not count yet is repeated `retryDelayMs` after its end.
 */
export function nextStart(pace: Pace, health: Health, dueMs: number, endedMs: number): number {
  if (health.failures > 0) return endedMs + pace.retryDelayMs;
  const missed = Math.max(1, Math.ceil((endedMs - dueMs) / pace.intervalMs));
  return dueMs + missed * pace.intervalMs;
}
