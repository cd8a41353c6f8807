/** What the engine says of itself when somebody asks. */
import type { VrrpState } from "../events.ts";

export type RouterStatus = {
  readonly key: string;
  readonly name: string;
  readonly state: VrrpState;
  /** CLOCK_BOOTTIME ms. */
  readonly sinceMs: number;
  readonly reason: string;
  readonly vrid: number;
  readonly version: 2 | 3;
  readonly link: string;
  readonly basePriority: number;
  readonly priority: number;
  /** What changed the priority, in words: `script chk_haproxy down: -20`. */
  readonly adjustments: readonly string[];
  readonly faults: readonly string[];
  readonly intervalMs: number;
  readonly masterDownMs: number;
  readonly master:
    | { readonly ip: string; readonly priority: number; readonly intervalMs: number; readonly heardMs: number }
    | undefined;
  /** `present` as the engine wishes it (true while master); the vrrp process puts in what the kernel has. */
  readonly addresses: readonly { readonly address: string; readonly device: string; readonly present: boolean }[];
  readonly adverts: {
    readonly sent: number;
    readonly received: number;
    readonly priorityZeroSent: number;
    readonly priorityZeroReceived: number;
  };
  readonly transitions: { readonly toMaster: number; readonly fromMaster: number };
  readonly dropped: Readonly<Record<string, number>>;
  readonly group: string | undefined;
  readonly contested: { readonly by: string; readonly priority: number; readonly sinceMs: number } | undefined;
};

export type GroupStatus = {
  readonly name: string;
  readonly state: VrrpState;
  readonly sinceMs: number;
  readonly members: readonly string[];
};
