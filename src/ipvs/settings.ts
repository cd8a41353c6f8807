/** What pools and the IPVS plan are told: virtual services, their servers, and how each is to be kept. Plain JSON. */
import type { Ip } from "../base/address.ts";
import type { ServiceMatch } from "../base/service-names.ts";

export type ServiceSettings = {
  /** Identity in the kernel: `tcp 192.0.2.1:80`, `fwmark 7 ipv4`. */
  readonly key: string;
  /** Name in logs and FIFOs: `[192.0.2.1]:tcp:80`, `FWM 7`. */
  readonly name: string;
  readonly match: ServiceMatch;
  readonly scheduler: string;
  /** IP_VS_SVC_F_*: sh-port, sh-fallback, mh-port, mh-fallback, flag-1..3, ops (one packet). */
  readonly schedulerFlags: readonly string[];
  readonly onePacket: boolean;
  /** persistence_timeout in s, undefined = not persistent; granularity as netmask length (IPv4 1–32, IPv6 1–128). */
  readonly persistence:
    | { readonly timeoutSeconds: number; readonly granularity: number; readonly engine: string | undefined }
    | undefined;
  readonly servers: readonly ServerSettings[];
  readonly sorryServer: SorrySettings | undefined;
  readonly quorum: number;
  readonly hysteresis: number;
  /** omega: run the down notifications also when vipd stops. */
  readonly omega: boolean;
};

export type Forwarding =
  | { readonly method: "NAT" | "DR" }
  | {
      readonly method: "TUN";
      readonly tunnel: "ipip" | "gue" | "gre";
      readonly port: number;
      readonly checksum: "nocsum" | "csum" | "remcsum";
    };

export type ServerSettings = {
  /** Identity within the service: `192.0.2.11:80`. */
  readonly key: string;
  readonly name: string;
  readonly ip: Ip;
  readonly port: number;
  /** 0–2147483647; 0 = drained. */
  readonly weight: number;
  readonly forwarding: Forwarding;
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
  readonly inhibitOnFailure: boolean;
  /** Ids of its checks (`check/settings.ts`); a server without checks is up. */
  readonly checks: readonly string[];
};

export type SorrySettings = {
  readonly key: string;
  readonly name: string;
  readonly ip: Ip;
  readonly port: number;
  readonly forwarding: Forwarding;
  readonly inhibit: boolean;
};

/** lvs_timeouts, lvs_flush, lvs_sync_daemon */
export type IpvsGlobalSettings = {
  readonly timeouts:
    | { readonly tcpSeconds: number; readonly tcpFinSeconds: number; readonly udpSeconds: number }
    | undefined;
  readonly flush: boolean;
  readonly flushOnStop: "no" | "all" | "configured";
};
