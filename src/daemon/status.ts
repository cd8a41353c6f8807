/** The status as one value: what `GET /status` answers, what `vipd status` shows. All times are CLOCK_BOOTTIME ms, `at` says when that was. */
import type { GroupStatus, RouterStatus } from "../vrrp/status.ts";
import type { CheckStatus, Lateness } from "./messages.ts";
import type { SpoolStatus } from "./notifier.ts";
import type { RoleStatus } from "./role.ts";
import type { ScriptStatus } from "./track-scripts.ts";

export type ServiceStatus = {
  readonly key: string;
  readonly name: string;
  readonly state: "up" | "down";
  readonly sinceMs: number;
  readonly scheduler: string;
  readonly weight: number;
  readonly quorum: number;
  readonly sorryServer: { readonly name: string; readonly active: boolean } | undefined;
  readonly servers: readonly ServerStatus[];
};

export type ServerStatus = {
  readonly name: string;
  readonly state: "up" | "down";
  readonly sinceMs: number;
  readonly weight: number;
  readonly reason: string;
  readonly checks: readonly CheckStatus[];
};

export type ConfigStatus = {
  readonly file: string;
  readonly generation: number;
  readonly loadedWallMs: number;
  readonly warnings: readonly string[];
  /** The file was broken at the start: this is the last good one instead. */
  readonly fallback: { readonly lastGood: string; readonly problems: readonly string[] } | undefined;
  /** The last reload was refused. */
  readonly refused: { readonly wallMs: number; readonly problems: readonly string[] } | undefined;
};

export type DaemonState = "starting" | "running" | "reloading" | "stopping";

export type Status = {
  /** When this was true: milliseconds since 1970, and CLOCK_BOOTTIME ms. */
  readonly at: { readonly wallMs: number; readonly monotonicMs: number };
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly boot: string;
  readonly state: DaemonState;
  readonly sinceMs: number;
  readonly dryRun: "no" | "ipvs" | "all";
  readonly config: ConfigStatus | undefined;
  readonly processes: readonly RoleStatus[];
  /** Undefined where the vrrp process does not answer. */
  readonly vrrp:
    | {
        readonly routers: readonly RouterStatus[];
        readonly groups: readonly GroupStatus[];
        readonly lateness: Lateness;
      }
    | undefined;
  readonly scripts: readonly ScriptStatus[];
  readonly services: readonly ServiceStatus[];
  /** Why IPVS cannot be written, in words. */
  readonly ipvsProblem: string | undefined;
  /** Keys of virtual services of others: shown, never changed. */
  readonly foreignServices: readonly string[];
  readonly mail: SpoolStatus;
  readonly notifyScriptsWaiting: number;
  readonly logLinesLost: number;
  readonly lastSeq: number;
};
