/**
 * VRRP (RFC 3768, RFC 9568) as one value: `createEngine()` holds all instances and groups of a node and turns what happens into what
 * is to be done. It reads no clock, opens no socket and knows no kernel; the vrrp process runs it with real ones, the simulation with a
 * clock and a LAN of its own.
 *
 *     packet ─▶ reception (packet, drops, oddities) ─┐
 *     timer ──────────────────────────────────────────┼─▶ machine.step (backup, master) ─▶ actions
 *     link, fact ─▶ knowledge ─▶ assessment ──────────┘           │      ▲
 *                                (instance, priority)             └─▶ group.nextMoves
 *
 * The machine knows one instance and the protocol; a group keeps members together; assessment turns links and trackers into a priority
 * and faults. The engine routes between them, in one place, so that after every call all members of a group are in the same state.
 *
 * What is not here: sockets and ARP frames (os/), which addresses the kernel has (network/), numbering and telling of events (daemon/).
 * `docs/vrrp-differences.md` lists where this differs from the RFC and from keepalived.
 */
import { isDeepStrictEqual } from "node:util";
import { unreachable } from "../base/result.ts";
import type { VrrpState } from "../events.ts";
import { formerly } from "./former.ts";
import { groupState, nextMoves } from "./group.ts";
import {
  assessInstance,
  createInstance,
  type Instance,
  refreshRouter,
  statusOf,
  tracks,
  usesLink,
} from "./instance.ts";
import type { Action, Engine, EngineEvent, FormerMasters, LinkState } from "./interface.ts";
import { createKnowledge } from "./knowledge.ts";
import { step } from "./machine.ts";
import { type Packet, read } from "./reception.ts";
import { createRoster, type Group } from "./roster.ts";
import type { Fact, RouterSettings, VrrpSettings } from "./settings.ts";
import type { Event, Router } from "./state.ts";
import { disarm, happened } from "./steps.ts";
import { adjustmentWords } from "./words.ts";

/** Why an instance or a group that a reload does not name any more has stopped. */
const REMOVED = "removed from the configuration";

export function createEngine(): Engine {
  const roster = createRoster();
  const { instances, groups } = roster;
  const knowledge = createKnowledge();
  let startupUntilMs: number | undefined;
  /** True while several instances are being moved: groups are looked at when all have. */
  let moving = false;
  let actions: Action[] = [];

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
        configure(event.settings, event.former, nowMs);
        break;
      case "link":
        learnLink(event.state, nowMs);
        break;
      case "fact":
        learnFact(event.fact, nowMs);
        break;
      case "addressFault":
        addressFault(event.router, event.reason, nowMs);
        break;
      case "hearing":
        learnHearing(event.router, event.reason, nowMs);
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
      if (action.type === "advertise") {
        instance.adverts.sent++;
        if (action.advert.priority === 0) instance.adverts.priorityZeroSent++;
      } else if (action.type === "event" && action.body.type === "vrrp.lower") defended = true;
    }
    if (before.name !== next.state.name) {
      if (next.state.name === "MASTER") instance.transitions.toMaster++;
      else if (before.name === "MASTER") instance.transitions.fromMaster++;
    }
    if (instance.group === undefined) return;
    if (defended && event.type !== "siblingContested") tellSiblings(instance, { type: "siblingContested" }, nowMs);
    if (!moving && (before.name !== next.state.name || isReady(before) !== isReady(next.state)))
      settle([instance], nowMs);
  }

  function tellSiblings(instance: Instance, event: Event, nowMs: number): void {
    for (const sibling of roster.members(instance.group)) {
      if (sibling !== instance) advance(sibling, event, nowMs);
    }
  }

  // ── packets and timers ───────────────────────────────────────────────────────────────────────────────────────

  function receive(packet: Packet, nowMs: number): void {
    const instance = roster.receiver(packet);
    if (instance === undefined || instance.state.name === "INIT") return;
    if (!instance.heardAnybody && packet.from !== instance.router.self) hearsSomebody(instance, nowMs);
    const { advert, events } = read(instance, packet, nowMs);
    for (const body of events) actions.push(happened(body, nowMs));
    if (advert === undefined) return;
    instance.adverts.received++;
    if (advert.priority === 0) instance.adverts.priorityZeroReceived++;
    const wasBackup = instance.state.name === "BACKUP";
    const arrivedMs = Math.min(packet.arrivedMs, nowMs);
    advance(instance, { type: "heard", advert, from: packet.from, arrivedMs }, nowMs);
    if (advert.priority === 0 && wasBackup && instance.group !== undefined) {
      tellSiblings(instance, { type: "siblingResigned", sibling: instance.settings.name }, nowMs);
    }
  }

  function hearsSomebody(instance: Instance, nowMs: number): void {
    instance.heardAnybody = true;
    if (instance.state.name === "MASTER" && instance.router.lonely) actions.push(disarm(instance.router, "alone"));
    refresh([instance], "a peer was heard", nowMs);
  }

  function expire(name: string, nowMs: number): void {
    const timer = roster.timer(name);
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

  function learnLink(state: LinkState, nowMs: number): void {
    const news = knowledge.learnLink(state);
    if (news === undefined) return;
    const affected = [...instances.values()].filter((instance) => usesLink(instance, state.name));
    if (affected.length > 0 && news.event !== undefined) actions.push(happened(news.event, nowMs));
    refresh(affected, news.cause, nowMs);
  }

  function learnFact(fact: Fact, nowMs: number): void {
    const news = knowledge.learnFact(fact);
    if (news === undefined) return;
    const tracking = [...instances.values()].filter((instance) => tracks(instance, fact));
    // the first answer that it waited for is not why an instance is backup, and is out of date while it still is
    reassess(tracking, ({ state }) => (state.name === "INIT" ? "started" : news), nowMs);
  }

  function learnHearing(key: string, reason: string | undefined, nowMs: number): void {
    const instance = instances.get(key);
    if (!knowledge.learnHearing(key, reason) || instance === undefined) return;
    refresh([instance], "its peers can be heard again", nowMs);
  }

  function addressFault(key: string, reason: string | undefined, nowMs: number): void {
    const instance = instances.get(key);
    if (instance === undefined) return;
    instance.addressFault = reason;
    refresh([instance], "its addresses can be kept again", nowMs);
  }

  /** Reassesses these instances and the groups that they are in, then lets the machine see what has changed. */
  function refresh(changed: readonly Instance[], cause: string, nowMs: number): void {
    reassess(changed, () => cause, nowMs);
  }

  function reassess(changed: readonly Instance[], cause: (instance: Instance) => string, nowMs: number): void {
    for (const instance of changed) assessAgain(instance, nowMs);
    const concerned = new Set(changed);
    for (const instance of changed) {
      for (const sibling of roster.members(instance.group)) concerned.add(sibling);
    }
    for (const instance of concerned) instance.router = routerOf(instance);
    const wasMoving = moving;
    moving = true;
    for (const instance of concerned) advance(instance, { type: "assessed", cause: cause(instance) }, nowMs);
    moving = wasMoving;
    if (!moving) settle(changed, nowMs);
  }

  function assessAgain(instance: Instance, nowMs: number): void {
    const before = instance.own;
    instance.own = assessInstance(instance, knowledge);
    const { state, settings, own } = instance;
    const isFirst = state.name === "INIT" && before.priority === settings.priority;
    if (before.priority === own.priority || isFirst) return;
    const reason = adjustmentWords(before.adjustments, own.adjustments);
    const body = { type: "vrrp.priority", instance: settings.name, state: state.name, reason } as const;
    actions.push(happened({ ...body, from: before.priority, to: own.priority }, nowMs));
  }

  /** The faults of a member are those of all; while a member that has not begun waits, so do the others that have not. */
  function routerOf(instance: Instance): Router {
    const faults: string[] = [];
    const waiting: string[] = [];
    for (const sibling of roster.members(instance.group)) {
      if (sibling === instance) continue;
      const whose = `group ${instance.group?.name}: ${sibling.settings.name}`;
      const { own, state } = sibling;
      if (state.name !== "INIT" || own.waiting.length === 0)
        faults.push(...own.faults.map((fault) => `${whose}: ${fault}`));
      if (instance.state.name === "INIT" && state.name === "INIT") {
        waiting.push(...own.waiting.map((what) => `${what} (${whose})`));
      }
    }
    return refreshRouter(instance, knowledge, faults, waiting);
  }

  // ── groups ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** Moves members until the groups of these instances are of one mind, and tells of groups whose state has changed. */
  function settle(changed: readonly Instance[], nowMs: number): void {
    moving = true;
    for (const name of new Set(changed.map(({ settings }) => settings.group))) {
      const group = name === undefined ? undefined : groups.get(name);
      if (group === undefined) continue;
      const members = roster
        .members(group.settings)
        .map(({ key, settings, state }) => ({ key, name: settings.name, state }));
      for (const { key, event } of nextMoves(group.settings.name, members)) {
        const instance = instances.get(key);
        if (instance !== undefined) advance(instance, event, nowMs);
      }
      tellGroup(group, nowMs);
    }
    moving = false;
  }

  function tellGroup(group: Group, nowMs: number): void {
    const members = roster.members(group.settings);
    const to = groupState(members.map(({ state }) => state.name));
    const decisive = members.find(({ state }) => state.name === to);
    if (decisive !== undefined && to !== group.state) moveGroup(group, to, decisive.state.reason, nowMs);
  }

  function moveGroup(group: Group, to: VrrpState, reason: string, nowMs: number): void {
    const { state: from, sinceMs, settings } = group;
    group.state = to;
    group.sinceMs = nowMs;
    const afterMs = nowMs - sinceMs;
    actions.push(happened({ type: "vrrp.group", group: settings.name, from, to, reason, afterMs }, nowMs));
  }

  // ── configuration ────────────────────────────────────────────────────────────────────────────────────────────

  function configure(wish: VrrpSettings, former: FormerMasters | undefined, nowMs: number): void {
    startupUntilMs ??= nowMs + wish.startupDelayMs;
    knowledge.keepFor(wish);
    const wanted = new Set(wish.routers.map(({ key }) => key));
    const unwanted = [...instances.values()].filter(({ key }) => !wanted.has(key));
    moving = true;
    withdraw(unwanted, REMOVED, true, nowMs);
    const changed = new Set(configureGroups(wish, nowMs));
    const aliveMsOf = formerly(wish, former);
    for (const settings of wish.routers) {
      const instance = instances.get(settings.key);
      const touched =
        instance === undefined ? add(settings, aliveMsOf(settings), nowMs) : update(instance, settings, nowMs);
      if (touched !== undefined) changed.add(touched);
    }
    moving = false;
    const cause = ({ state }: Instance) => (state.name === "INIT" ? "started" : "the configuration changed");
    reassess([...changed], cause, nowMs);
  }

  /** @returns the instances whose group is another one now, or is set differently */
  function configureGroups(wish: VrrpSettings, nowMs: number): readonly Instance[] {
    const wanted = new Map(wish.groups.map((group) => [group.name, group]));
    for (const [name, group] of groups) {
      if (wanted.has(name)) continue;
      if (group.state !== "STOP") moveGroup(group, "STOP", REMOVED, nowMs);
      groups.delete(name);
    }
    for (const [name, settings] of wanted) {
      const known = groups.get(name);
      if (known === undefined) groups.set(name, { settings, state: "INIT", sinceMs: nowMs });
      else if (!isDeepStrictEqual(known.settings, settings)) known.settings = settings;
    }
    return wish.routers.flatMap((settings) => {
      const instance = instances.get(settings.key);
      const group = roster.groupOf(settings);
      if (instance === undefined || instance.group === group) return [];
      instance.group = group;
      return [instance];
    });
  }

  function add(settings: RouterSettings, aliveMs: number | undefined, nowMs: number): Instance {
    const delayed = startupUntilMs !== undefined && nowMs < startupUntilMs;
    const instance = createInstance(settings, roster.groupOf(settings), delayed, nowMs, aliveMs);
    roster.add(instance);
    if (delayed) actions.push({ type: "arm", timer: instance.timers.startup, atMs: startupUntilMs ?? nowMs });
    return instance;
  }

  /** Changed parameters apply in place; the state stays. @returns undefined if nothing changed */
  function update(instance: Instance, settings: RouterSettings, nowMs: number): Instance | undefined {
    const { settings: before } = instance;
    if (isDeepStrictEqual(before, settings)) return undefined;
    roster.resettle(instance, settings);
    assessAgain(instance, nowMs);
    instance.router = routerOf(instance);
    advance(instance, { type: "configured", before }, nowMs);
    return instance;
  }

  function withdraw(leaving: readonly Instance[], reason: string, deleted: boolean, nowMs: number): void {
    const wasMoving = moving;
    moving = true;
    for (const instance of leaving) {
      if (instance.delayed) actions.push(disarm(instance.router, "startup"));
      advance(instance, { type: "stop", reason, deleted }, nowMs);
    }
    moving = wasMoving;
    for (const instance of leaving) roster.remove(instance);
    for (const group of groups.values()) {
      if (roster.members(group.settings).length === 0 && group.state !== "STOP")
        moveGroup(group, "STOP", reason, nowMs);
    }
  }

  return {
    handle,
    routers: () => [...instances.values()].map(statusOf),
    groups: () =>
      [...groups.values()].map(({ settings, state, sinceMs }) => {
        const members = roster.members(settings).map((member) => member.settings.name);
        return { name: settings.name, state, sinceMs, members };
      }),
  };
}

function isReady(state: Instance["state"]): boolean {
  return state.name === "BACKUP" && state.ready !== undefined;
}
