/**
 * §6.4.3: a master advertises, gives way to whoever ranks higher, and defends itself against whoever ranks lower. Answers out of turn
 * are bounded whatever comes in: one advert an interval, three announcements and then one a second; the rest is covered by the next one.
 */
import { compareIps } from "../base/address.ts";
import { formatDuration } from "../base/duration.ts";
import { unreachable } from "../base/result.ts";
import { peerOf } from "./backup.ts";
import type { Action } from "./interface.ts";
import { OWNER_PRIORITY } from "./priority.ts";
import type { RouterSettings } from "./settings.ts";
import type { Bursts, Event, Master, Peer, Rival, Router, Step } from "./state.ts";
import {
  advertise,
  announce,
  arm,
  armBursts,
  disarm,
  endContest,
  enterBackup,
  enterFault,
  enterStop,
  happened,
  leaveMaster,
  nextBurst,
  refreshBurst,
  silenceLimitMs,
  stay,
} from "./steps.ts";
import { aloneWords, outrankedWords } from "./words.ts";

/** Time between two announcements that others cause, in the long run. Some may come early: for the last advert of who gives way. */
const DEFENCE_GAP_MS = 1000;
const DEFENCES_EARLY = 2;

export function inMaster(state: Master, event: Event, router: Router, nowMs: number): Step {
  switch (event.type) {
    case "heard":
      return masterHears(state, peerOf(event), router, nowMs);
    case "expired":
      return expired(state, event.timer, router, nowMs);
    case "stalled":
      return isSilentTooLong(state, router, nowMs) ? keepQuiet(state, router, nowMs) : stay(state);
    case "yield":
      return giveWay(state, event.reason, undefined, router, nowMs);
    case "siblingContested":
      return state.defenceMs <= nowMs ? reannounce(state, router, nowMs) : stay(state);
    case "assessed":
      return router.faults[0] === undefined ? stay(state) : enterFault(router, state, router.faults[0], nowMs);
    case "configured":
      return reconfigure(state, event.before, router, nowMs);
    case "stop":
      return enterStop(router, state, event.reason, event.deleted, nowMs);
    case "take":
    case "siblingResigned":
      return stay(state);
    default:
      return unreachable(event);
  }
}

function expired(
  state: Master,
  timer: Extract<Event, { type: "expired" }>["timer"],
  router: Router,
  nowMs: number,
): Step {
  switch (timer) {
    case "advert":
      return advertIsDue(state, router, nowMs);
    case "quiet":
      return quietIsOver(state, router, nowMs);
    case "announce":
      return announcementIsDue(state, router, nowMs);
    case "contest":
      return contestMayBeOver(state, router, nowMs);
    case "alone":
      return isAlone(state, router, nowMs);
    case "masterDown":
    case "preempt":
    case "startup":
      return stay(state);
    default:
      return unreachable(timer);
  }
}

/** §6.4.3 (700–790). */
function masterHears(state: Master, peer: Peer, router: Router, nowMs: number): Step {
  if (router.settings.ownerIgnoreAdverts && router.priority === OWNER_PRIORITY) return stay(state);
  if (state.quietUntilMs === undefined && isSilentTooLong(state, router, nowMs)) {
    const quiet = keepQuiet(state, router, nowMs);
    const next = masterHears(quiet.state, peer, router, nowMs);
    return { state: next.state, actions: [...quiet.actions, ...next.actions] };
  }
  if (peer.priority === 0) return answer(state, router, nowMs);
  if (outranks(peer, router)) return giveWay(state, outrankedWords(peer, router), peer, router, nowMs);
  return peer.ip === router.self ? stay(state) : defend(state, peer, router, nowMs);
}

/** Higher priority, or the same from a higher address. */
function outranks(peer: Peer, router: Router): boolean {
  if (peer.priority !== router.priority) return peer.priority > router.priority;
  return router.self !== undefined && compareIps(peer.ip, router.self) > 0;
}

/** One last advert, of lower rank, makes the winner announce its addresses again: it may have been announced over while both were master. */
function giveWay(state: Master, reason: string, to: Peer | undefined, router: Router, nowMs: number): Step {
  const { strict, higherPrioSendAdvert } = router.settings;
  const last = strict || higherPrioSendAdvert === false ? undefined : router.advert;
  const left = leaveMaster(router, state, last, nowMs);
  const countFromMs = to === undefined ? nowMs : to.heardMs;
  const next = enterBackup(router, state, { reason, master: to, countFromMs }, nowMs);
  return { state: next.state, actions: [...left, ...next.actions] };
}

/** An advert at once, unless one went out of turn less than an interval ago: then the regular one does. */
function answer(state: Master, router: Router, nowMs: number): Step<Master> {
  const { intervalMs } = router.settings;
  if (state.quietUntilMs !== undefined || nowMs - state.answeredMs < intervalMs) return { state, actions: [] };
  const advertAtMs = nowMs + intervalMs;
  return {
    state: { ...state, sentMs: nowMs, answeredMs: nowMs, advertAtMs },
    actions: [advertise(router), arm(router, "advert", advertAtMs)],
  };
}

/** §6.4.3 (765–770): the rival is told, and so are those who may have learned its MAC address. */
function defend(state: Master, peer: Peer, router: Router, nowMs: number): Step {
  const met = meet(state, peer, router, nowMs);
  const answered = router.settings.lowerPrioNoAdvert ? met : answer(met.state, router, nowMs);
  const told = reannounce(answered.state, router, nowMs);
  const actions = [...met.actions, ...(answered === met ? [] : answered.actions), ...told.actions];
  if (told.state.defenceMs !== state.defenceMs) {
    const { priority } = router;
    const body = { type: "vrrp.lower", instance: router.settings.name, priority, by: peer.ip } as const;
    actions.push(happened({ ...body, theirPriority: peer.priority }, nowMs));
  }
  return { state: told.state, actions };
}

/** A last advert of somebody who gives way is no contest; one who is still there half an interval later contests. */
function meet(state: Master, peer: Peer, router: Router, nowMs: number): Step<Master> {
  const { rival } = state;
  const { ip, priority, intervalMs } = peer;
  if (rival === undefined || isForgotten(rival, router, nowMs)) {
    const first = { ip, priority, intervalMs, sinceMs: nowMs, heardMs: nowMs, adverts: 1, told: false };
    return { state: { ...state, rival: first }, actions: [arm(router, "contest", contestEndsMs(first, router))] };
  }
  const seen: Rival = { ...rival, ip, priority, intervalMs, heardMs: nowMs, adverts: rival.adverts + 1 };
  if (rival.told || nowMs - rival.sinceMs < intervalMs / 2) return { state: { ...state, rival: seen }, actions: [] };
  const forMs = nowMs - rival.sinceMs;
  const instance = router.settings.name;
  const body = { type: "vrrp.contested", instance, phase: "begin", by: ip, theirPriority: priority, forMs } as const;
  return {
    state: { ...state, rival: { ...seen, told: true } },
    actions: [happened({ ...body, adverts: seen.adverts }, nowMs)],
  };
}

/** Who was never told of and fell silent before a stall is another one after it. */
function isForgotten(rival: Rival, router: Router, nowMs: number): boolean {
  return !rival.told && nowMs >= contestEndsMs(rival, router);
}

function contestEndsMs(rival: Rival, router: Router): number {
  return rival.heardMs + 3 * Math.max(rival.intervalMs, router.settings.intervalMs);
}

function contestMayBeOver(state: Master, router: Router, nowMs: number): Step {
  if (state.rival === undefined) return stay(state);
  const endsMs = contestEndsMs(state.rival, router);
  if (nowMs < endsMs) return stay(state, arm(router, "contest", endsMs));
  return { state: { ...state, rival: undefined }, actions: endContest(router, state, nowMs) };
}

/** Announces now and once more after garp_lower_prio_delay; within a second of the last time it is owed until then. */
function reannounce(state: Master, router: Router, nowMs: number): Step<Master> {
  const { lowerPrioRepeat: repeat, lowerPrioDelayMs } = router.settings.garp;
  if (state.quietUntilMs !== undefined) return { state, actions: [] };
  const freeMs = state.defenceMs - DEFENCES_EARLY * DEFENCE_GAP_MS;
  if (nowMs < freeMs) {
    if (repeat === 0 || state.bursts.owed !== undefined) return { state, actions: [] };
    return schedule(state, { ...state.bursts, owed: { atMs: freeMs, repeat } }, router);
  }
  const defended = { ...state, defenceMs: Math.max(nowMs, state.defenceMs) + DEFENCE_GAP_MS };
  if (repeat === 0) return { state: defended, actions: [] };
  const second = lowerPrioDelayMs > 0 ? { atMs: nowMs + lowerPrioDelayMs, repeat } : state.bursts.second;
  const next = schedule(defended, { ...state.bursts, owed: undefined, second }, router);
  return { state: next.state, actions: [announce(router, repeat), ...next.actions] };
}

function announcementIsDue(state: Master, router: Router, nowMs: number): Step {
  const due = nextBurst(state.bursts);
  if (due === undefined || due.atMs > nowMs) return stay(state);
  const { owed, second, refresh } = state.bursts;
  if (due === owed) return reannounce({ ...state, bursts: { ...state.bursts, owed: undefined } }, router, nowMs);
  const rest = {
    owed,
    second: due === second ? undefined : second,
    refresh: due === refresh ? refreshBurst(router, nowMs) : refresh,
  };
  const next = schedule(state, rest, router);
  return { state: next.state, actions: [announce(router, due.repeat), ...next.actions] };
}

function schedule(state: Master, bursts: Bursts, router: Router): Step<Master> {
  return { state: { ...state, bursts }, actions: armBursts(router, bursts) };
}

/** §6.4.3 (685): the next one an interval after this one was due, so that lateness does not add up. */
function advertIsDue(state: Master, router: Router, nowMs: number): Step {
  if (state.quietUntilMs !== undefined || nowMs < state.advertAtMs) return stay(state);
  if (isSilentTooLong(state, router, nowMs)) return keepQuiet(state, router, nowMs);
  const { intervalMs } = router.settings;
  const onTimeMs = state.advertAtMs + intervalMs;
  const advertAtMs = onTimeMs > nowMs ? onTimeMs : nowMs + intervalMs;
  return stay({ ...state, sentMs: nowMs, advertAtMs }, advertise(router), arm(router, "advert", advertAtMs));
}

/** The others have waited long enough to have a new master. */
function isSilentTooLong(state: Master, router: Router, nowMs: number): boolean {
  return state.quietUntilMs === undefined && nowMs - state.sentMs > silenceLimitMs(router, router.settings.intervalMs);
}

/** A master that has slept keeps its addresses and listens for an interval before it goes on. */
function keepQuiet(state: Master, router: Router, nowMs: number): Step<Master> {
  const { name: instance, intervalMs } = router.settings;
  const quietUntilMs = nowMs + intervalMs;
  const action = `keeps its addresses and listens for ${formatDuration(intervalMs)}`;
  const lateMs = Math.max(0, nowMs - state.advertAtMs);
  return {
    state: { ...state, quietUntilMs },
    actions: [
      disarm(router, "advert"),
      arm(router, "quiet", quietUntilMs),
      happened({ type: "vrrp.stalled", instance, lateMs, action }, nowMs),
    ],
  };
}

/** Nobody of higher rank was heard: it goes on, and says again where the addresses are. */
function quietIsOver(state: Master, router: Router, nowMs: number): Step {
  const { quietUntilMs } = state;
  if (quietUntilMs === undefined || nowMs < quietUntilMs) return stay(state);
  const { settings } = router;
  if (nowMs - quietUntilMs > silenceLimitMs(router, settings.intervalMs)) return keepQuiet(state, router, nowMs);
  const advertAtMs = nowMs + settings.intervalMs;
  return stay(
    { ...state, quietUntilMs: undefined, sentMs: nowMs, advertAtMs },
    advertise(router),
    announce(router, settings.garp.repeat),
    arm(router, "advert", advertAtMs),
  );
}

/** A warning where somebody else was meant to be master; elsewhere it is the ordinary state of a pair. */
function isAlone(state: Master, router: Router, nowMs: number): Step {
  if (!router.lonely) return stay(state);
  const { name: instance, initial } = router.settings;
  const reason = aloneWords(router, nowMs - state.sinceMs);
  if (initial === "MASTER") return stay(state, happened({ type: "info", reason: `${instance}: ${reason}` }, nowMs));
  return stay(state, happened({ type: "vrrp.warning", instance, reason }, nowMs));
}

/** What has changed is told at once: an advert with the new contents, the new addresses, and where they are. */
function reconfigure(state: Master, before: RouterSettings, router: Router, nowMs: number): Step {
  const { settings } = router;
  const actions: Action[] = [{ type: "addresses", router: settings, wanted: true }];
  if (addressWords(settings) !== addressWords(before)) actions.push(announce(router, settings.garp.repeat));
  if (state.quietUntilMs !== undefined) return { state, actions };
  const advertAtMs = nowMs + settings.intervalMs;
  return {
    state: { ...state, sentMs: nowMs, advertAtMs },
    actions: [advertise(router), ...actions, arm(router, "advert", advertAtMs)],
  };
}

function addressWords(settings: RouterSettings): string {
  return JSON.stringify([settings.addresses, settings.excluded]);
}
