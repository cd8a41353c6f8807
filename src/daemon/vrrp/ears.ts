/**
 * The sockets of every link that adverts travel on: opened when the link is there, again when it returns under another index, closed when
 * nobody needs them. All of them are read before an expired timer is acted on.
 */
import type { Ip } from "../../base/address.ts";
import type { VrrpPacket, VrrpSocketOptions, VrrpSockets } from "../../os/vrrp-sockets.ts";
import type { RouterSettings } from "../../vrrp/settings.ts";
import { arrivalMs, type Reading } from "./arrival.ts";

export type Ears = {
  /** Opens what these routers need on links that exist, closes what they do not. @throws {SystemError} no privilege */
  serve(routers: readonly RouterSettings[]): void;
  /** The link came, went or changed its index. @throws {SystemError} */
  lookAt(link: string): void;
  /** Hears everything that has arrived, on every link. @param lateMs how late this turn is by its timers */
  drain(lateMs: number): void;
  /** @returns undefined without a socket: the link is not there */
  socketsOf(link: string): VrrpSockets | undefined;
  close(): void;
};

export type EarsOptions = {
  readonly indexOf: (link: string) => number | undefined;
  readonly openSockets: (options: VrrpSocketOptions) => VrrpSockets;
  readonly clocks: () => Reading;
  readonly hear: (link: string, packet: VrrpPacket, arrivedMs: number) => void;
};

/** A flood does not keep the timers waiting: the rest is read in the next turn. */
const PER_TURN = 64;
const PER_DRAIN = 4096;

type Need = { readonly groups: readonly Ip[]; readonly receiveBufferBytes: number | undefined };
type Open = { readonly sockets: VrrpSockets; readonly need: Need; empty: Reading };

export function createEars(options: EarsOptions): Ears {
  const needs = new Map<string, Need>();
  const open = new Map<string, Open>();

  function lookAt(link: string): void {
    const need = needs.get(link);
    const index = need === undefined ? undefined : options.indexOf(link);
    const now = open.get(link);
    if (now !== undefined && now.sockets.index === index && isSame(now.need, need)) return;
    now?.sockets.close();
    open.delete(link);
    if (need === undefined || index === undefined) return;
    const entry: Open = {
      sockets: options.openSockets({ link, index, ...need, onReadable: () => read(entry, PER_TURN, 0) }),
      need,
      empty: options.clocks(),
    };
    open.set(link, entry);
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
      for (const link of new Set([...open.keys(), ...needs.keys()])) lookAt(link);
    },
    lookAt,
    drain(lateMs) {
      for (const entry of open.values()) read(entry, PER_DRAIN, lateMs);
    },
    socketsOf: (link) => open.get(link)?.sockets,
    close() {
      for (const { sockets } of open.values()) sockets.close();
      open.clear();
    },
  };
}

function needsOf(routers: readonly RouterSettings[]): ReadonlyMap<string, Need> {
  const needs = new Map<string, Need>();
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

function isSame(a: Need, b: Need | undefined): boolean {
  return a.receiveBufferBytes === b?.receiveBufferBytes && a.groups.join() === b?.groups.join();
}
