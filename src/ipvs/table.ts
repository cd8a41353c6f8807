/**
 * Virtual services: which servers a service should have (`pool.ts`), what that means for the kernel's table (`desired.ts`), and the
 * operations that turn the table as it is into the table as it should be (`plan.ts`). Nothing here talks to a kernel.
 *
 * This file: the table as values, the same for what is wanted and for what was read.
 */
import { formatEndpoint, type Ip } from "../base/address.ts";
import type { Forwarding, ServiceSettings } from "./settings.ts";

export type ServiceId = ServiceSettings["match"];

export type Service = {
  readonly id: ServiceId;
  readonly scheduler: string;
  /** Bits of `SERVICE_FLAG`. */
  readonly flags: number;
  /** 0 unless persistent. */
  readonly timeoutSeconds: number;
  /** Length of the network that counts as one client; 32 or 128 unless persistent. */
  readonly netmask: number;
  /** Persistence engine. */
  readonly pe: string | undefined;
};

export type Destination = {
  readonly ip: Ip;
  readonly port: number;
  readonly weight: number;
  /** `local` and `bypass` are chosen by the kernel and only ever read. */
  readonly forwarding: Forwarding | { readonly method: "local" | "bypass" };
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
};

/** A service with its servers, by `destinationKey`. */
export type Row = { readonly service: Service; readonly destinations: ReadonlyMap<string, Destination> };
/** By `serviceKey`. */
export type Table = ReadonlyMap<string, Row>;

/** IP_VS_SVC_F_* of linux/ip_vs.h, without the one that the kernel sets by itself. */
export const SERVICE_FLAG = { persistent: 0x01, onePacket: 0x04, flag1: 0x08, flag2: 0x10, flag3: 0x20 } as const;

/** `tcp 192.0.2.1:80`, `fwmark 7 ipv4` */
export function serviceKey(id: ServiceId): string {
  return id.type === "fwmark" ? `fwmark ${id.mark} ${id.family}` : `${id.protocol} ${formatEndpoint(id)}`;
}

/** `192.0.2.11:80` */
export function destinationKey(destination: { readonly ip: Ip; readonly port: number }): string {
  return formatEndpoint(destination);
}

export function sameService(a: Service, b: Service): boolean {
  return (
    a.scheduler === b.scheduler &&
    a.flags === b.flags &&
    a.timeoutSeconds === b.timeoutSeconds &&
    a.netmask === b.netmask &&
    a.pe === b.pe
  );
}

/** Whether the kernel's `actual` is what was asked for. */
export function sameDestination(wanted: Destination, actual: Destination): boolean {
  return (
    wanted.weight === actual.weight &&
    wanted.upperThreshold === actual.upperThreshold &&
    wanted.lowerThreshold === actual.lowerThreshold &&
    sameForwarding(wanted.forwarding, actual.forwarding)
  );
}

/** A server on this very machine is `local` in the kernel, whatever was asked for. */
function sameForwarding(wanted: Destination["forwarding"], actual: Destination["forwarding"]): boolean {
  if (wanted === actual || actual.method === "local") return true;
  if (wanted.method !== actual.method) return false;
  if (wanted.method !== "TUN" || actual.method !== "TUN") return true;
  if (wanted.tunnel !== actual.tunnel) return false;
  if (wanted.tunnel === "ipip") return true;
  return wanted.checksum === actual.checksum && (wanted.tunnel === "gre" || wanted.port === actual.port);
}
