/**
 * What the VRRP engine hears and what it wants done. The engine is pure: `engine.handle(event, nowMs) → actions`, where one engine
 * holds all instances and groups. The vrrp process performs the actions with sockets and netlink; the simulator with a virtual LAN.
 * All times are CLOCK_BOOTTIME ms with fractions.
 */
import type { Ip } from "../base/address.ts";
import type { EventBody } from "../events.ts";
import type { Fact, RouterSettings, VrrpSettings } from "./settings.ts";
import type { GroupStatus, RouterStatus } from "./status.ts";

/** Made by `createEngine()` of engine.ts. Tell it the links before the first `configure`: a link of which nothing is known is a missing one. */
export type Engine = {
  /** @param nowMs never less than in the call before @returns what to do, in this order, before the next call */
  handle(event: EngineEvent, nowMs: number): readonly Action[];
  routers(nowMs: number): readonly RouterStatus[];
  groups(nowMs: number): readonly GroupStatus[];
};

/** What a VRRP packet says, either version. `addresses` in the order of the wire. */
export type Advert = {
  readonly version: 2 | 3;
  readonly vrid: number;
  /** 0–255; 0 = the master resigns, 255 = owner. */
  readonly priority: number;
  readonly intervalMs: number;
  readonly addresses: readonly Ip[];
  readonly authentication: { readonly type: "none" } | { readonly type: "pass"; readonly password: string };
};

/** What is known of a link; unknown links are `present: false`. */
export type LinkState = {
  readonly name: string;
  readonly present: boolean;
  /** IFF_UP and IFF_RUNNING. */
  readonly running: boolean;
  readonly index: number;
  readonly mac: string;
  /** Primary (IPv4) or link-local (IPv6) address to send from, by family. */
  readonly source: { readonly ipv4: Ip | undefined; readonly ipv6: Ip | undefined };
  /** All addresses on it, `ip/length`, for track_src_ip. */
  readonly addresses: readonly string[];
};

/**
 * Instances that were master in a process before this one, by key, and whose addresses are still there. `aliveMs`: when that process was
 * last known to work. Those that nobody can have replaced yet go on.
 */
export type FormerMasters = { readonly masters: readonly string[]; readonly aliveMs: number };

export type EngineEvent =
  /** Start or reload: the whole wish. Matched by `key`; what is equal is not touched. */
  | { readonly type: "configure"; readonly settings: VrrpSettings; readonly former?: FormerMasters }
  /** A raw VRRP packet (IP payload) with what the IP header said. `arrivedMs`: when it came, not when it is read. */
  | {
      readonly type: "packet";
      readonly link: string;
      readonly from: Ip;
      readonly to: Ip;
      readonly ttl: number;
      readonly bytes: Uint8Array;
      readonly arrivedMs: number;
    }
  /** A timer of the engine expired. Before delivering it, the shell has drained every socket (decision 3). `lateMs`: how much later than armed. */
  | { readonly type: "expired"; readonly timer: TimerName; readonly lateMs: number }
  | { readonly type: "link"; readonly state: LinkState }
  | { readonly type: "fact"; readonly fact: Fact }
  /** Addresses could not be kept (put back five times in ten seconds, EEXIST, …): FAULT with this reason; undefined ends it. */
  | { readonly type: "addressFault"; readonly router: string; readonly reason: string | undefined }
  /** Its peers cannot be heard although the link is up: FAULT with this reason; undefined ends it. Told before `configure` for instances that are new. */
  | { readonly type: "hearing"; readonly router: string; readonly reason: string | undefined }
  /** The loop was late by so much (maximum over all timers and sockets of this turn). */
  | { readonly type: "stalled"; readonly lateMs: number }
  /** SIGTERM: resign everywhere. */
  | { readonly type: "stop" };

/** `router` is a RouterSettings key. One timer of each kind per router. */
export type TimerName = `${TimerKind} ${string}`;
/** masterDown/advert: the protocol's; preempt: preempt_delay; announce: second burst and refresh; quiet: a stalled master listens; contest: end of a contest; startup: vrrp_startup_delay. */
export type TimerKind = "masterDown" | "advert" | "preempt" | "announce" | "quiet" | "contest" | "startup" | "alone";

export type Action =
  | { readonly type: "arm"; readonly timer: TimerName; readonly atMs: number }
  | { readonly type: "disarm"; readonly timer: TimerName }
  /** Send now, in the order of the actions. `router` gives links, source, destinations, version. */
  | { readonly type: "advertise"; readonly router: RouterSettings; readonly advert: Advert }
  /** From now on the addresses of this router are wanted, or not. The shell reconciles; also after restart and when somebody deletes one. */
  | { readonly type: "addresses"; readonly router: RouterSettings; readonly wanted: boolean }
  /** Announce all its addresses (gratuitous ARP, unsolicited NA), `repeat` times each, after those already wanted are set. */
  | { readonly type: "announce"; readonly router: RouterSettings; readonly repeat: number }
  | { readonly type: "event"; readonly body: EventBody; readonly atMs: number };
