/** Destinations (real servers) of services: commands and answers. linux/ip_vs.h. */
import { type Attribute, address16, be16, NESTED, nest, u8, u16, u32 } from "../attribute.ts";
import { beOf, bytesOf, type Fields, nestOf, readFields, uintOf } from "../fields.ts";
import { GENERIC_HEADER } from "../generic.ts";
import type { Reply } from "../message.ts";
import { bitsOf, familyNumber, familyOf, familyOfIp, ipFromBytes } from "../text.ts";
import type { Change } from "./change.ts";
import { CMD, CMD_ATTR, DEST, FORWARDING, TUNNEL, TUNNEL_FLAG } from "./numbers.ts";
import { type ServiceId, serviceRef } from "./services.ts";
import { readStats, type Stats } from "./stats.ts";

/** `local` and `bypass` are chosen by the kernel (a server on this node; a proxy's cache) and only ever read. */
export type Forwarding =
  | { readonly method: "NAT" | "DR" | "local" | "bypass" }
  | {
      readonly method: "TUN";
      readonly tunnel: (typeof TUNNEL)[number];
      /** Of GUE. */
      readonly port: number;
      readonly checksum: keyof typeof TUNNEL_FLAG;
    };

export type DestinationId = { readonly ip: string; readonly port: number };

export type Destination = DestinationId & {
  /** 0–2147483647; 0 = no new connections. */
  readonly weight: number;
  readonly forwarding: Forwarding;
  /** Connections from which, and below which again, it is overloaded or not; 0 = no limit. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
};

export type DestinationStatus = Destination & {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly stats: Stats;
};

export function newDestination(service: ServiceId, destination: Destination): Change {
  return change(CMD.newDest, service, destination);
}

/** Changes all but the identity; connections stay. ENOENT if there is none. */
export function setDestination(service: ServiceId, destination: Destination): Change {
  return change(CMD.setDest, service, destination);
}

export function deleteDestination(service: ServiceId, id: DestinationId): Change {
  return { command: CMD.delDest, attrs: [serviceRef(service), nest(CMD_ATTR.dest | NESTED, identity(id))] };
}

/** `192.0.2.11:80`, `[fd00::1]:80` */
export function describeDestinationId(id: DestinationId): string {
  return id.ip.includes(":") ? `[${id.ip}]:${id.port}` : `${id.ip}:${id.port}`;
}

/** From the answer to a dump; undefined for what is no destination. */
export function decodeDestination(reply: Pick<Reply, "payload">): DestinationStatus | undefined {
  const fields = nestOf(readFields(reply.payload, GENERIC_HEADER), CMD_ATTR.dest);
  const destination = fields && readDestination(fields);
  if (fields === undefined || destination === undefined) return undefined;
  return {
    ...destination,
    activeConnections: uintOf(fields, DEST.active) ?? 0,
    inactiveConnections: uintOf(fields, DEST.inactive) ?? 0,
    persistentConnections: uintOf(fields, DEST.persistent) ?? 0,
    stats: readStats(fields, DEST.stats64, DEST.stats),
  };
}

export function readDestination(fields: Fields): Destination | undefined {
  const id = readDestinationId(fields);
  const forwarding = readForwarding(fields);
  if (id === undefined || forwarding === undefined) return undefined;
  return {
    ...id,
    weight: uintOf(fields, DEST.weight) ?? 0,
    forwarding,
    upperThreshold: uintOf(fields, DEST.upperThreshold) ?? 0,
    lowerThreshold: uintOf(fields, DEST.lowerThreshold) ?? 0,
  };
}

export function readDestinationId(fields: Fields): DestinationId | undefined {
  const family = familyOf(uintOf(fields, DEST.family) ?? 0);
  const address = bytesOf(fields, DEST.address);
  const ip = family && address && ipFromBytes(address.subarray(0, bitsOf(family) / 8));
  return ip === undefined ? undefined : { ip, port: beOf(fields, DEST.port) ?? 0 };
}

function readForwarding(fields: Fields): Forwarding | undefined {
  const method = FORWARDING[(uintOf(fields, DEST.forwarding) ?? 0) & 0x07]; // IP_VS_CONN_F_FWD_MASK
  if (method !== "TUN") return method && { method };
  const flags = uintOf(fields, DEST.tunnelFlags) ?? 0;
  const remote = (flags & TUNNEL_FLAG.remcsum) !== 0;
  return {
    method,
    tunnel: TUNNEL[uintOf(fields, DEST.tunnelType) ?? 0] ?? "ipip",
    port: beOf(fields, DEST.tunnelPort) ?? 0,
    checksum: remote ? "remcsum" : (flags & TUNNEL_FLAG.csum) !== 0 ? "csum" : "nocsum",
  };
}

function change(command: number, service: ServiceId, destination: Destination): Change {
  const { forwarding } = destination;
  const attrs = identity(destination);
  attrs.push(u32(DEST.forwarding, FORWARDING.indexOf(forwarding.method)));
  attrs.push(u32(DEST.weight, destination.weight));
  const { tunnel, port, checksum } = forwarding.method === "TUN" ? forwarding : PLAIN;
  attrs.push(u8(DEST.tunnelType, TUNNEL.indexOf(tunnel)), be16(DEST.tunnelPort, port));
  attrs.push(u16(DEST.tunnelFlags, TUNNEL_FLAG[checksum]));
  attrs.push(u32(DEST.upperThreshold, destination.upperThreshold));
  attrs.push(u32(DEST.lowerThreshold, destination.lowerThreshold));
  return { command, attrs: [serviceRef(service), nest(CMD_ATTR.dest | NESTED, attrs)] };
}

const PLAIN = { tunnel: "ipip", port: 0, checksum: "nocsum" } as const;

function identity(id: DestinationId): Attribute[] {
  return [u16(DEST.family, familyNumber(familyOfIp(id.ip))), address16(DEST.address, id.ip), be16(DEST.port, id.port)];
}
