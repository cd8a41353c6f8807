/** What the vrrp process is told: instances, groups, and the identities of what they track. Immutable, plain JSON. */
import type { Family, Ip } from "../base/address.ts";

export type VrrpSettings = {
  readonly routers: readonly RouterSettings[];
  readonly groups: readonly GroupSettings[];
  /** vrrp_startup_delay: adverts are ignored and timers start only after it, ms from the daemon's start. */
  readonly startupDelayMs: number;
  /** vrrp_garp_interval / vrrp_gna_interval per link: least time between two announcements, ms, 0 = none. */
  readonly announceGapMs: { readonly ipv4: number; readonly ipv6: number };
};

/** One vrrp_instance. `key` is its identity across reloads (family, link, VRID, destination), not the name. */
export type RouterSettings = {
  readonly key: string;
  readonly name: string;
  readonly family: Family;
  readonly version: 2 | 3;
  /** 1–255 */
  readonly vrid: number;
  /** Names of links: where adverts leave, where addresses live by default, and which link's failure is ours. Equal today. */
  readonly links: { readonly adverts: string; readonly addresses: string; readonly tracked: string | undefined };
  /** Configured priority, 1–255; 255 = owner of the addresses. */
  readonly priority: number;
  readonly initial: "MASTER" | "BACKUP";
  /** Advertisement interval, 10–255000 ms; whole seconds with version 2, steps of 10 with 3. */
  readonly intervalMs: number;
  /** down_timer_adverts, 1–100. */
  readonly downAdverts: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly authentication: { readonly type: "none" } | { readonly type: "pass"; readonly password: string };
  /** mcast_src_ip; undefined = primary address of the link. */
  readonly source: Ip | undefined;
  /** track_src_ip: FAULT while `source` is not on the link. */
  readonly trackSource: boolean;
  /** Where adverts go: the multicast group (one entry, multicast true), or peers. */
  readonly destinations: readonly Ip[];
  readonly multicast: boolean;
  /** virtual_ipaddress: advertised, in the order of the file. */
  readonly addresses: readonly VirtualAddress[];
  /** virtual_ipaddress_excluded: held while master, not advertised. */
  readonly excluded: readonly VirtualAddress[];
  readonly garp: GarpSettings;
  /** lower_prio_no_advert: as master stay silent on hearing a lower priority. */
  readonly lowerPrioNoAdvert: boolean;
  /** higher_prio_send_advert: true | false as written, undefined = not written (then one advert, decision 24). */
  readonly higherPrioSendAdvert: boolean | undefined;
  readonly ownerIgnoreAdverts: boolean;
  readonly checkAddresses: "always" | "newMaster";
  readonly checksumAsV2: boolean;
  readonly strict: boolean;
  readonly trackers: readonly Tracking[];
  /** Name of the sync group it is a member of. */
  readonly group: string | undefined;
  /** kernel_rx_buf_size in bytes, or undefined for our own choice. */
  readonly receiveBufferBytes: number | undefined;
};

export type VirtualAddress = {
  readonly ip: Ip;
  readonly length: number;
  readonly link: string;
  /** Linux scope number: 0 global, 200 site, 253 link, 254 host. */
  readonly scope: number;
  readonly label: string | undefined;
  readonly broadcast: Ip | undefined;
  readonly peer: Ip | undefined;
  readonly noPrefixRoute: boolean;
  readonly home: boolean;
  /** preferred_lft in s; undefined = keepalived's rule (IPv6 /128 deprecated, else forever). */
  readonly preferredSeconds: number | undefined;
  /** no_track absent: the link is tracked, and removal by others is repaired. */
  readonly track: boolean;
};

export type GarpSettings = {
  /** garp_master_repeat ≥ 1: announcements per address at once, and again after `delayMs` (0 = no second burst). */
  readonly repeat: number;
  readonly delayMs: number;
  /** garp_master_refresh, ms between refreshes, 0 = never; `refreshRepeat` announcements each. */
  readonly refreshMs: number;
  readonly refreshRepeat: number;
  /** After a lower-priority advert heard as master. */
  readonly lowerPrioRepeat: number;
  readonly lowerPrioDelayMs: number;
};

/** One line of track_script, track_interface, …; weight 0 = FAULT when it fails. */
export type Tracking = {
  readonly tracker: TrackerKind;
  /** Name of the script, link, file, process or BFD instance. */
  readonly id: string;
  /** -253…253 */
  readonly weight: number;
  readonly reverse: boolean;
};
export type TrackerKind = "script" | "interface" | "file" | "process" | "bfd";

export type GroupSettings = {
  readonly name: string;
  /** Keys of the members, in the order of the file. */
  readonly members: readonly string[];
  readonly trackers: readonly Tracking[];
  /** sync_group_tracking_weight: weights count also for members. */
  readonly trackingWeight: boolean;
};

/**
 * What is known of a tracked thing, sent to the engine as it changes. Scripts are run and judged (rise, fall) by vipd;
 * links are watched by the vrrp process itself. `value`: for files the number, for others up | down.
 */
export type Fact = {
  readonly tracker: TrackerKind;
  readonly id: string;
  readonly value: "up" | "down" | number;
  /** Why, in words: `exit status 1`. */
  readonly reason: string;
  /** CLOCK_BOOTTIME ms. */
  readonly at: number;
};
