/**
 * The protocol of one virtual router: (state, event, router, now) → state and actions. Section numbers are those of RFC 9568, whose
 * Active router operators call master; RFC 3768 differs in its timers only (timers.ts). What is done differently on purpose stands
 * in docs/vrrp-differences.md.
 *
 * Each state is one total function. A state carries what only it knows; the times at which its timers are due are among that, so that
 * an expiry which was on its way while an advert came in is recognised as stale.
 */
import { unreachable } from "../base/result.ts";
import { inBackup, peerOf } from "./backup.ts";
import { inMaster } from "./master.ts";
import { OWNER_PRIORITY } from "./priority.ts";
import type { Event, Fault, Init, Router, State, Step } from "./state.ts";
import { enterBackup, enterFault, enterMaster, enterStop, happened, silenceLimitMs, stay } from "./steps.ts";
import { skewMs } from "./timers.ts";
import { suddenWords } from "./words.ts";

/** The state of an instance that nothing has happened to yet. */
export function created(nowMs: number, aliveMs?: number): Init {
  return { name: "INIT", sinceMs: nowMs, reason: "not started", master: undefined, aliveMs };
}

/** Actions are to be done in their order: advert, addresses, announcement. */
export function step(state: State, event: Event, router: Router, nowMs: number): Step {
  switch (state.name) {
    case "INIT":
      return inInit(state, event, router, nowMs); // §6.4.1
    case "BACKUP":
      return inBackup(state, event, router, nowMs); // §6.4.2
    case "MASTER":
      return inMaster(state, event, router, nowMs); // §6.4.3
    case "FAULT":
      return inFault(state, event, router, nowMs); // RFC 9568 has none: Init with a reason
    default:
      return unreachable(state);
  }
}

/** Silent until everything that it tracks has answered once. */
function inInit(state: Init, event: Event, router: Router, nowMs: number): Step {
  switch (event.type) {
    case "assessed":
      return router.waiting.length > 0 ? stay(state) : start(state, event.cause, router, nowMs);
    case "stop":
      return enterStop(router, state, event.reason, event.deleted, nowMs);
    case "heard":
    case "expired":
    case "stalled":
    case "take":
    case "yield":
    case "siblingResigned":
    case "siblingContested":
    case "configured":
      return stay(state);
    default:
      return unreachable(event);
  }
}

/** §6.4.1: the owner of the addresses begins as master, if it is also set to; everybody else listens for Master_Down_Interval first. */
function start(state: Init, reason: string, router: Router, nowMs: number): Step {
  if (router.faults[0] !== undefined) return enterFault(router, state, router.faults[0], nowMs);
  if (mayGoOn(state, router, nowMs)) return enterMaster(router, state, GOES_ON, nowMs);
  const owner = "owner of the addresses (priority 255)";
  const fresh = state.aliveMs === undefined; // else somebody may have replaced it, and its group shall not take it along
  if (ownsFromStart(router)) {
    if (!router.grouped) return enterMaster(router, state, owner, nowMs);
    return enterBackup(router, state, { reason, fresh, ready: owner }, nowMs);
  }
  const backup = enterBackup(router, state, { reason, fresh }, nowMs);
  const swept = { type: "addresses", router: router.settings, wanted: false } as const;
  return { state: backup.state, actions: [swept, ...backup.actions] };
}

const GOES_ON = "goes on: it was master when the process before this one ended";

/** Not even the most eager backup has missed enough adverts to be master by now. */
function mayGoOn({ aliveMs }: Init, router: Router, nowMs: number): boolean {
  const { intervalMs } = router.settings;
  return aliveMs !== undefined && nowMs - aliveMs + intervalMs < silenceLimitMs(router, intervalMs);
}

/** Adverts and timers mean nothing to it; that the reason is gone does. */
function inFault(state: Fault, event: Event, router: Router, nowMs: number): Step {
  switch (event.type) {
    case "assessed": {
      const reasons = [...router.faults, ...router.waiting.map((what) => `waits for ${what}`)];
      return reasons.length > 0 ? remain(state, reasons, router, nowMs) : recover(state, event.cause, router, nowMs);
    }
    case "heard":
      return stay({ ...state, master: peerOf(event) });
    case "stop":
      return enterStop(router, state, event.reason, event.deleted, nowMs);
    case "expired":
    case "stalled":
    case "take":
    case "yield":
    case "siblingResigned":
    case "siblingContested":
    case "configured":
      return stay(state);
    default:
      return unreachable(event);
  }
}

/** What was wrong first may be well while something else is not: that is the reason then, and told. */
function remain(state: Fault, reasons: readonly string[], router: Router, nowMs: number): Step<Fault> {
  const reason = reasons[0];
  const isKnown = reasons.some((one) => one === state.reason || suddenWords(one) === state.reason);
  if (reason === undefined || isKnown) return stay(state);
  const { name: instance } = router.settings;
  const told = happened({ type: "vrrp.warning", instance, reason: `still in FAULT: ${reason}` }, nowMs);
  return stay({ ...state, reason }, told);
}

/** By way of BACKUP, and for the whole Master_Down_Interval; an owner waits for one advert only. */
function recover(state: Fault, reason: string, router: Router, nowMs: number): Step {
  const { settings, priority } = router;
  if (!ownsFromStart(router)) return enterBackup(router, state, { reason }, nowMs);
  const waitMs = settings.intervalMs + skewMs({ version: settings.version, priority }, settings.intervalMs);
  return enterBackup(router, state, { reason, waitMs }, nowMs);
}

function ownsFromStart(router: Router): boolean {
  return router.settings.priority === OWNER_PRIORITY && router.settings.initial === "MASTER";
}
