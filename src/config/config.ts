/** The typed value of a configuration: immutable, in our units and names, references resolved. */
import type { CheckSettings } from "../check/settings.ts";
import type { IpvsGlobalSettings, ServiceSettings } from "../ipvs/settings.ts";
import type { CommandSettings, MailSettings, NotifySettings, TrackScriptSettings } from "../notify/settings.ts";
import type { VrrpSettings } from "../vrrp/settings.ts";
import type { FurtherSettings } from "./further/settings.ts";
import type { Written } from "./written/setting.ts";

export type Config = {
  readonly global: GlobalSettings;
  readonly vrrp: VrrpSettings;
  readonly scripts: readonly TrackScriptSettings[];
  readonly checks: CheckSettings;
  readonly services: readonly ServiceSettings[];
  readonly ipvs: IpvsGlobalSettings;
  readonly notify: NotifySettings;
  readonly mail: MailSettings | undefined;
  /** Everything that counts as the file says it, where it was asked for. */
  readonly written?: Written;
  /** What no room acts upon yet, where it was asked for. */
  readonly further?: FurtherSettings;
};

export type GlobalSettings = {
  readonly routerId: string;
  readonly netNamespace: string | undefined;
  /** Empty: the one in which vipd is started. undefined: that of `netNamespace`. */
  readonly ipvsNamespace: string | undefined;
  readonly instance: string | undefined;
  readonly childWaitMs: number;
  /** Realtime priority for the vrrp process (vrrp_rt_priority), undefined = our default. */
  readonly vrrpRealtimePriority: number | undefined;
  readonly startupScript: CommandSettings | undefined;
  readonly shutdownScript: CommandSettings | undefined;
};

export type Level = "error" | "warning" | "hint";

/** Something to say about a file. `error`: the file is wrong. `machine`: this machine is not ready for it (decision 10). */
export type Problem = {
  readonly level: Level;
  readonly code: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** What is wrong, quoting the value. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
  /** The words that offend, as written. */
  readonly text?: string;
  /** The line as it is after substitution, where something was substituted in it. Without secrets. */
  readonly expansion?: string;
  /** `FILE:LINE` where the substituted word was defined. */
  readonly defined?: string;
  /** `FILE:LINE` of the include lines that led to the file, the nearest first. */
  readonly included?: readonly string[];
  /** The class that keepalived -t would report, for its exit code (config-language 50). */
  readonly verdict?: "other" | "notFound" | "security" | "none";
};

export type Loaded = {
  /** Undefined when an error makes the file unusable as it stands. */
  readonly config: Config | undefined;
  readonly problems: readonly Problem[];
  /** Every file read, in order, main file first. */
  readonly files: readonly string[];
  /** The consolidated text: one file, includes resolved, with `# file:line` origins; loads to the same value. */
  readonly consolidated: string;
};
