/**
 * What a configuration says that no room acts upon yet, as values in our units: defaults filled in, names resolved. A room that comes
 * to honour a part takes it from here.
 */
import type { Family, Ip, Prefix } from "../../base/address.ts";
import type { LineOption } from "../written/setting.ts";

export type FurtherSettings = {
  readonly static: {
    readonly addresses: readonly StaticAddress[];
    readonly routes: readonly RouteSettings[];
    readonly rules: readonly RuleSettings[];
  };
  readonly instances: readonly InstanceFurther[];
  readonly trackGroups: readonly { readonly name: string; readonly instances: readonly string[] }[];
  readonly garpGroups: readonly GarpGroup[];
  /** interface_up_down_delays */
  readonly linkDelays: readonly { readonly link: string; readonly downMs: number; readonly upMs: number }[];
  readonly serviceGroups: readonly ServiceGroup[];
  readonly files: readonly TrackFile[];
  readonly processes: readonly TrackProcess[];
  readonly bfd: readonly BfdSettings[];
  /** Checks that no probe runs yet, and those of services that are left out. */
  readonly checks: readonly FurtherCheck[];
};

export type StaticAddress = Prefix & {
  /** Undefined: default_interface. */
  readonly link: string | undefined;
  readonly trackGroup: string | undefined;
  readonly options: readonly LineOption[];
};

export type Network = Prefix | "default";

export type RouteSettings = {
  /** `unicast`, `blackhole`, … */
  readonly kind: string;
  readonly to: Network | undefined;
  readonly via: Ip | undefined;
  readonly source: Ip | undefined;
  readonly link: string | undefined;
  /** A name of rt_tables or a number. */
  readonly table: string;
  readonly metric: number;
  readonly nexthops: readonly {
    readonly via: Ip | undefined;
    readonly link: string | undefined;
    readonly weight: number;
  }[];
  readonly track: boolean;
  readonly trackGroup: string | undefined;
  /** What is left: scope, tos, protocol, mtu and the other metrics of the route. */
  readonly options: readonly LineOption[];
};

export type RuleSettings = {
  readonly not: boolean;
  readonly from: Network | undefined;
  readonly to: Network | undefined;
  readonly table: string | undefined;
  /** Undefined: the kernel chooses one. */
  readonly preference: number | undefined;
  readonly mark: { readonly value: number; readonly mask: number } | undefined;
  /** `lookup`, `blackhole`, `prohibit`, `unreachable`, `goto`, `nop`. */
  readonly action: string;
  readonly track: boolean;
  readonly trackGroup: string | undefined;
  readonly options: readonly LineOption[];
};

/** A macvlan or ipvlan of an instance. */
export type VirtualLink = {
  readonly kind: "vmac" | "ipvlan";
  /** Undefined: one made of the VRID. */
  readonly name: string | undefined;
  readonly mac: string | undefined;
  readonly address: Prefix | undefined;
  readonly mode: string | undefined;
  /** vmac_xmit_base: adverts leave by the interface below. */
  readonly advertsBelow: boolean;
};

export type InstanceFurther = {
  readonly name: string;
  readonly routes: readonly RouteSettings[];
  readonly rules: readonly RuleSettings[];
  readonly link: VirtualLink | undefined;
  readonly vrf: string | undefined;
  readonly unicast:
    | {
        readonly source: Ip | undefined;
        readonly ttl: number | undefined;
        readonly peers: readonly { readonly ip: Ip; readonly minTtl: number; readonly maxTtl: number }[];
        readonly faultWithoutPeer: boolean;
        readonly checkSource: boolean;
      }
    | undefined;
};

export type GarpGroup = {
  readonly links: readonly string[];
  readonly gapMs: { readonly ipv4: number; readonly ipv6: number };
};

export type GroupEntry =
  | { readonly type: "addresses"; readonly first: Ip; readonly last: Ip; readonly port: number }
  | { readonly type: "network"; readonly network: Prefix; readonly port: number }
  | { readonly type: "fwmark"; readonly mark: number; readonly family: Family | undefined };

/** virtual_server_group, with whether a virtual_server uses it. */
export type ServiceGroup = { readonly name: string; readonly entries: readonly GroupEntry[]; readonly used: boolean };

/** `trackedBy`: instances and groups. */
export type TrackFile = {
  readonly name: string;
  readonly path: string | undefined;
  readonly weight: number;
  readonly reverse: boolean;
  readonly trackedBy: readonly string[];
};

export type TrackProcess = {
  readonly name: string;
  /** The process, and its parameters. */
  readonly command: readonly string[];
  readonly match: "name" | "exact" | "initial" | "partial";
  readonly weight: number;
  readonly reverse: boolean;
  readonly quorum: number;
  readonly quorumMax: number | undefined;
  readonly startDelayMs: number;
  readonly endDelayMs: number;
  readonly fullCommand: boolean;
  readonly trackedBy: readonly string[];
};

export type BfdSettings = {
  readonly name: string;
  readonly neighbour: Ip | undefined;
  readonly source: Ip | undefined;
  readonly minRxMs: number;
  readonly minTxMs: number;
  readonly idleTxMs: number;
  readonly multiplier: number;
  readonly passive: boolean;
  readonly multihop: boolean;
  /** Undefined: 255, and 64 with IPv6. */
  readonly ttl: number | undefined;
  readonly maxHops: number;
  readonly weight: number;
  readonly reverse: boolean;
  readonly trackedBy: readonly string[];
};

export type FurtherCheck = {
  /** As written: `192.0.2.1 80`. */
  readonly service: string;
  readonly server: string;
  readonly type: string;
  readonly intervalMs: number;
  /** Undefined for a check that connects to nothing. */
  readonly timeoutMs: number | undefined;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly warmupMs: number;
  readonly alpha: boolean;
  /** What only this kind of check has, by keyword. */
  readonly own: Readonly<Record<string, string | number | boolean | readonly string[]>>;
};
