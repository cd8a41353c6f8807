/**
 * The vocabulary: everything that happens in vipd and that anybody outside is told is one value of `Event`.
 * Log, mail, notify scripts, FIFOs, metrics and the control socket render these values; none invents its own.
 * vipd alone numbers them (`Stamp`); the other roles send `EventBody` with the monotonic time at which it happened.
 */
import type { Ip } from "./base/address.ts";

export type Stamp = {
  /** Names one run of vipd: the kernel's boot id and the start time. */
  readonly boot: string;
  /** Counts from 1 within `boot`, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970, for people. */
  readonly wallMs: number;
  /** CLOCK_BOOTTIME in ms at which it happened, for arithmetic. */
  readonly monotonicMs: number;
};

export type Severity = "debug" | "info" | "notice" | "warning" | "error";

/** VRRP states as the operator reads them. INIT: not started, or scripts have not answered yet. */
export type VrrpState = "INIT" | "BACKUP" | "MASTER" | "FAULT" | "STOP";
export type UpDown = "up" | "down";

/** `reason` is a phrase in words, without a full stop: `no advert from 10.0.0.2 for 3.61 s`. */
export type EventBody =
  // vrrp
  | {
      readonly type: "vrrp.transition";
      readonly instance: string;
      readonly from: VrrpState;
      readonly to: VrrpState;
      readonly reason: string;
      /** Effective priority. */
      readonly priority: number;
      /** How long the former state had lasted. */
      readonly afterMs: number;
      /** Who is master now as far as this node knows: an address, itself ("self"), or nobody. */
      readonly master: Ip | "self" | undefined;
      readonly addresses: readonly string[];
      /** The instance is gone from the configuration (a reload), not merely stopped. */
      readonly deleted?: boolean;
    }
  | {
      readonly type: "vrrp.group";
      readonly group: string;
      readonly from: VrrpState;
      readonly to: VrrpState;
      readonly reason: string;
      readonly afterMs: number;
    }
  | {
      readonly type: "vrrp.priority";
      readonly instance: string;
      readonly from: number;
      readonly to: number;
      readonly state: VrrpState;
      readonly reason: string;
    }
  | {
      /** A competitor was heard while we are master and stay it. Bounded rate: one at the beginning, one at the end. */
      readonly type: "vrrp.contested";
      readonly instance: string;
      readonly phase: "begin" | "end";
      readonly by: Ip;
      readonly theirPriority: number;
      readonly adverts: number;
      readonly forMs: number;
    }
  | {
      readonly type: "vrrp.lower";
      readonly instance: string;
      readonly priority: number;
      readonly by: Ip;
      readonly theirPriority: number;
    }
  | {
      readonly type: "vrrp.stalled";
      readonly instance: string | undefined;
      readonly lateMs: number;
      /** What was done about it, in words. */
      readonly action: string;
    }
  | {
      /** An address of ours: put back, lost, foreign, in use elsewhere. */
      readonly type: "vrrp.address";
      readonly instance: string;
      readonly address: string;
      readonly device: string;
      readonly what: "restored" | "removed" | "failed" | "gaveUp" | "swept" | "adopted";
      readonly reason: string;
    }
  | {
      /** Packets dropped, by reason, since the last such event. */
      readonly type: "vrrp.dropped";
      readonly instance: string | undefined;
      readonly device: string;
      readonly from: Ip | undefined;
      readonly drop: string;
      readonly count: number;
      readonly reason: string;
    }
  | { readonly type: "vrrp.warning"; readonly instance: string; readonly reason: string }
  // trackers
  | {
      readonly type: "tracker";
      readonly kind: "script" | "interface" | "file" | "process" | "bfd";
      readonly name: string;
      readonly from: UpDown | "unknown";
      readonly to: UpDown;
      readonly reason: string;
    }
  // checks and services
  | {
      readonly type: "check.result";
      readonly service: string;
      readonly server: string;
      readonly check: string;
      readonly from: UpDown | "unknown";
      readonly to: UpDown;
      readonly reason: string;
      readonly tookMs: number;
    }
  | {
      readonly type: "check.failed";
      readonly service: string;
      readonly server: string;
      readonly check: string;
      readonly reason: string;
      readonly attempt: number;
      readonly of: number;
    }
  | {
      readonly type: "server.state";
      readonly service: string;
      readonly server: string;
      readonly from: UpDown;
      readonly to: UpDown;
      readonly reason: string;
      readonly weight: number;
      readonly afterMs: number;
      /** The check whose result decided, e.g. `TCP_CHECK`, `HTTP_GET`; undefined when no check did (start, removal). */
      readonly check: string | undefined;
    }
  | {
      readonly type: "service.quorum";
      readonly service: string;
      readonly from: UpDown;
      readonly to: UpDown;
      readonly reason: string;
      /** Total weight of the live servers, the quorum and the hysteresis. */
      readonly weight: number;
      readonly quorum: number;
      readonly hysteresis: number;
      readonly sorryServer: string | undefined;
      /** At start, or because of a change of the configuration. */
      readonly initial: boolean;
    }
  | { readonly type: "ipvs.change"; readonly service: string; readonly what: string; readonly count: number }
  | { readonly type: "ipvs.error"; readonly reason: string }
  // notifications
  | { readonly type: "script.failed"; readonly subject: string; readonly command: string; readonly reason: string }
  | { readonly type: "mail.delivered"; readonly subject: string; readonly count: number; readonly tookMs: number }
  | { readonly type: "mail.deferred"; readonly reason: string; readonly waiting: number; readonly retryMs: number }
  | { readonly type: "mail.refused"; readonly subject: string; readonly reason: string }
  // the daemon itself
  | { readonly type: "daemon.start"; readonly version: string; readonly file: string }
  | { readonly type: "daemon.ready"; readonly tookMs: number }
  | { readonly type: "daemon.stop"; readonly reason: string }
  | {
      readonly type: "process.exit";
      readonly process: string;
      readonly pid: number;
      readonly reason: string;
      readonly restartMs: number | undefined;
    }
  | { readonly type: "process.start"; readonly process: string; readonly pid: number; readonly restarts: number }
  | {
      readonly type: "config.loaded";
      readonly file: string;
      readonly generation: number;
      readonly warnings: number;
      readonly changes: readonly string[];
      readonly tookMs: number;
    }
  | { readonly type: "config.refused"; readonly file: string; readonly problems: readonly string[] }
  | {
      readonly type: "config.fallback";
      readonly file: string;
      readonly lastGood: string;
      readonly problems: readonly string[];
    }
  | { readonly type: "warning"; readonly reason: string }
  | { readonly type: "info"; readonly reason: string };

export type Event = Stamp & EventBody;
export type EventType = EventBody["type"];
