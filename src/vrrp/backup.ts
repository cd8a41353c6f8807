/** §6.4.2: a backup waits for the master's silence. */
import { formatDuration } from "../base/duration.ts";
import { unreachable } from "../base/result.ts";
import type { RouterSettings } from "./settings.ts";
import type { Backup, Event, Peer, Router, Step } from "./state.ts";
import {
  arm,
  disarm,
  downMs,
  enterFault,
  enterMaster,
  enterStop,
  happened,
  learnedIntervalMs,
  silenceLimitMs,
  stay,
} from "./steps.ts";
import { skewMs } from "./timers.ts";
import { expiryWords, resignedWords } from "./words.ts";

export function inBackup(state: Backup, event: Event, router: Router, nowMs: number): Step {
  switch (event.type) {
    case "heard":
      return backupHears(state, peerOf(event), event.arrivedMs, router, nowMs);
    case "expired":
      if (event.timer === "masterDown") return masterIsDown(state, router, nowMs);
      return stay(event.timer === "preempt" && state.delay === "running" ? { ...state, delay: "over" } : state);
    case "take":
      return enterMaster(router, state, event.reason, nowMs);
    case "siblingResigned":
      return siblingResigned(state, event.sibling, router, nowMs);
    case "assessed":
      return assessed(state, router, nowMs);
    case "configured":
      return reconfigure(state, event.before, router, nowMs);
    case "stop":
      return enterStop(router, state, event.reason, event.deleted, nowMs);
    case "yield":
    case "siblingContested":
    case "stalled":
      return stay(state);
    default:
      return unreachable(event);
  }
}

/** Whose group is gone waits for nobody any more. */
function assessed(state: Backup, router: Router, nowMs: number): Step {
  if (router.faults[0] !== undefined) return enterFault(router, state, router.faults[0], nowMs);
  if (state.ready !== undefined && !router.grouped) return enterMaster(router, state, state.ready, nowMs);
  return stay(state);
}

export function peerOf(event: Extract<Event, { type: "heard" }>): Peer {
  const { advert, from, arrivedMs } = event;
  return { ip: from, priority: advert.priority, intervalMs: advert.intervalMs, heardMs: arrivedMs };
}

/** §6.4.2 (420–495), with preempt_delay: as long as that runs a lower master is followed like a higher one. */
function backupHears(state: Backup, peer: Peer, arrivedMs: number, router: Router, nowMs: number): Step {
  if (peer.priority === 0) return masterResigns(state, peer, arrivedMs, router);
  const { preempt, preemptDelayMs } = router.settings;
  if (peer.priority >= router.priority) return follow(state, peer, "idle", router);
  if (!preempt) return follow(state, peer, state.delay, router);
  if (preemptDelayMs === 0 || state.delay === "over") return stay({ ...state, master: peer });
  const followed = follow(state, peer, "running", router);
  if (state.delay === "running") return followed;
  return { state: followed.state, actions: [...followed.actions, arm(router, "preempt", nowMs + preemptDelayMs)] };
}

/** The timer counts from the arrival of the advert, not from when we came to read it. */
function follow(state: Backup, master: Peer, delay: Backup["delay"], router: Router): Step {
  const intervalMs = learnedIntervalMs(router, master);
  const masterDownAtMs = master.heardMs + downMs(router, intervalMs);
  const next: Backup = {
    ...state,
    master,
    intervalMs,
    countFromMs: master.heardMs,
    masterDownAtMs,
    delay,
    hurry: undefined,
    listening: false,
    ready: undefined,
    fresh: false,
  };
  const rearmed = arm(router, "masterDown", masterDownAtMs);
  return stay(
    next,
    ...(state.delay === "running" && delay !== "running" ? [rearmed, disarm(router, "preempt")] : [rearmed]),
  );
}

/** §6.4.2 (425): Skew_Time is left; less, if the timer ends before that. */
function masterResigns(state: Backup, peer: Peer, arrivedMs: number, router: Router): Step {
  const seen: Backup = { ...state, master: peer };
  const soonMs = arrivedMs + skewMs({ version: router.settings.version, priority: router.priority }, state.intervalMs);
  if (state.ready !== undefined || soonMs >= state.masterDownAtMs) return stay(seen);
  return stay({ ...seen, masterDownAtMs: soonMs, hurry: resignedWords(peer.ip) }, arm(router, "masterDown", soonMs));
}

/**
 * A master that leaves one link of a group leaves all; what its adverts on this link would have told is told by its resignation on the
 * other. Only if it has missed an advert here too: a peer without groups may well go on.
 */
function siblingResigned(state: Backup, sibling: string, router: Router, nowMs: number): Step {
  const skew = skewMs({ version: router.settings.version, priority: router.priority }, state.intervalMs);
  const soonMs = Math.max(nowMs, state.countFromMs + state.intervalMs) + skew;
  if (state.ready !== undefined || soonMs >= state.masterDownAtMs) return stay(state);
  const hurry = `the master resigned on ${sibling} and is silent here`;
  return stay({ ...state, masterDownAtMs: soonMs, hurry }, arm(router, "masterDown", soonMs));
}

/** §6.4.2 (365). Woken later than the others would have waited, it listens for an interval before it speaks. */
function masterIsDown(state: Backup, router: Router, nowMs: number): Step {
  if (state.ready !== undefined || nowMs < state.masterDownAtMs) return stay(state);
  const lateMs = nowMs - state.masterDownAtMs;
  if (!state.listening && lateMs > silenceLimitMs(router, state.intervalMs))
    return listenFirst(state, lateMs, router, nowMs);
  const reason = expiryWords(state, router, nowMs);
  if (!router.grouped) return enterMaster(router, state, reason, nowMs);
  return stay({ ...state, ready: reason });
}

function listenFirst(state: Backup, lateMs: number, router: Router, nowMs: number): Step {
  const timing = { version: router.settings.version, priority: router.priority };
  const masterDownAtMs = nowMs + state.intervalMs + skewMs(timing, state.intervalMs);
  const action = `listens for ${formatDuration(masterDownAtMs - nowMs)} before it takes over`;
  return stay(
    { ...state, masterDownAtMs, listening: true },
    arm(router, "masterDown", masterDownAtMs),
    happened({ type: "vrrp.stalled", instance: router.settings.name, lateMs, action }, nowMs),
  );
}

/** New parameters count from the last accepted advert on. */
function reconfigure(state: Backup, before: RouterSettings, router: Router, nowMs: number): Step {
  const { settings } = router;
  const stops = state.delay === "running" && (!settings.preempt || settings.preemptDelayMs !== before.preemptDelayMs);
  const next: Backup = { ...state, delay: stops ? "idle" : state.delay };
  const actions = stops ? [disarm(router, "preempt")] : [];
  const sameTiming =
    settings.intervalMs === before.intervalMs &&
    settings.version === before.version &&
    settings.downAdverts === before.downAdverts &&
    settings.priority === before.priority;
  if (sameTiming || state.ready !== undefined || state.hurry !== undefined) return stay(next, ...actions);
  const intervalMs = learnedIntervalMs(router, state.master);
  const masterDownAtMs = Math.max(nowMs, state.countFromMs + downMs(router, intervalMs));
  return stay({ ...next, intervalMs, masterDownAtMs }, ...actions, arm(router, "masterDown", masterDownAtMs));
}
