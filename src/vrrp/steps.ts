/** The ways into and out of the states, with everything that belongs to them in keepalived's order: advert, addresses, announcement. */
import type { EventBody, VrrpState } from "../events.ts";
import type { Action, Advert, TimerKind } from "./interface.ts";
import type { Backup, Burst, Bursts, Fault, Init, Master, Peer, Router, State, Step } from "./state.ts";
import { masterDownMs, patienceMs } from "./timers.ts";
import { suddenWords } from "./words.ts";

export function stay<S extends State>(state: S, ...actions: readonly Action[]): Step<S> {
  return { state, actions };
}

export function arm(router: Router, timer: TimerKind, atMs: number): Action {
  return { type: "arm", timer: router.timers[timer], atMs };
}

export function disarm(router: Router, timer: TimerKind): Action {
  return { type: "disarm", timer: router.timers[timer] };
}

export function advertise(router: Router, advert: Advert = router.advert): Action {
  return { type: "advertise", router: router.settings, advert };
}

export function announce(router: Router, repeat: number): Action {
  return { type: "announce", router: router.settings, repeat };
}

export function happened(body: EventBody, atMs: number): Action {
  return { type: "event", body, atMs };
}

type BackupStart = {
  readonly reason: string;
  readonly master?: Peer | undefined;
  /** When Master_Down_Timer starts; now by default. */
  readonly countFromMs?: number;
  /** How long it runs if not for Master_Down_Interval. */
  readonly waitMs?: number;
  readonly fresh?: boolean;
  /** It waits for its group only. */
  readonly ready?: string;
};

/** §6.4.1 (145), §6.4.3 (750): Master_Down_Timer starts. */
export function enterBackup(router: Router, from: State, start: BackupStart, nowMs: number): Step<Backup> {
  const { reason, master } = start;
  const intervalMs = learnedIntervalMs(router, master);
  const countFromMs = start.countFromMs ?? nowMs;
  const state: Backup = {
    name: "BACKUP",
    sinceMs: nowMs,
    reason,
    master,
    intervalMs,
    countFromMs,
    masterDownAtMs: countFromMs + (start.waitMs ?? downMs(router, intervalMs)),
    delay: "idle",
    hurry: undefined,
    listening: false,
    ready: start.ready,
    fresh: start.fresh === true,
  };
  const told = transition(router, from, "BACKUP", reason, nowMs, master);
  return {
    state,
    actions: state.ready === undefined ? [arm(router, "masterDown", state.masterDownAtMs), told] : [told],
  };
}

/** §6.4.1 (110), §6.4.2 (365): an advert at once, then the addresses, then everybody is told where they are. */
export function enterMaster(router: Router, from: State, reason: string, nowMs: number): Step<Master> {
  const { settings } = router;
  const { garp } = settings;
  const bursts: Bursts =
    garp.delayMs > 0
      ? {
          second: { atMs: nowMs + garp.delayMs, repeat: garp.repeat },
          refresh: refreshBurst(router, nowMs + garp.delayMs),
        }
      : { refresh: refreshBurst(router, nowMs) };
  const state: Master = {
    name: "MASTER",
    sinceMs: nowMs,
    reason,
    master: undefined,
    sentMs: nowMs,
    advertAtMs: nowMs + settings.intervalMs,
    quietUntilMs: undefined,
    answeredMs: Number.NEGATIVE_INFINITY,
    defenceMs: nowMs,
    bursts,
    rival: undefined,
  };
  const actions: Action[] = [
    advertise(router),
    { type: "addresses", router: settings, wanted: true },
    announce(router, garp.repeat),
    arm(router, "advert", state.advertAtMs),
    ...(from.name === "BACKUP" ? leaveBackup(router, from) : []),
    ...armBursts(router, bursts),
    transition(router, from, "MASTER", reason, nowMs, "self"),
  ];
  if (router.lonely) actions.push(arm(router, "alone", nowMs + 3 * downMs(router, settings.intervalMs)));
  return { state, actions };
}

export function enterFault(router: Router, from: State, fault: string, nowMs: number): Step<Fault> {
  const reason = from.name === "INIT" ? fault : suddenWords(fault);
  const last = router.canSend ? router.resignation : undefined;
  const actions = from.name === "MASTER" ? leaveMaster(router, from, last, nowMs) : leave(router, from);
  const { master } = from;
  return {
    state: { name: "FAULT", sinceMs: nowMs, reason, master },
    actions: [...actions, transition(router, from, "FAULT", reason, nowMs, master)],
  };
}

/** SIGTERM or removal, §6.4.2 (325) and §6.4.3 (655). */
export function enterStop(router: Router, from: State, reason: string, deleted: boolean, nowMs: number): Step<Init> {
  const actions = from.name === "MASTER" ? leaveMaster(router, from, router.resignation, nowMs) : leave(router, from);
  return {
    state: { name: "INIT", sinceMs: nowMs, reason, master: undefined },
    actions: [...actions, transition(router, from, "STOP", reason, nowMs, from.master, deleted)],
  };
}

/** Gives the addresses up. @param last the advert that goes before, if any */
export function leaveMaster(router: Router, state: Master, last: Advert | undefined, nowMs: number): readonly Action[] {
  const actions: Action[] = last === undefined ? [] : [advertise(router, last)];
  actions.push({ type: "addresses", router: router.settings, wanted: false }, disarm(router, "advert"));
  if (nextBurst(state.bursts) !== undefined) actions.push(disarm(router, "announce"));
  if (state.quietUntilMs !== undefined) actions.push(disarm(router, "quiet"));
  if (router.lonely) actions.push(disarm(router, "alone"));
  return [...actions, ...endContest(router, state, nowMs)];
}

/** Ends what `vrrp.contested` has begun. */
export function endContest(router: Router, state: Master, nowMs: number): readonly Action[] {
  const { rival } = state;
  if (rival === undefined) return [];
  const { ip: by, priority: theirPriority, adverts } = rival;
  const forMs = rival.heardMs - rival.sinceMs;
  const instance = router.settings.name;
  const actions = [disarm(router, "contest")];
  if (rival.told) {
    actions.push(
      happened({ type: "vrrp.contested", instance, phase: "end", by, theirPriority, adverts, forMs }, nowMs),
    );
  }
  return actions;
}

/** Master_Down_Interval for a master that advertises every `intervalMs`. */
export function downMs(router: Router, intervalMs: number): number {
  const { version, downAdverts } = router.settings;
  return masterDownMs({ version, downAdverts, priority: router.priority }, intervalMs);
}

/** For so long may a master be silent before somebody else has taken over. */
export function silenceLimitMs(router: Router, intervalMs: number): number {
  const { version, downAdverts } = router.settings;
  return patienceMs({ version, downAdverts, priority: router.priority }, intervalMs);
}

/** Active_Adver_Interval: version 3 follows the master, version 2 expects its own. */
export function learnedIntervalMs(router: Router, master: Peer | undefined): number {
  return router.settings.version === 3 && master !== undefined ? master.intervalMs : router.settings.intervalMs;
}

export function nextBurst(bursts: Bursts): Burst | undefined {
  let next: Burst | undefined;
  for (const burst of [bursts.owed, bursts.second, bursts.refresh]) {
    if (burst !== undefined && (next === undefined || burst.atMs < next.atMs)) next = burst;
  }
  return next;
}

export function armBursts(router: Router, bursts: Bursts): readonly Action[] {
  const next = nextBurst(bursts);
  return next === undefined ? [] : [arm(router, "announce", next.atMs)];
}

export function refreshBurst(router: Router, fromMs: number): Burst | undefined {
  const { refreshMs, refreshRepeat } = router.settings.garp;
  return refreshMs > 0 ? { atMs: fromMs + refreshMs, repeat: refreshRepeat } : undefined;
}

function leave(router: Router, from: State): readonly Action[] {
  const unwanted: Action = { type: "addresses", router: router.settings, wanted: false };
  return from.name === "BACKUP" ? [unwanted, ...leaveBackup(router, from)] : [unwanted];
}

function leaveBackup(router: Router, from: Backup): readonly Action[] {
  const actions = from.ready === undefined ? [disarm(router, "masterDown")] : [];
  return from.delay === "running" ? [...actions, disarm(router, "preempt")] : actions;
}

function transition(
  router: Router,
  from: State,
  to: VrrpState,
  reason: string,
  nowMs: number,
  master: Peer | "self" | undefined,
  deleted?: boolean,
): Action {
  const { settings } = router;
  const body: EventBody = {
    type: "vrrp.transition",
    instance: settings.name,
    from: from.name,
    to,
    reason,
    priority: router.priority,
    afterMs: nowMs - from.sinceMs,
    master: master === undefined || master === "self" ? master : master.ip,
    addresses: [...settings.addresses, ...settings.excluded].map(({ ip, length }) => `${ip}/${length}`),
    ...(deleted === true ? { deleted } : {}),
  };
  return happened(body, nowMs);
}
