/** What an instance is in, what can happen to it, and what it is given to decide with. */
import type { Ip } from "../base/address.ts";
import type { Action, Advert, TimerKind, TimerName } from "./interface.ts";
import type { RouterSettings } from "./settings.ts";

/** Who was last heard advertising, us excluded. */
export type Peer = {
  readonly ip: Ip;
  readonly priority: number;
  readonly intervalMs: number;
  readonly heardMs: number;
};

type Common = {
  readonly sinceMs: number;
  /** Why it came into this state, in words. */
  readonly reason: string;
  readonly master: Peer | undefined;
};

export type State = Init | Backup | Master | Fault;
/** `aliveMs`: it was master in a process before this one, which was last known to work then. */
export type Init = Common & { readonly name: "INIT"; readonly aliveMs?: number | undefined };
export type Fault = Common & { readonly name: "FAULT" };

export type Backup = Common & {
  readonly name: "BACKUP";
  /** Master_Adver_Interval: version 3 learns it, version 2 has its own. */
  readonly intervalMs: number;
  /** The last accepted advert, or the beginning: Master_Down_Timer counts from here. */
  readonly countFromMs: number;
  readonly masterDownAtMs: number;
  /** preempt_delay: a lower master is tolerated while `running`. */
  readonly delay: "idle" | "running" | "over";
  /** Why a sooner end than Master_Down_Interval was set, in words. */
  readonly hurry: string | undefined;
  /** The timer was so late that it listens once more before it acts on it. */
  readonly listening: boolean;
  /** Why it would be master, in words: its timer has run out, and it waits for the others of its group. */
  readonly ready: string | undefined;
  /** Has been nothing but started. */
  readonly fresh: boolean;
};

export type Master = Common & {
  readonly name: "MASTER";
  readonly sentMs: number;
  readonly advertAtMs: number;
  /** After a stall: silent and listening until then. */
  readonly quietUntilMs: number | undefined;
  /** When the last advert out of turn was sent. */
  readonly answeredMs: number;
  /** When announcements that others caused will be in balance with their rate. */
  readonly defenceMs: number;
  readonly bursts: Bursts;
  readonly rival: Rival | undefined;
};

/** Announcements to come, at most one of each kind; `repeat` for each address. */
export type Bursts = { readonly [kind in "second" | "owed" | "refresh"]?: Burst | undefined };
export type Burst = { readonly atMs: number; readonly repeat: number };

/** Somebody of lower rank who advertises while we are master. */
export type Rival = {
  readonly ip: Ip;
  readonly priority: number;
  readonly intervalMs: number;
  readonly sinceMs: number;
  readonly heardMs: number;
  readonly adverts: number;
  /** `vrrp.contested` has been told. */
  readonly told: boolean;
};

export type Event =
  /** What `faults` and `waiting` say may have changed; `cause` in words: `link eth0 came up`. */
  | { readonly type: "assessed"; readonly cause: string }
  | { readonly type: "heard"; readonly advert: Advert; readonly from: Ip; readonly arrivedMs: number }
  | { readonly type: "expired"; readonly timer: TimerKind }
  /** The process may have slept. */
  | { readonly type: "stalled" }
  /** All members of the group are ready. */
  | { readonly type: "take"; readonly reason: string }
  /** Another member has left MASTER. */
  | { readonly type: "yield"; readonly reason: string }
  /** On the link of another member of the group the master has resigned. */
  | { readonly type: "siblingResigned"; readonly sibling: string }
  /** Another member of the group had to defend itself: clients may have learned a wrong MAC address here too. */
  | { readonly type: "siblingContested" }
  | { readonly type: "configured"; readonly before: RouterSettings }
  | { readonly type: "stop"; readonly reason: string; readonly deleted: boolean };

/** The instance as it is now; made anew whenever something in it changes. */
export type Router = {
  readonly settings: RouterSettings;
  /** Effective priority, 1–255. */
  readonly priority: number;
  /** Source address of its adverts. */
  readonly self: Ip | undefined;
  /** Its link is there and running, and it has a source address. */
  readonly canSend: boolean;
  /** Why it must not be master, own reasons and those of its group. Empty = none. */
  readonly faults: readonly string[];
  /** What has not answered yet: it is silent until all have. */
  readonly waiting: readonly string[];
  /** Member of a group: the group says when it becomes master. */
  readonly grouped: boolean;
  /** Nobody has been heard so far, and nobody has been told. */
  readonly lonely: boolean;
  readonly advert: Advert;
  /** The same with priority 0. */
  readonly resignation: Advert;
  readonly timers: { readonly [kind in TimerKind]: TimerName };
};

export type Step<S extends State = State> = { readonly state: S; readonly actions: readonly Action[] };
