/**
 * The vrrp process, put together: the engine decides; sockets, links, addresses and announcements are its senses and hands. It opens them when
 * the first configuration has come, for only then it knows its namespace.
 */
import type { EventBody } from "../../events.ts";
import { addressesOf, keyOf } from "../../network/keys.ts";
import { ADDRESS_PROTOCOL, type AddressExecutor } from "../../os/addresses.ts";
import type { Announcements } from "../../os/announcements.ts";
import { createAnnouncer } from "../../os/announcer.ts";
import type { SystemClock, Turn } from "../../os/clock.ts";
import type { LinkListener, Links } from "../../os/links.ts";
import type { Promotion } from "../../os/promotion.ts";
import type { VrrpSocketOptions, VrrpSockets } from "../../os/vrrp-sockets.ts";
import { createEngine } from "../../vrrp/engine.ts";
import type { EngineEvent, LinkState } from "../../vrrp/interface.ts";
import type { Fact, RouterSettings, VirtualAddress, VrrpSettings } from "../../vrrp/settings.ts";
import type { RouterStatus } from "../../vrrp/status.ts";
import type { AddressKey, Former, FromVrrp } from "../messages.ts";
import { createEars } from "./ears.ts";
import { createHands } from "./hands.ts";
import { createHolder } from "./holder.ts";
import { createLateness } from "./lateness.ts";

export type Room = {
  /** Reads what the kernel has; once, before anything else. */
  open(): Promise<void>;
  /** Opens what this configuration needs. What cannot be opened refuses nothing: it puts its instance into FAULT. */
  prepare(settings: VrrpSettings): void;
  /** This configuration was not accepted after all. */
  abandon(): void;
  /**
   * From now on. Resolves when everything left behind is gone and the engine has the configuration.
   * @param former what a process before this one left: where its addresses are still there, its masters go on
   */
  commit(settings: VrrpSettings, journal: readonly AddressKey[], former?: Former): Promise<void>;
  hearFacts(facts: readonly Fact[]): void;
  status(id: number): FromVrrp;
  /** Priority 0, addresses removed. @param patienceMs how long to wait for the kernel's lock */
  stop(patienceMs: number): Promise<void>;
};

/** Everything is read again so often, in case an event was missed. */
const REFRESH_MS = 60_000;
/** Less than any master's patience; what is shorter is not worth a word. */
const STALL_MS = 5;

type Announcement = { readonly addresses: readonly VirtualAddress[]; readonly repeat: number };

/** What the machine offers: really (`machine.ts`), without doing anything (`dry.ts`), or for practice (`rehearsal.ts`). */
export type Machine = {
  openClock(turn: Turn): SystemClock;
  openLinks(listener: LinkListener): Links;
  openAddresses(indexOf: (link: string) => number | undefined): AddressExecutor;
  openAnnouncements(linkOf: (link: string) => LinkState, trouble: (reason: string) => void): Announcements;
  openSockets(options: VrrpSocketOptions): VrrpSockets;
  readonly promotion: Promotion;
};

export function createRoom(machine: Machine, report: (body: EventBody, atMs: number) => void): Room {
  const engine = createEngine();
  const lateness = createLateness();
  const clock = machine.openClock({ before: beforeDue, after: endTurn });
  const refreshing = clock.alarm(refresh);
  const { promotion } = machine;
  const said = new Map<string, LinkState>();
  let settings: VrrpSettings | undefined;
  let stopping = false;
  /** More is to come in this turn. */
  let inTurn = false;
  let toAnnounce: Announcement[] = [];

  const links = machine.openLinks({
    onLink,
    onAddress: (key, what) => holder.heard(key, what),
    isVirtual: (key) => holder.isVirtual(key),
    onRefreshed: () => holder.lookAtAll(),
    onTrouble: (error) => note({ type: "warning", reason: `Cannot read links and addresses: ${String(error)}` }),
  });
  const announcements = machine.openAnnouncements(linkOf, (reason) => note({ type: "warning", reason }));
  const executor = machine.openAddresses(links.indexOf);
  const holder = createHolder({
    actual: links.addresses,
    executor,
    isPresent: (link) => links.indexOf(link) !== undefined,
    promotes: promotion.inForce,
    protocol: ADDRESS_PROTOCOL,
    drain: links.drain,
    refresh: links.refresh,
    now: clock.now,
    alarm: clock.alarm,
    report: note,
    announce: (addresses, repeat) => announcer.announce(addresses, repeat),
    fault: (router, reason) => tell({ type: "addressFault", router: router.key, reason }),
  });
  const announcer = createAnnouncer({
    send: announcements.send,
    isHeld: holder.isWanted,
    now: clock.now,
    alarm: clock.alarm,
  });
  const ears = createEars({
    indexOf: links.indexOf,
    openSockets: machine.openSockets,
    clocks: () => ({ nowMs: clock.now(), realtimeNowMs: clock.wall() }),
    alarm: clock.alarm,
    changed: (link) => tellHearing((settings?.routers ?? []).filter(({ links: { adverts } }) => adverts === link)),
    hear: (link, { from, to, ttl, bytes }, arrivedMs) => {
      lateness.add(clock.now() - arrivedMs);
      tell({ type: "packet", link, from, to, ttl, bytes, arrivedMs });
    },
  });
  const hands = createHands({
    alarm: clock.alarm,
    expired: (timer, lateMs) => tell({ type: "expired", timer, lateMs }),
    socketsOf: ears.socketsOf,
    sourceOf: (router) => router.source ?? linkOf(router.links.adverts).source[router.family],
    want: holder.want,
    announce: (addresses, repeat) => toAnnounce.push({ addresses, repeat }),
    report,
    now: clock.now,
  });

  function tell(event: EngineEvent): void {
    hands.perform(engine.handle(event, clock.now()));
    if (!inTurn) finish();
  }

  /**
   * Adverts have left; now the addresses go to the thread, all in one plan. Waking it costs as much as three announcements, so the first of those
   * goes before: nobody can answer it before the address is there.
   */
  function finish(): void {
    if (toAnnounce.length > 0) {
      const now = toAnnounce;
      toAnnounce = [];
      for (const { addresses, repeat } of now) announcer.announce(addresses, repeat);
    }
    holder.carryOut();
  }

  function endTurn(): void {
    inTurn = false;
    finish();
  }

  function note(body: EventBody): void {
    report(body, clock.now());
  }

  /** What arrived is heard before what expired is acted on. */
  function beforeDue(lateMs: number): void {
    inTurn = true;
    lateness.add(lateMs);
    ears.drain(lateMs);
    if (lateMs >= STALL_MS) tell({ type: "stalled", lateMs });
  }

  function refresh(): void {
    refreshing.set(clock.now() + REFRESH_MS);
    void links.refresh();
  }

  function linkOf(name: string): LinkState {
    return said.get(name) ?? links.state(name);
  }

  function onLink(name: string): void {
    if (!said.has(name)) return;
    ears.lookAt(name);
    tellLink(name);
    holder.lookAt(name);
  }

  function tellLink(name: string): void {
    const before = said.get(name);
    const state = links.state(name);
    said.set(name, state);
    if (before?.index !== state.index && state.present) {
      promote(name, addressLinks(settings?.routers ?? []));
      announcements.ready(name);
    }
    tell({ type: "link", state });
  }

  /** Who cannot hear its peers would become master although one of them is. */
  function tellHearing(routers: readonly RouterSettings[]): void {
    for (const router of routers) tell({ type: "hearing", router: router.key, reason: deafness(router) });
  }

  function deafness(router: RouterSettings): string | undefined {
    return router.family === "ipv6" ? "adverts over IPv6 are not sent yet" : ears.deafness(router);
  }

  function promote(name: string, carriers: ReadonlySet<string>): void {
    const trouble = carriers.has(name) ? promotion.ensure(name) : undefined;
    if (trouble !== undefined) note({ type: "warning", reason: trouble });
  }

  async function commit(next: VrrpSettings, journal: readonly AddressKey[], former?: Former): Promise<void> {
    const isFirst = settings === undefined;
    prepare(next);
    settings = next;
    announcer.setGaps(next.announceGapMs);
    holder.configure(next.routers, journal);
    const goingOn = isFirst
      ? next.routers.filter((router) => former?.masters.includes(router.key) && isHeld(router))
      : [];
    if (isFirst) await holder.sweep(new Set(goingOn.flatMap((router) => addressesOf(router)).map(keyOf)));
    const names = new Set(
      next.routers.flatMap(linksOf).concat(next.groups.flatMap((group) => interfacesOf(group.trackers))),
    );
    for (const name of said.keys()) if (!names.has(name)) said.delete(name);
    const carriers = addressLinks(next.routers);
    for (const name of names) {
      if (said.has(name)) promote(name, carriers);
      else tellLink(name);
    }
    if (stopping) return;
    tellHearing(next.routers);
    if (isFirst) for (const fact of former?.facts ?? []) tell({ type: "fact", fact });
    const masters = goingOn.map(({ key }) => key);
    tell({ type: "configure", settings: next, ...(former && { former: { masters, aliveMs: former.aliveMs } }) });
    ears.serve(next.routers); // not before: those who are gone have sent their last advert
    hands.keep(new Set(next.routers.map(({ key }) => key)));
    refreshing.set(clock.now() + REFRESH_MS);
    holder.lookAtAll();
  }

  function isHeld(router: RouterSettings): boolean {
    return addressesOf(router).every((address) => links.addresses.has(keyOf(address)));
  }

  function prepare(next: VrrpSettings): void {
    ears.serve([...(settings?.routers ?? []), ...next.routers]);
  }

  function withPresence(router: RouterStatus): RouterStatus {
    const addresses = router.addresses.map((one) => ({
      ...one,
      present: links.addresses.has(`${one.device} ${one.address}`),
    }));
    return { ...router, addresses };
  }

  return {
    async open() {
      await links.refresh();
      await executor.warmUp();
    },
    prepare,
    abandon: () => ears.serve(settings?.routers ?? []),
    commit,
    hearFacts(facts) {
      for (const fact of facts) tell({ type: "fact", fact });
    },
    status(id) {
      const nowMs = clock.now();
      const routers = engine.routers(nowMs).map(withPresence);
      return { type: "status", id, at: nowMs, routers, groups: engine.groups(nowMs), lateness: lateness.read() };
    },
    async stop(patienceMs) {
      stopping = true;
      tell({ type: "stop" });
      await Promise.race([holder.settled(), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
      promotion.restore();
      ears.close();
      announcements.close();
      executor.close();
      links.close();
      clock.close();
    },
  };
}

/** The links that carry addresses. */
function addressLinks(routers: readonly RouterSettings[]): ReadonlySet<string> {
  return new Set(routers.flatMap((router) => addressesOf(router)).map(({ link }) => link));
}

/** Every link that an instance wants to hear of. */
function linksOf(router: RouterSettings): readonly string[] {
  const { adverts, addresses, tracked } = router.links;
  const own = tracked === undefined ? [adverts, addresses] : [adverts, addresses, tracked];
  return [...own, ...addressLinks([router]), ...interfacesOf(router.trackers)];
}

function interfacesOf(trackers: RouterSettings["trackers"]): readonly string[] {
  return trackers.filter(({ tracker }) => tracker === "interface").map(({ id }) => id);
}
