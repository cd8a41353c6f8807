/**
 * The sockets of every link that adverts travel on: opened when the link is there, again when it returns under another index, closed when
 * nobody needs them. All of them are read before an expired timer is acted on. Where one cannot be opened, or a group not be joined, its
 * instances are deaf; that is tried again soon, and whenever something happens to the link.
 */
import type { Ip } from "../../base/address.ts";
import type { Alarm } from "../../os/clock.ts";
import { isSystemError } from "../../os/errors.ts";
import type { Listening, VrrpPacket, VrrpSocketOptions, VrrpSockets } from "../../os/vrrp-sockets.ts";
import type { RouterSettings } from "../../vrrp/settings.ts";
import { arrivalMs, type Reading } from "./arrival.ts";

export type Ears = {
  /** Opens what these routers need on links that exist, closes what they do not. A link that fails is no hindrance to the others. */
  serve(routers: readonly RouterSettings[]): void;
  /** Something happened to the link: it came, went, changed its index or an address. */
  lookAt(link: string): void;
  /** @returns why it cannot hear its peers, in words; undefined if it can, or if its link is not there */
  deafness(router: RouterSettings): string | undefined;
  /** Hears everything that has arrived, on every link. @param lateMs how late this turn is by its timers */
  drain(lateMs: number): void;
  /** @returns undefined without a socket: the link is not there, or its sockets cannot be opened */
  socketsOf(link: string): VrrpSockets | undefined;
  close(): void;
};

export type EarsOptions = {
  readonly indexOf: (link: string) => number | undefined;
  readonly openSockets: (options: VrrpSocketOptions) => VrrpSockets;
  readonly clocks: () => Reading;
  readonly alarm: (run: () => void) => Alarm;
  readonly hear: (link: string, packet: VrrpPacket, arrivedMs: number) => void;
  /** `deafness` of the routers on this link may be another one now. */
  readonly changed: (link: string) => void;
};

/** A flood does not keep the timers waiting: the rest is read in the next turn. */
const PER_TURN = 64;
const PER_DRAIN = 4096;
/** What failed is tried again after this, then after twice as long, and so on. */
const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 10_000;

type Open = { readonly sockets: VrrpSockets; empty: Reading };
/** Why nothing can be heard on a link, or which groups cannot, in words. */
type Trouble = string | ReadonlyMap<Ip, string>;
type Retry = { readonly alarm: Alarm; waitMs: number };

export function createEars(options: EarsOptions): Ears {
  const needs = new Map<string, Listening>();
  const open = new Map<string, Open>();
  const troubles = new Map<string, Trouble>();
  const retries = new Map<string, Retry>();

  function lookAt(link: string): void {
    const before = troubles.get(link);
    const trouble = tryToHear(link);
    if (trouble === undefined) troubles.delete(link);
    else troubles.set(link, trouble);
    if (trouble === undefined) forgetRetry(link);
    else if (!retries.has(link)) retryLater(link, RETRY_MS);
    if (wordsOf(before) !== wordsOf(trouble)) options.changed(link);
  }

  /** @returns what failed */
  function tryToHear(link: string): Trouble | undefined {
    const need = needs.get(link);
    const index = need === undefined ? undefined : options.indexOf(link);
    const now = open.get(link);
    if (now !== undefined && now.sockets.index !== index) close(link, now);
    if (need === undefined || index === undefined) return undefined;
    try {
      return refusedGroups(link, entryFor(link, index).sockets.listen(need));
    } catch (error) {
      if (!isSystemError(error)) throw error;
      const entry = open.get(link);
      if (entry !== undefined) close(link, entry);
      return `cannot hear adverts on ${link}: ${error.message}${remedy(error.code)}`;
    }
  }

  function entryFor(link: string, index: number): Open {
    const known = open.get(link);
    if (known !== undefined) return known;
    const entry: Open = {
      sockets: options.openSockets({ link, index, onReadable: () => read(entry, PER_TURN, 0) }),
      empty: options.clocks(),
    };
    open.set(link, entry);
    return entry;
  }

  function close(link: string, { sockets }: Open): void {
    sockets.close();
    open.delete(link);
  }

  function retryLater(link: string, waitMs: number): void {
    const retry = retries.get(link) ?? { alarm: options.alarm(() => again(link)), waitMs };
    retry.waitMs = waitMs;
    retries.set(link, retry);
    retry.alarm.set(options.clocks().nowMs + waitMs);
  }

  function again(link: string): void {
    lookAt(link);
    const retry = retries.get(link);
    if (retry !== undefined) retryLater(link, Math.min(retry.waitMs * 2, LONGEST_RETRY_MS));
  }

  function forgetRetry(link: string): void {
    retries.get(link)?.alarm.clear();
    retries.delete(link);
  }

  /** Reads until the socket is empty, or so many packets. */
  function read(entry: Open, most: number, lateMs: number): void {
    const now = options.clocks();
    for (let count = 0; count < most; count++) {
      const packet = entry.sockets.receive();
      if (packet === undefined) {
        entry.empty = now;
        return;
      }
      options.hear(entry.sockets.link, packet, arrivalMs(packet.realtimeMs, now, entry.empty, lateMs));
    }
  }

  return {
    serve(routers) {
      needs.clear();
      for (const [link, need] of needsOf(routers)) needs.set(link, need);
      for (const link of new Set([...open.keys(), ...troubles.keys(), ...needs.keys()])) lookAt(link);
    },
    lookAt,
    deafness({ links, multicast, destinations }) {
      const trouble = troubles.get(links.adverts);
      if (trouble === undefined || typeof trouble === "string") return trouble;
      const group = multicast ? destinations.find((one) => trouble.has(one)) : undefined;
      return group === undefined ? undefined : trouble.get(group);
    },
    drain(lateMs) {
      for (const entry of open.values()) read(entry, PER_DRAIN, lateMs);
    },
    socketsOf: (link) => open.get(link)?.sockets,
    close() {
      for (const [link, entry] of open) close(link, entry);
      for (const link of [...retries.keys()]) forgetRetry(link);
      troubles.clear();
    },
  };
}

function refusedGroups(link: string, refused: ReturnType<VrrpSockets["listen"]>): Trouble | undefined {
  if (refused.size === 0) return undefined;
  return new Map(
    [...refused].map(([group, { code }]) => [group, `cannot join ${group} on ${link}: ${code}${remedy(code)}`]),
  );
}

function wordsOf(trouble: Trouble | undefined): string | undefined {
  return typeof trouble === "object" ? [...trouble.values()].join() : trouble;
}

function remedy(code: string): string {
  const deed = REMEDIES[code];
  return deed === undefined ? "" : `; ${deed}`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOBUFS: "raise net.ipv4.igmp_max_memberships",
  EMFILE: "raise LimitNOFILE",
  ENFILE: "raise fs.file-max",
  EPERM: "give CAP_NET_RAW",
};

function needsOf(routers: readonly RouterSettings[]): ReadonlyMap<string, Listening> {
  const needs = new Map<string, Listening>();
  for (const router of routers) {
    if (router.family !== "ipv4") continue;
    const known = needs.get(router.links.adverts);
    const groups = router.multicast ? router.destinations : [];
    const bytes = Math.max(known?.receiveBufferBytes ?? 0, router.receiveBufferBytes ?? 0);
    needs.set(router.links.adverts, {
      groups: [...new Set([...(known?.groups ?? []), ...groups])].sort(),
      receiveBufferBytes: bytes === 0 ? undefined : bytes,
    });
  }
  return needs;
}
