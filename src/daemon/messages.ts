/**
 * What the processes say to each other, one union a direction. Configurations travel as JSON in pieces, each with its generation; what
 * belongs to an older generation is dropped. Reload in two phases: prepare (plan, open, answer), then commit; one refusal and nothing changes.
 */
import type { CheckerSettings } from "../check/settings.ts";
import type { EventBody, UpDown } from "../events.ts";
import type { MailSettings } from "../notify/settings.ts";
import type { Fact, GroupSettings, RouterSettings, VrrpSettings } from "../vrrp/settings.ts";
import type { GroupStatus, RouterStatus } from "../vrrp/status.ts";

/** An event on its way to vipd, which numbers it. */
export type Happened = { readonly body: EventBody; readonly monotonicMs: number };

// ── vipd ↔ vrrp ──────────────────────────────────────────────────────────────────────────────────────────────

export type ToVrrp =
  | {
      readonly type: "begin";
      readonly generation: number;
      readonly startupDelayMs: number;
      readonly announceGapMs: VrrpSettings["announceGapMs"];
      readonly namespace: string | undefined;
      readonly realtimePriority: number | undefined;
      readonly dryRun: boolean;
      /** Keys of addresses that are ours by the journal, besides those of the routers: swept, for they are no longer wanted. */
      readonly ours: readonly AddressKey[];
      readonly former: Former | undefined;
    }
  | { readonly type: "routers"; readonly generation: number; readonly routers: readonly RouterSettings[] }
  | { readonly type: "groups"; readonly generation: number; readonly groups: readonly GroupSettings[] }
  | { readonly type: "prepare"; readonly generation: number }
  | { readonly type: "commit"; readonly generation: number }
  | { readonly type: "abandon"; readonly generation: number }
  | { readonly type: "facts"; readonly facts: readonly Fact[] }
  | { readonly type: "status"; readonly id: number }
  | { readonly type: "ping"; readonly id: number }
  /** Priority 0, addresses removed, then `stopped` and exit. `hurry`: now, whatever is in flight. */
  | { readonly type: "stop"; readonly hurry: boolean };

/** What the vrrp process before this one left behind, when it died while vipd lived on. */
export type Former = {
  /** Keys of the instances that were master. */
  readonly masters: readonly string[];
  /** When it was last known to be alive, CLOCK_BOOTTIME ms. */
  readonly aliveMs: number;
  /** What is known of all that is tracked. */
  readonly facts: readonly Fact[];
};

export type FromVrrp =
  | { readonly type: "hello"; readonly pid: number }
  | { readonly type: "prepared"; readonly generation: number; readonly refused: string | undefined }
  | { readonly type: "committed"; readonly generation: number }
  | { readonly type: "event"; readonly event: Happened }
  /** promote_secondaries of this link was off and is on now. */
  | { readonly type: "promoted"; readonly link: string }
  | {
      readonly type: "status";
      readonly id: number;
      readonly at: number;
      readonly routers: readonly RouterStatus[];
      readonly groups: readonly GroupStatus[];
      readonly lateness: Lateness;
    }
  | { readonly type: "pong"; readonly id: number }
  | { readonly type: "stopped" };

/** `device ip/length`, e.g. `eth0 192.0.2.9/24`. */
export type AddressKey = string;
export type Lateness = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  readonly samples: number;
};

// ── vipd ↔ checkers ──────────────────────────────────────────────────────────────────────────────────────────

export type ToCheckers =
  | {
      readonly type: "begin";
      readonly generation: number;
      readonly logAllFailures: boolean;
      readonly namespace: string | undefined;
    }
  | { readonly type: "checks"; readonly generation: number; readonly checks: readonly CheckerSettings[] }
  /** All checks of the configuration in force but these, instead of saying them again. Comes first, if at all. */
  | { readonly type: "keep"; readonly generation: number; readonly without: readonly string[] }
  /** Health that vipd knows, by check id: from before a reload, a crash of the checkers, or the kernel's table. */
  | {
      readonly type: "health";
      readonly generation: number;
      readonly health: readonly (readonly [id: string, state: UpDown])[];
    }
  | { readonly type: "prepare"; readonly generation: number }
  | { readonly type: "commit"; readonly generation: number }
  | { readonly type: "abandon"; readonly generation: number }
  | { readonly type: "status"; readonly id: number }
  | { readonly type: "ping"; readonly id: number }
  | { readonly type: "stop"; readonly hurry: boolean };

/** vipd checks every one of these with zod: this process reads bytes from strangers. */
export type FromCheckers =
  | { readonly type: "hello"; readonly pid: number }
  | { readonly type: "prepared"; readonly generation: number; readonly refused: string | undefined }
  | { readonly type: "committed"; readonly generation: number }
  /** Only changes of health, and the first verdict of each check. */
  | {
      readonly type: "verdict";
      readonly generation: number;
      readonly id: string;
      readonly state: UpDown;
      readonly reason: string;
      readonly tookMs: number;
      readonly at: number;
    }
  /** A failure that does not count yet (retry), or each one with log_all_failures. */
  | {
      readonly type: "failure";
      readonly generation: number;
      readonly id: string;
      readonly reason: string;
      readonly attempt: number;
      readonly of: number;
    }
  | { readonly type: "status"; readonly id: number; readonly at: number; readonly checks: readonly CheckStatus[] }
  | { readonly type: "warning"; readonly reason: string }
  | { readonly type: "pong"; readonly id: number }
  | { readonly type: "stopped" };

export type CheckStatus = {
  readonly id: string;
  readonly state: UpDown | "unknown";
  readonly reason: string;
  /** This machine could not ask, as `reason` says; `state` is what was known before. */
  readonly trouble: boolean;
  /** CLOCK_BOOTTIME ms of the last finished attempt; undefined before the first. */
  readonly lastMs: number | undefined;
  readonly tookMs: number | undefined;
  readonly runs: number;
  readonly failures: number;
};

// ── vipd ↔ mailer ────────────────────────────────────────────────────────────────────────────────────────────

export type ToMailer =
  | { readonly type: "run"; readonly spool: string; readonly templates: readonly string[]; readonly mail: MailSettings }
  /** Something new lies in the spool. */
  | { readonly type: "wake" }
  | { readonly type: "stop"; readonly hurry: boolean };

export type FromMailer =
  | { readonly type: "hello"; readonly pid: number }
  | { readonly type: "event"; readonly event: Happened }
  | {
      readonly type: "spool";
      readonly waiting: number;
      readonly oldestMs: number | undefined;
      readonly delivered: number;
      readonly refused: number;
      readonly lastError: string | undefined;
    }
  /** Spool empty for a minute: about to exit 0. */
  | { readonly type: "idle" }
  | { readonly type: "stopped" };
