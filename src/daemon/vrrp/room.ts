/**
 * The vrrp process, put together: the engine decides; sockets, links, addresses and announcements are its senses and hands. It opens them when
 * the first configuration has come, for only then it knows its namespace.
 */
import { boottimeMs, realtimeMs } from "dgram-ext";
import type { EventBody } from "../../events.ts";
import { ADDRESS_PROTOCOL, openAddresses } from "../../os/addresses.ts";
import { openAnnouncements } from "../../os/announcements.ts";
import { createAnnouncer } from "../../os/announcer.ts";
import { openClock } from "../../os/clock.ts";
import { openLinks } from "../../os/links.ts";
import { openPromotion } from "../../os/promotion.ts";
import { createEngine } from "../../vrrp/engine.ts";
import type { EngineEvent, LinkState } from "../../vrrp/interface.ts";
import type { Fact, RouterSettings, VrrpSettings } from "../../vrrp/settings.ts";
import type { RouterStatus } from "../../vrrp/status.ts";
import type { AddressKey, FromVrrp } from "../messages.ts";
import type { Reading } from "./arrival.ts";
import { createDryHands } from "./dry.ts";
import { createEars } from "./ears.ts";
import { createHands } from "./hands.ts";
import { createHolder } from "./holder.ts";
import { createLateness } from "./lateness.ts";

export type Room = {
  /** Reads what the kernel has; once, before anything else. */
  open(): Promise<void>;
  /** Opens what this configuration needs. @returns why it cannot */
  prepare(settings: VrrpSettings): string | undefined;
  /** This configuration was not accepted after all. */
  abandon(): void;
  /** From now on. Resolves when everything left behind is gone and the engine has the configuration. */
  commit(settings: VrrpSettings, journal: readonly AddressKey[]): Promise<void>;
  hearFacts(facts: readonly Fact[]): void;
  status(id: number): FromVrrp;
  /** Priority 0, addresses removed. @param patienceMs how long to wait for the kernel's lock */
  stop(patienceMs: number): Promise<void>;
};

/** Everything is read again so often, in case an event was missed. */
const REFRESH_MS = 60_000;
/** Less than any master's patience; what is shorter is not worth a word. */
const STALL_MS = 5;

export function createRoom(options: {
  readonly dryRun: boolean;
  readonly report: (body: EventBody, atMs: number) => void;
}): Room {
  const { dryRun, report } = options;
  const engine = createEngine();
  const lateness = createLateness();
  const clock = openClock(beforeDue);
  const refreshing = clock.alarm(refresh);
  const promotion = openPromotion(!dryRun);
  const said = new Map<string, LinkState>();
  let settings: VrrpSettings | undefined;
  let stopping = false;

  const links = openLinks({
    onLink,
    onAddress: (key, what) => holder.heard(key, what),
    isVirtual: (key) => holder.isVirtual(key),
    onRefreshed: () => holder.lookAtAll(),
    onTrouble: (error) => note({ type: "warning", reason: `Cannot read links and addresses: ${String(error)}` }),
  });
  const dry = createDryHands((reason) => note({ type: "info", reason }));
  const announcements = openAnnouncements(linkOf);
  const executor = dryRun ? dry.executor : openAddresses(links.indexOf);
  const holder = createHolder({
    actual: links.addresses,
    executor,
    isPresent: (link) => links.indexOf(link) !== undefined,
    promotes: promotion.inForce,
    protocol: ADDRESS_PROTOCOL,
    drain: links.drain,
    now: boottimeMs,
    alarm: clock.alarm,
    report: note,
    announce: (addresses, repeat) => announcer.announce(addresses, repeat),
    fault: (router, reason) => tell({ type: "addressFault", router: router.key, reason }),
  });
  const announcer = createAnnouncer({
    send: dryRun ? dry.announce : announcements.send,
    isHeld: holder.isWanted,
    now: boottimeMs,
    alarm: clock.alarm,
  });
  const ears = createEars({
    indexOf: links.indexOf,
    clocks,
    hear: (link, { from, to, ttl, bytes }, arrivedMs) => {
      lateness.add(boottimeMs() - arrivedMs);
      tell({ type: "packet", link, from, to, ttl, bytes, arrivedMs });
    },
  });
  const hands = createHands({
    alarm: clock.alarm,
    expired: (timer, lateMs) => tell({ type: "expired", timer, lateMs }),
    socketsOf: dryRun ? () => dry.sockets : ears.socketsOf,
    sourceOf: (router) => router.source ?? linkOf(router.links.adverts).source[router.family],
    want: holder.want,
    announce: (addresses, repeat) => announcer.announce(addresses, repeat),
    report,
    now: boottimeMs,
  });

  function tell(event: EngineEvent): void {
    hands.perform(engine.handle(event, boottimeMs()));
  }

  function note(body: EventBody): void {
    report(body, boottimeMs());
  }

  /** What arrived is heard before what expired is acted on. */
  function beforeDue(lateMs: number): void {
    lateness.add(lateMs);
    ears.drain(lateMs);
    if (lateMs >= STALL_MS) tell({ type: "stalled", lateMs });
  }

  function refresh(): void {
    refreshing.set(boottimeMs() + REFRESH_MS);
    void links.refresh();
  }

  function linkOf(name: string): LinkState {
    return said.get(name) ?? links.state(name);
  }

  function onLink(name: string): void {
    if (!said.has(name)) return;
    openSockets(name);
    tellLink(name);
    holder.lookAt(name);
  }

  function tellLink(name: string): void {
    const before = said.get(name);
    const state = links.state(name);
    said.set(name, state);
    if (before?.index !== state.index && state.present) promote(name);
    tell({ type: "link", state });
  }

  function openSockets(name: string): void {
    try {
      ears.lookAt(name);
    } catch (error) {
      note({ type: "warning", reason: `Cannot hear adverts on ${name}: ${String(error)}` });
    }
  }

  function promote(name: string): void {
    if (settings?.routers.every((router) => !addressLinks(router).includes(name)) !== false) return;
    const trouble = promotion.ensure(name);
    if (trouble !== undefined) note({ type: "warning", reason: trouble });
  }

  function serve(routers: readonly RouterSettings[]): string | undefined {
    try {
      ears.serve(routers);
      return undefined;
    } catch (error) {
      if (error instanceof Error && "syscall" in error) return error.message;
      throw error;
    }
  }

  async function commit(next: VrrpSettings, journal: readonly AddressKey[]): Promise<void> {
    const isFirst = settings === undefined;
    settings = next;
    announcer.setGaps(next.announceGapMs);
    serve(next.routers);
    holder.configure(next.routers, journal);
    if (isFirst) await holder.sweep();
    const names = new Set(
      next.routers.flatMap(linksOf).concat(next.groups.flatMap((group) => interfacesOf(group.trackers))),
    );
    for (const name of said.keys()) if (!names.has(name)) said.delete(name);
    for (const name of names) if (!said.has(name)) tellLink(name);
    if (stopping) return;
    tell({ type: "configure", settings: next });
    for (const router of next.routers) refuseIpv6(router);
    hands.keep(new Set(next.routers.map(({ key }) => key)));
    refreshing.set(boottimeMs() + REFRESH_MS);
    holder.lookAtAll();
  }

  /** Without adverts it would take its addresses although a peer holds them. */
  function refuseIpv6(router: RouterSettings): void {
    if (router.family === "ipv4") return;
    tell({ type: "addressFault", router: router.key, reason: "adverts over IPv6 are not sent yet" });
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
    prepare: (next) => serve([...(settings?.routers ?? []), ...next.routers]),
    abandon: () => void serve(settings?.routers ?? []),
    commit,
    hearFacts(facts) {
      for (const fact of facts) tell({ type: "fact", fact });
    },
    status(id) {
      const nowMs = boottimeMs();
      const routers = engine.routers(nowMs).map(withPresence);
      return { type: "status", id, at: nowMs, routers, groups: engine.groups(nowMs), lateness: lateness.read() };
    },
    async stop(patienceMs) {
      stopping = true;
      tell({ type: "stop" });
      await Promise.race([holder.settled(), new Promise((resolve) => setTimeout(resolve, patienceMs).unref())]);
      promotion.restore();
      ears.close();
    },
  };
}

function clocks(): Reading {
  return { nowMs: boottimeMs(), realtimeNowMs: realtimeMs() };
}

function addressLinks(router: RouterSettings): readonly string[] {
  return [...router.addresses, ...router.excluded].map(({ link }) => link);
}

/** Every link that an instance wants to hear of. */
function linksOf(router: RouterSettings): readonly string[] {
  const { adverts, addresses, tracked } = router.links;
  const own = tracked === undefined ? [adverts, addresses] : [adverts, addresses, tracked];
  return [...own, ...addressLinks(router), ...interfacesOf(router.trackers)];
}

function interfacesOf(trackers: RouterSettings["trackers"]): readonly string[] {
  return trackers.filter(({ tracker }) => tracker === "interface").map(({ id }) => id);
}
