/** Reasons for the operator: phrases without a full stop. */
import { formatDuration } from "../base/duration.ts";
import { OWNER_PRIORITY } from "./priority.ts";
import type { Backup, Peer, Router } from "./state.ts";

/** Why a backup whose timer has run out becomes master. */
export function expiryWords(state: Backup, router: Router, nowMs: number): string {
  const { master } = state;
  if (router.settings.priority === OWNER_PRIORITY && master === undefined)
    return "owner of the addresses (priority 255)";
  if (state.hurry !== undefined) return state.hurry;
  const silentMs = nowMs - state.countFromMs;
  if (master === undefined) return `no advert from anybody for ${formatDuration(silentMs)}`;
  const alive = nowMs - master.heardMs < router.settings.downAdverts * master.intervalMs;
  if (alive && master.priority < router.priority) {
    return `${master.ip} advertises priority ${master.priority} < ${router.priority}`;
  }
  return `no advert from ${master.ip} for ${formatDuration(nowMs - master.heardMs)}`;
}

/** Why a master gives way. */
export function outrankedWords(by: Peer, router: Router): string {
  return by.priority > router.priority
    ? `${by.ip} advertises priority ${by.priority} > ${router.priority}`
    : `${by.ip} advertises our priority ${router.priority} from a higher address`;
}

export function resignedWords(ip: string): string {
  return `master ${ip} resigned (priority 0)`;
}

/** Advice: a backup is silent, so a master that hears nobody may be alone, have a healthy peer, or be cut off. */
export function aloneWords(router: Router, silentMs: number): string {
  const filtered = router.settings.multicast ? "multicast or protocol 112 filtered" : "protocol 112 filtered";
  return `master for ${formatDuration(silentMs)} without a VRRP packet from any peer; right if there is none or it is backup. If it is master too: ${filtered}?`;
}

/** A fault as news: what is down went down. */
export function suddenWords(fault: string): string {
  return fault.replace(/ is down$/, " went down").replace(/ is missing$/, " disappeared");
}

/** Why a priority changed. */
export function adjustmentWords(before: readonly string[], after: readonly string[]): string {
  const fresh = after.filter((words) => !before.includes(words));
  if (fresh.length > 0) return fresh.join(", ");
  const gone = before.filter((words) => !after.includes(words));
  return gone.length > 0 ? `no longer: ${gone.join(", ")}` : "the configured priority changed";
}
