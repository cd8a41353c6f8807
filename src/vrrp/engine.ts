/**
 * VRRP (RFC 3768, RFC 9568) as one value: `createEngine()` holds all instances and groups of a node and turns what happens into what
 * is to be done. It reads no clock, opens no socket and knows no kernel; the vrrp process runs it with real ones, the simulation with a
 * clock and a LAN of its own.
 *
 *     packet ─▶ decode (packet.ts) ─┐
 *     timer ────────────────────────┼─▶ machine.step (machine, backup, master) ─▶ actions
 *     link, fact ─▶ assess ─────────┘            │      ▲
 *                   (instance, priority)         └─▶ group.nextMoves
 *
 * The machine knows one instance and the protocol; a group keeps members together; assessment turns links and trackers into a priority
 * and faults. The engine routes between them, in one place, so that after every call all members of a group are in the same state.
 *
 * What is not here: sockets and ARP frames (os/), which addresses the kernel has (network/), numbering and telling of events (daemon/).
 * `docs/vrrp-differences.md` lists where this differs from the RFC and from keepalived.
 */
import { isDeepStrictEqual } from "node:util";
import type { Ip } from "../base/address.ts";
import { unreachable } from "../base/result.ts";
import type { VrrpState } from "../events.ts";
import { dropWords } from "./drops.ts";
import { groupState, type Member, nextMoves } from "./group.ts";
import {
  assessInstance,
  createInstance,
  type Instance,
  isAddressed,
  refreshRouter,
  type Surroundings,
  statusOf,
  usesLink,
} from "./instance.ts";
import type { Action, Advert, Engine, EngineEvent, LinkState, TimerKind } from "./interface.ts";
import { step } from "./machine.ts";
import { oddities } from "./oddities.ts";
import { decodeAdvert, vridOf } from "./packet.ts";
import type { Fact, GroupSettings, RouterSettings, VrrpSettings } from "./settings.ts";
import type { Event } from "./state.ts";
import { disarm, happened } from "./steps.ts";

type Group = { settings: GroupSettings; state: VrrpState; sinceMs: number };
type Packet = Extract<EngineEvent, { type: "packet" }>;

export function createEngine(): Engine {
  const instances = new Map<string, Instance>();
  const groups = new Map<string, Group>();
  const links = new Map<string, LinkState>();
  const facts = new Map<string, Fact>();
  const timers = new Map<string, { readonly instance: Instance; readonly kind: TimerKind }>();
  /** By link and VRID: there is one, or a few that differ in family or peers. */
  const byVrid = new Map<string, Instance[]>();
  let startupUntilMs: number | undefined;
  let actions: Action[] = [];

  const around: Surroundings = {
    linkOf: (name) => links.get(name),
    factOf: (tracker, id) => facts.get(`${tracker} ${id}`) ?? (tracker === "interface" ? linkFact(id) : undefined),
  };

  function handle(event: EngineEvent, nowMs: number): readonly Action[] {
    actions = [];
    switch (event.type) {
      case "packet":
        receive(event, nowMs);
        break;
      case "expired":
        expire(event.timer, nowMs);
        break;
      case "configure":
        configure(event.settings, nowMs);
        break;
      case "link":
        linkChanged(event.state, nowMs);
        break;
      case "fact":
        learn(event.fact, nowMs);
        break;
      case "addressFault":
        addressFault(event.router, event.reason, nowMs);
        break;
      case "stalled":
        for (const instance of instances.values()) advance(instance, { type: "stalled" }, nowMs);
        break;
      case "stop":
        withdraw([...instances.values()], "vipd stops", false, nowMs);
        break;
      default:
        unreachable(event);
    }
    return actions;
  }

  // ── one instance ─────────────────────────────────────────────────────────────────────────────────────────────

  function advance(instance: Instance, event: Event, nowMs: number): void {
    const before = instance.state;
    const next = step(before, event, instance.router, nowMs);
    instance.state = next.state;
    let defended = false;
    for (const action of next.actions) {
      actions.push(action);
      if (action.type === "advertise") countSent(instance, action.advert);
      else if (action.type === "event" && action.body.type === "vrrp.lower") defended = true;
    }
    if (before.name !== next.state.name) {
      if (next.state.name === "MASTER") instance.transitions.toMaster++;
      else if (before.name === "MASTER") instance.transitions.fromMaster++;
    }
    if (instance.group !== undefined) followUp(instance, event, before.name !== next.state.name, defended, nowMs);
  }

  /** What an instance does may concern the rest of its group. */
  function followUp(instance: Instance, event: Event, moved: boolean, defended: boolean, nowMs: number): void {
    if (event.type === "heard" && event.advert.priority === 0 && instance.state.name === "BACKUP") {
      tellSiblings(instance, { type: "siblingResigned", sibling: instance.settings.name }, nowMs);
    }
    if (defended && event.type !== "siblingContested") tellSiblings(instance, { type: "siblingContested" }, nowMs);
    const isReady = instance.state.name === "BACKUP" && instance.state.ready !== undefined;
    if (!settling && (moved || isReady)) settle(nowMs);
  }

  function tellSiblings(instance: Instance, event: Event, nowMs: number): void {
    for (const sibling of membersOf(instance.group)) {
      if (sibling !== instance) advance(sibling, event, nowMs);
    }
  }

  // ── packets ──────────────────────────────────────────────────────────────────────────────────────────────────

  function receive(packet: Packet, nowMs: number): void {
    const instance = receiverOf(packet);
    if (instance === undefined || instance.state.name === "INIT") return;
    const advert = readAdvert(instance, packet, nowMs);
    if (advert === undefined) return;
    instance.adverts.received++;
    if (advert.priority === 0) instance.adverts.priorityZeroReceived++;
    const arrivedMs = Math.min(packet.arrivedMs, nowMs);
    advance(instance, { type: "heard", advert, from: packet.from, arrivedMs }, nowMs);
  }

  /** Instances that share a VRID on a link are told apart by how the packet was addressed; one alone is asked what is wrong with it. */
  function receiverOf({ link, from, to, bytes }: Packet): Instance | undefined {
    const candidates = byVrid.get(vridKey(link, vridOf(bytes) ?? 0, from));
    if (candidates === undefined || candidates.length === 1) return candidates?.[0];
    return candidates.find((candidate) => isAddressed(candidate, from, to));
  }

  function readAdvert(instance: Instance, packet: Packet, nowMs: number): Advert | undefined {
    const { from, to, ttl, bytes } = packet;
    const last = instance.lastPacket;
    if (last?.from === from && last.to === to && last.ttl === ttl && sameBytes(last.bytes, bytes)) return last.advert;
    if (!instance.heardAnybody && from !== instance.router.self) hearsSomebody(instance, nowMs);
    const decoded = decodeAdvert(bytes, packet, instance.settings);
    if (!decoded.ok) {
      const note = instance.drops.note(from, decoded.drop, nowMs);
      if (note !== undefined) {
        const { name, links: on } = instance.settings;
        const reason = dropWords(decoded.drop, from, bytes, ttl, instance.settings);
        const body = { type: "vrrp.dropped", instance: name, device: on.adverts, drop: decoded.drop } as const;
        actions.push(happened({ ...body, from: note.from, count: note.count, reason }, nowMs));
      }
      return undefined;
    }
    const { value: advert } = decoded;
    instance.lastPacket = { from, to, ttl, bytes: bytes.slice(), advert };
    for (const words of oddities(advert, from, instance.router, instance.state.master?.ip !== from)) {
      if (instance.isNews(words)) warn(instance, words, nowMs);
    }
    return advert;
  }

  function hearsSomebody(instance: Instance, nowMs: number): void {
    instance.heardAnybody = true;
    if (instance.state.name === "MASTER" && instance.router.lonely) actions.push(disarm(instance.router, "alone"));
    refresh([instance], "a peer was heard", nowMs);
  }

  function warn(instance: Instance, reason: string, nowMs: number): void {
    actions.push(happened({ type: "vrrp.warning", instance: instance.settings.name, reason }, nowMs));
  }

  // ── timers ───────────────────────────────────────────────────────────────────────────────────────────────────

  function expire(name: string, nowMs: number): void {
    const timer = timers.get(name);
    if (timer === undefined) return;
    const { instance, kind } = timer;
    if (kind === "startup") {
      instance.delayed = false;
      refresh([instance], "vrrp_startup_delay is over", nowMs);
      return;
    }
    advance(instance, { type: "expired", timer: kind }, nowMs);
    if (kind === "alone" && instance.router.lonely) {
      instance.toldAlone = true;
      refresh([instance], "told that it is alone", nowMs);
    }
  }

  // ── links, trackers, addresses ───────────────────────────────────────────────────────────────────────────────

  function linkChanged(state: LinkState, nowMs: number): void {
    const before = links.get(state.name);
    if (isDeepStrictEqual(before, state)) return;
    links.set(state.name, state);
    const affected = [...instances.values()].filter((instance) => usesLink(instance, state.name));
    const wasUp = before !== undefined && isUp(before);
    const nowUp = isUp(state);
    if (affected.length > 0 && before !== undefined && wasUp !== nowUp) {
      const words = nowUp ? "up" : state.present ? "down" : "missing";
      const body = { type: "tracker", kind: "interface", name: state.name, reason: `link is ${words}` } as const;
      actions.push(happened({ ...body, from: wasUp ? "up" : "down", to: nowUp ? "up" : "down" }, nowMs));
    }
    refresh(affected, wasUp !== nowUp && nowUp ? `link ${state.name} came up` : `link ${state.name} changed`, nowMs);
  }

  function learn(fact: Fact, nowMs: number): void {
    const name = `${fact.tracker} ${fact.id}`;
    const before = facts.get(name);
    facts.set(name, fact);
    if (before?.value === fact.value) return;
    const cause = typeof fact.value === "number" ? `${name} says ${fact.value}` : `${name} is ${fact.value}`;
    refresh(
      [...instances.values()].filter((instance) => tracks(instance, fact)),
      cause,
      nowMs,
    );
  }

  function addressFault(key: string, reason: string | undefined, nowMs: number): void {
    const instance = instances.get(key);
    if (instance === undefined) return;
    instance.addressFault = reason;
    refresh([instance], "its addresses can be kept again", nowMs);
  }

  /** Reassesses these instances and the groups that they are in, then lets the machine see what has changed. */
  function refresh(changed: readonly Instance[], cause: string, nowMs: number): void {
    const concerned = new Set<Instance>();
    for (const instance of changed) {
      assessAgain(instance, nowMs);
      concerned.add(instance);
    }
    for (const instance of changed) {
      for (const sibling of membersOf(instance.group)) concerned.add(sibling);
    }
    const moved: Instance[] = [];
    for (const instance of concerned) {
      const router = routerOf(instance);
      const isNew = router !== instance.router || instance.state.name === "INIT";
      instance.router = router;
      if (isNew) moved.push(instance);
    }
    const wasSettling = settling;
    settling = true;
    for (const instance of moved) advance(instance, { type: "assessed", cause }, nowMs);
    settling = wasSettling;
    if (!settling) settle(nowMs);
  }

  function assessAgain(instance: Instance, nowMs: number): void {
    const { priority: from, adjustments: before } = instance.own;
    instance.own = assessInstance(instance, around);
    const { priority: to, adjustments } = instance.own;
    if (from === to || (instance.state.name === "INIT" && from === instance.settings.priority)) return;
    const reason = adjustmentWords(before, adjustments);
    const { state, settings } = instance;
    actions.push(
      happened({ type: "vrrp.priority", instance: settings.name, from, to, state: state.name, reason }, nowMs),
    );
  }

  /** The faults of a member are those of all; while a member that has not begun waits, so do the others that have not. */
  function routerOf(instance: Instance) {
    const faults: string[] = [];
    const waiting: string[] = [];
    for (const sibling of membersOf(instance.group)) {
      if (sibling === instance) continue;
      const prefix = `group ${instance.group?.name}: ${sibling.settings.name}`;
      const begun = sibling.state.name !== "INIT";
      if (begun || sibling.own.waiting.length === 0)
        faults.push(...sibling.own.faults.map((fault) => `${prefix}: ${fault}`));
      if (instance.state.name === "INIT" && !begun)
        waiting.push(...sibling.own.waiting.map((what) => `${what} (${prefix})`));
    }
    return refreshRouter(instance, around, faults, waiting);
  }

  // ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** True while several instances are being moved: groups are looked at when all have. */
  let settling = false;

  function membersOf(group: GroupSettings | undefined): readonly Instance[] {
    if (group === undefined) return [];
    return group.members.flatMap((key) => instances.get(key) ?? []);
  }

  /** Moves members until every group is of one mind, then tells of groups whose state has changed. */
  function settle(nowMs: number): void {
    settling = true;
    for (const group of groups.values()) {
      const asMembers = (): readonly Member[] =>
        membersOf(group.settings).map(({ key, settings, state }) => ({ key, name: settings.name, state }));
      for (const { key, event } of nextMoves(group.settings.name, asMembers())) {
        const instance = instances.get(key);
        if (instance !== undefined) advance(instance, event, nowMs);
      }
      tellGroup(group, nowMs);
    }
    settling = false;
  }

  function tellGroup(group: Group, nowMs: number): void {
    const members = membersOf(group.settings);
    const to = groupState(members.map(({ state }) => state.name));
    if (members.length === 0 || to === group.state) return;
    const decisive = members.find(({ state }) => state.name === to);
    const reason = decisive === undefined ? "its members differ" : decisive.state.reason;
    tellGroupMove(group, to, reason, nowMs);
  }

  function tellGroupMove(group: Group, to: VrrpState, reason: string, nowMs: number): void {
    const { state: from, sinceMs } = group;
    const { name } = group.settings;
    actions.push(happened({ type: "vrrp.group", group: name, from, to, reason, afterMs: nowMs - sinceMs }, nowMs));
    group.state = to;
    group.sinceMs = nowMs;
  }

  // ── configuration ────────────────────────────────────────────────────────────────────────────────────────────

  function configure(wish: VrrpSettings, nowMs: number): void {
    startupUntilMs ??= nowMs + wish.startupDelayMs;
    const wanted = new Set(wish.routers.map(({ key }) => key));
    settling = true;
    withdraw(
      [...instances.values()].filter(({ key }) => !wanted.has(key)),
      "removed from the configuration",
      true,
      nowMs,
    );
    const changed = new Set<Instance>();
    configureGroups(wish, changed, nowMs);
    for (const settings of wish.routers) {
      const instance = instances.get(settings.key);
      const touched = instance === undefined ? add(settings, nowMs) : update(instance, settings, nowMs);
      if (touched !== undefined) changed.add(touched);
    }
    settling = false;
    refresh([...changed], "started", nowMs);
  }

  function configureGroups(wish: VrrpSettings, changed: Set<Instance>, nowMs: number): void {
    const wanted = new Map(wish.groups.map((group) => [group.name, group]));
    for (const name of groups.keys()) {
      if (!wanted.has(name)) groups.delete(name);
    }
    for (const [name, settings] of wanted) {
      const known = groups.get(name);
      if (known === undefined) groups.set(name, { settings, state: "INIT", sinceMs: nowMs });
      else if (!isDeepStrictEqual(known.settings, settings)) known.settings = settings;
    }
    for (const instance of instances.values()) {
      const router = wish.routers.find(({ key }) => key === instance.key);
      const group = router === undefined ? undefined : groupOf(router);
      if (group === instance.group) continue;
      instance.group = group;
      changed.add(instance);
    }
  }

  function groupOf(settings: RouterSettings): GroupSettings | undefined {
    return settings.group === undefined ? undefined : groups.get(settings.group)?.settings;
  }

  function add(settings: RouterSettings, nowMs: number): Instance {
    const delayed = startupUntilMs !== undefined && nowMs < startupUntilMs;
    const instance = createInstance(settings, groupOf(settings), delayed, nowMs);
    instances.set(settings.key, instance);
    index(instance);
    for (const kind of Object.keys(instance.timers) as TimerKind[])
      timers.set(instance.timers[kind], { instance, kind });
    if (delayed && startupUntilMs !== undefined) {
      actions.push({ type: "arm", timer: instance.timers.startup, atMs: startupUntilMs });
    }
    return instance;
  }

  /** Changed parameters apply in place; the state stays. @returns undefined if nothing changed */
  function update(instance: Instance, settings: RouterSettings, nowMs: number): Instance | undefined {
    const { settings: before } = instance;
    if (isDeepStrictEqual(before, settings)) return undefined;
    unindex(instance);
    instance.settings = settings;
    instance.lastPacket = undefined;
    index(instance);
    assessAgain(instance, nowMs);
    instance.router = routerOf(instance);
    advance(instance, { type: "configured", before }, nowMs);
    return instance;
  }

  function withdraw(leaving: readonly Instance[], reason: string, deleted: boolean, nowMs: number): void {
    const wasSettling = settling;
    settling = true;
    for (const instance of leaving) {
      if (instance.delayed) actions.push(disarm(instance.router, "startup"));
      advance(instance, { type: "stop", reason, deleted }, nowMs);
    }
    for (const instance of leaving) {
      instances.delete(instance.key);
      unindex(instance);
      for (const name of Object.values(instance.timers)) timers.delete(name);
    }
    settling = wasSettling;
    for (const group of groups.values()) {
      if (membersOf(group.settings).length === 0 && group.state !== "STOP") tellGroupMove(group, "STOP", reason, nowMs);
    }
  }

  function index(instance: Instance): void {
    const name = vridKeyOf(instance.settings);
    byVrid.set(name, [...(byVrid.get(name) ?? []), instance]);
  }

  function unindex(instance: Instance): void {
    const name = vridKeyOf(instance.settings);
    const rest = (byVrid.get(name) ?? []).filter((other) => other !== instance);
    if (rest.length === 0) byVrid.delete(name);
    else byVrid.set(name, rest);
  }

  function linkFact(name: string): Pick<Fact, "value" | "reason"> | undefined {
    const link = links.get(name);
    return link && { value: isUp(link) ? "up" : "down", reason: link.present ? "link is down" : "link is missing" };
  }

  return {
    handle,
    routers: () => [...instances.values()].map(statusOf),
    groups: () =>
      [...groups.values()].map(({ settings, state, sinceMs }) => ({
        name: settings.name,
        state,
        sinceMs,
        members: membersOf(settings).map((member) => member.settings.name),
      })),
  };
}

function countSent(instance: Instance, advert: Advert): void {
  instance.adverts.sent++;
  if (advert.priority === 0) instance.adverts.priorityZeroSent++;
}

function tracks(instance: Instance, fact: Fact): boolean {
  const names = ({ tracker, id }: { readonly tracker: string; readonly id: string }) =>
    tracker === fact.tracker && id === fact.id;
  return instance.settings.trackers.some(names) || (instance.group?.trackers.some(names) ?? false);
}

function isUp(link: LinkState): boolean {
  return link.present && link.running;
}

function vridKeyOf(settings: RouterSettings): string {
  return `${settings.links.adverts} ${settings.vrid} ${settings.family === "ipv6"}`;
}

function vridKey(link: string, vrid: number, from: Ip): string {
  return `${link} ${vrid} ${from.includes(":")}`;
}

function adjustmentWords(before: readonly string[], after: readonly string[]): string {
  const fresh = after.filter((words) => !before.includes(words));
  if (fresh.length > 0) return fresh.join(", ");
  const gone = before.filter((words) => !after.includes(words));
  return gone.length > 0 ? `no longer: ${gone.join(", ")}` : "the configured priority changed";
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
