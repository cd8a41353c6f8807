/** One instance inside the engine: its settings, what is known around it, its state and its counters. */
import { type Ip, isMulticast } from "../base/address.ts";
import type { VrrpState } from "../events.ts";
import { createDrops, type Drops } from "./drops.ts";
import type { Advert, LinkState, TimerKind } from "./interface.ts";
import type { Surroundings } from "./knowledge.ts";
import { created } from "./machine.ts";
import { createTold } from "./oddities.ts";
import { type Assessment, assess, trackersOf } from "./priority.ts";
import type { GroupSettings, RouterSettings, Tracking } from "./settings.ts";
import type { Router, State } from "./state.ts";
import type { RouterStatus } from "./status.ts";
import { downMs } from "./steps.ts";

export type Instance = {
  readonly key: string;
  settings: RouterSettings;
  group: GroupSettings | undefined;
  router: Router;
  state: State;
  /** Its own, without those of its group. */
  own: Assessment;
  /** Addresses that cannot be kept, in words. */
  addressFault: string | undefined;
  /** vrrp_startup_delay is not over. */
  delayed: boolean;
  heardAnybody: boolean;
  toldAlone: boolean;
  /** The last good packet: the next one is mostly the same, byte for byte. */
  lastPacket:
    | { readonly from: Ip; readonly to: Ip; readonly ttl: number; readonly bytes: Uint8Array; readonly advert: Advert }
    | undefined;
  readonly drops: Drops;
  readonly isNews: (words: string) => boolean;
  readonly timers: Router["timers"];
  readonly adverts: { sent: number; received: number; priorityZeroSent: number; priorityZeroReceived: number };
  readonly transitions: { toMaster: number; fromMaster: number };
};

const NOTHING: Assessment = { priority: 0, adjustments: [], faults: [], waiting: [] };

export function createInstance(
  settings: RouterSettings,
  group: GroupSettings | undefined,
  delayed: boolean,
  nowMs: number,
  aliveMs?: number,
): Instance {
  const timers = timerNames(settings.key);
  const own = { ...NOTHING, priority: settings.priority };
  const known = {
    settings,
    priority: settings.priority,
    self: settings.source,
    canSend: false,
    waiting: [],
    faults: [],
    lonely: true,
  };
  return {
    key: settings.key,
    settings,
    group,
    router: { ...known, grouped: group !== undefined, timers, ...advertsOf(settings, settings.priority) },
    state: created(nowMs, aliveMs),
    own,
    addressFault: undefined,
    delayed,
    heardAnybody: false,
    toldAlone: false,
    lastPacket: undefined,
    drops: createDrops(),
    isNews: createTold(),
    timers,
    adverts: { sent: 0, received: 0, priorityZeroSent: 0, priorityZeroReceived: 0 },
    transitions: { toMaster: 0, fromMaster: 0 },
  };
}

export const TIMER_KINDS = [
  "masterDown",
  "advert",
  "preempt",
  "announce",
  "quiet",
  "contest",
  "startup",
  "alone",
] as const satisfies readonly TimerKind[];

/** One timer of each kind for each instance. */
export function timerNames(key: string): Router["timers"] {
  return {
    masterDown: `masterDown ${key}`,
    advert: `advert ${key}`,
    preempt: `preempt ${key}`,
    announce: `announce ${key}`,
    quiet: `quiet ${key}`,
    contest: `contest ${key}`,
    startup: `startup ${key}`,
    alone: `alone ${key}`,
  };
}

/** Its priority, and the faults that are its own: link, source address, hearing, trackers, addresses. */
export function assessInstance(instance: Instance, around: Surroundings): Assessment {
  const { settings, group } = instance;
  const tracked = assess(settings.priority, trackersOf(settings, group), around.factOf);
  const deaf = around.deafnessOf(instance.key);
  const faults = [...linkFaults(settings, around.linkOf), ...(deaf === undefined ? [] : [deaf]), ...tracked.faults];
  if (instance.addressFault !== undefined) faults.push(instance.addressFault);
  const waiting = instance.delayed ? ["vrrp_startup_delay", ...tracked.waiting] : tracked.waiting;
  return { ...tracked, faults, waiting };
}

/** The instance as the machine is to see it; the same object as before if nothing is different. */
export function refreshRouter(
  instance: Instance,
  around: Surroundings,
  groupFaults: readonly string[],
  groupWaiting: readonly string[],
): Router {
  const { settings, router: before, own } = instance;
  const link = around.linkOf(settings.links.adverts);
  const self = settings.source ?? link?.source[settings.family];
  const canSend = link?.present === true && link.running && self !== undefined;
  const faults = groupFaults.length === 0 ? own.faults : [...own.faults, ...groupFaults];
  const waiting = groupWaiting.length === 0 ? own.waiting : [...own.waiting, ...groupWaiting];
  const lonely = !instance.heardAnybody && !instance.toldAlone;
  const grouped = instance.group !== undefined;
  const samePacket = settings === before.settings && own.priority === before.priority;
  const same =
    samePacket &&
    self === before.self &&
    canSend === before.canSend &&
    lonely === before.lonely &&
    grouped === before.grouped &&
    sameWords(faults, before.faults) &&
    sameWords(waiting, before.waiting);
  if (same) return before;
  const packets = samePacket ? before : advertsOf(settings, own.priority);
  const { advert, resignation } = packets;
  const { priority } = own;
  return {
    settings,
    priority,
    self,
    canSend,
    faults,
    waiting,
    grouped,
    lonely,
    advert,
    resignation,
    timers: instance.timers,
  };
}

/** Whether the state of this link means anything to it. */
export function usesLink(instance: Instance, name: string): boolean {
  const { settings } = instance;
  const { adverts, addresses, tracked } = settings.links;
  return (
    adverts === name ||
    addresses === name ||
    tracked === name ||
    tracks(instance, { tracker: "interface", id: name }) ||
    [...settings.addresses, ...settings.excluded].some(({ link }) => link === name)
  );
}

/** Whether it, or its group, tracks this. */
export function tracks(instance: Instance, what: Pick<Tracking, "tracker" | "id">): boolean {
  const isIt = ({ tracker, id }: Tracking) => tracker === what.tracker && id === what.id;
  return instance.settings.trackers.some(isIt) || (instance.group?.trackers.some(isIt) ?? false);
}

/** Whether a packet to `to` from `from` is meant for it rather than for another instance of the same VRID. */
export function isAddressed(instance: Instance, from: Ip, to: Ip): boolean {
  const { settings } = instance;
  if (settings.multicast !== isMulticast(to)) return false;
  return settings.multicast ? settings.destinations.includes(to) : settings.destinations.includes(from);
}

export function statusOf(instance: Instance): RouterStatus {
  const { settings, router, state, own } = instance;
  const rival = state.name === "MASTER" && state.rival?.told === true ? state.rival : undefined;
  const intervalMs = state.name === "BACKUP" ? state.intervalMs : settings.intervalMs;
  return {
    key: instance.key,
    name: settings.name,
    state: state.name satisfies VrrpState,
    sinceMs: state.sinceMs,
    reason:
      state.name === "INIT" && router.waiting.length > 0 ? `waits for ${router.waiting.join(", ")}` : state.reason,
    vrid: settings.vrid,
    version: settings.version,
    link: settings.links.adverts,
    basePriority: settings.priority,
    priority: router.priority,
    adjustments: own.adjustments,
    faults: router.faults,
    intervalMs: settings.intervalMs,
    masterDownMs: downMs(router, intervalMs),
    master: state.master,
    addresses: [...settings.addresses, ...settings.excluded].map(({ ip, length, link }) => ({
      address: `${ip}/${length}`,
      device: link,
      present: state.name === "MASTER",
    })),
    adverts: { ...instance.adverts },
    transitions: { ...instance.transitions },
    dropped: { ...instance.drops.counts() },
    group: settings.group,
    contested: rival && { by: rival.ip, priority: rival.priority, sinceMs: rival.sinceMs },
  };
}

function linkFaults(settings: RouterSettings, linkOf: Surroundings["linkOf"]): string[] {
  const { adverts, tracked } = settings.links;
  const faults: string[] = [];
  const names = new Set([
    ...(tracked === undefined ? [] : [tracked]),
    ...[...settings.addresses, ...settings.excluded].filter(({ track }) => track).map(({ link }) => link),
  ]);
  // dont_track_primary means the link on which adverts leave, wherever else it is named.
  if (tracked === undefined) names.delete(adverts);
  for (const name of names) {
    const link = linkOf(name);
    if (link?.present !== true) faults.push(`link ${name} is missing`);
    else if (!link.running) faults.push(`link ${name} is down`);
  }
  return faults.length > 0 ? faults : sourceFaults(settings, linkOf(adverts));
}

function sourceFaults(settings: RouterSettings, link: LinkState | undefined): string[] {
  const { source, family, trackSource } = settings;
  const { adverts: name } = settings.links;
  if (source === undefined) {
    if (link?.source[family] !== undefined) return [];
    return [`link ${name} has no ${family === "ipv4" ? "IPv4" : "link-local IPv6"} address to send from`];
  }
  const isThere = link?.addresses.some((address) => address.startsWith(`${source}/`)) ?? false;
  return trackSource && !isThere ? [`source address ${source} is not on link ${name}`] : [];
}

function advertsOf(settings: RouterSettings, priority: number): Pick<Router, "advert" | "resignation"> {
  const { version, vrid, intervalMs, authentication } = settings;
  const addresses = settings.addresses.map(({ ip }) => ip);
  const advert: Advert = { version, vrid, priority, intervalMs, addresses, authentication };
  return { advert, resignation: { ...advert, priority: 0 } };
}

function sameWords(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((word, index) => word === b[index]);
}
