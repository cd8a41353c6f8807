/** Virtual services: commands and answers. linux/ip_vs.h. */
import {
  type Attribute,
  address16,
  be16,
  be32,
  bytes,
  encodeAttributes,
  NESTED,
  nest,
  text,
  u16,
  u32,
} from "../attribute.ts";
import { beOf, bytesOf, type Fields, nestOf, readFields, textOf, u32At, uintOf } from "../fields.ts";
import { GENERIC_HEADER } from "../generic.ts";
import { type Reply, struct } from "../message.ts";
import { bitsOf, type Family, familyNumber, familyOf, familyOfIp, ipFromBytes } from "../text.ts";
import type { Change } from "./change.ts";
import { CMD, CMD_ATTR, IPPROTO, SERVICE_FLAG, SVC } from "./numbers.ts";
import { readStats, type Stats } from "./stats.ts";

/** What identifies a service: protocol, address and port, or a mark of the firewall (1–4294967295). */
export type ServiceId =
  | { readonly type: "address"; readonly protocol: keyof typeof IPPROTO; readonly ip: string; readonly port: number }
  | { readonly type: "fwmark"; readonly mark: number; readonly family: Family };

export type Service = {
  readonly id: ServiceId;
  /** `rr`, `wlc`, `sh`, … */
  readonly scheduler: string;
  /** SERVICE_FLAG bits, without `hashed`. */
  readonly flags: number;
  /** How long a client stays with its server, s; only with the flag `persistent`, else 0. */
  readonly timeoutSeconds: number;
  /** Clients that count as one for persistence: IPv4 0–32, IPv6 1–128 (the whole address where nothing else is said). */
  readonly netmask: number;
  /** Persistence engine, `sip`. */
  readonly pe: string | undefined;
};

export type ServiceStatus = Service & { readonly stats: Stats };

export function newService(service: Service): Change {
  return change(CMD.newService, service);
}

/** Changes all but the identity; existing connections stay. ESRCH if there is none. */
export function setService(service: Service): Change {
  return change(CMD.setService, service);
}

/** Deletes it with its servers. */
export function deleteService(id: ServiceId): Change {
  return { command: CMD.delService, attrs: [serviceRef(id)] };
}

/** Sets the counters to zero: of one service with its servers, or all. */
export function zero(id?: ServiceId): Change {
  return { command: CMD.zero, attrs: id === undefined ? [] : [serviceRef(id)] };
}

/** Deletes all services. */
export function flush(): Change {
  return { command: CMD.flush, attrs: [] };
}

/** The attribute by which commands name a service. Encoded once for all servers of a service, which follow each other. */
export function serviceRef(id: ServiceId): Attribute {
  if (id !== last.id) last = { id, encoded: encodeAttributes(identity(id)) };
  return bytes(CMD_ATTR.service | NESTED, last.encoded);
}
let last: { readonly id: ServiceId | undefined; readonly encoded: Uint8Array } = {
  id: undefined,
  encoded: new Uint8Array(0),
};

/** `tcp 192.0.2.1:80`, `fwmark 7 ipv6` */
export function describeServiceId(id: ServiceId): string {
  if (id.type === "fwmark") return `fwmark ${id.mark} ${id.family}`;
  return `${id.protocol} ${id.ip.includes(":") ? `[${id.ip}]` : id.ip}:${id.port}`;
}

export function familyOfService(id: ServiceId): Family {
  return id.type === "fwmark" ? id.family : familyOfIp(id.ip);
}

/** From the answer to a dump; undefined for what is no service, or of an unknown protocol. */
export function decodeService(reply: Pick<Reply, "payload">): ServiceStatus | undefined {
  const fields = nestOf(readFields(reply.payload, GENERIC_HEADER), CMD_ATTR.service);
  const service = fields && readService(fields);
  return fields && service && { ...service, stats: readStats(fields, SVC.stats64, SVC.stats) };
}

export function readService(fields: Fields): Service | undefined {
  const id = readServiceId(fields);
  if (id === undefined) return undefined;
  const flags = bytesOf(fields, SVC.flags);
  return {
    id,
    scheduler: textOf(fields, SVC.scheduler) ?? "",
    flags: flags !== undefined && flags.length >= 4 ? u32At(flags, 0) & ~SERVICE_FLAG.hashed : 0,
    timeoutSeconds: uintOf(fields, SVC.timeout) ?? 0,
    netmask: readNetmask(fields, familyOfService(id)),
    pe: textOf(fields, SVC.pe) || undefined,
  };
}

export function readServiceId(fields: Fields): ServiceId | undefined {
  const family = familyOf(uintOf(fields, SVC.family) ?? 0);
  if (family === undefined) return undefined;
  const mark = uintOf(fields, SVC.fwmark);
  if (mark !== undefined && mark !== 0) return { type: "fwmark", mark, family };
  const protocol = PROTOCOLS.get(uintOf(fields, SVC.protocol) ?? 0);
  const address = bytesOf(fields, SVC.address);
  const ip = address && ipFromBytes(address.subarray(0, bitsOf(family) / 8));
  if (protocol === undefined || ip === undefined) return undefined;
  return { type: "address", protocol, ip, port: beOf(fields, SVC.port) ?? 0 };
}
const PROTOCOLS: ReadonlyMap<number, keyof typeof IPPROTO> = new Map([
  [IPPROTO.tcp, "tcp"],
  [IPPROTO.udp, "udp"],
  [IPPROTO.sctp, "sctp"],
]);

function change(command: number, service: Service): Change {
  const attrs = identity(service.id);
  attrs.push(text(SVC.scheduler, service.scheduler));
  if (service.pe !== undefined) attrs.push(text(SVC.pe, service.pe));
  // struct ip_vs_flags: the flags, and the mask of those that are meant
  attrs.push(bytes(SVC.flags, struct([4, service.flags], [4, ALL])));
  attrs.push(u32(SVC.timeout, service.timeoutSeconds));
  attrs.push(netmask(service));
  return { command, attrs: [nest(CMD_ATTR.service | NESTED, attrs)] };
}
const ALL = 0xffff_ffff;

function identity(id: ServiceId): Attribute[] {
  if (id.type === "fwmark") return [u16(SVC.family, familyNumber(id.family)), u32(SVC.fwmark, id.mark)];
  return [
    u16(SVC.family, familyNumber(familyOfIp(id.ip))),
    u16(SVC.protocol, IPPROTO[id.protocol]),
    address16(SVC.address, id.ip),
    be16(SVC.port, id.port), // big-endian, unlike the other integers
  ];
}

/** A mask for IPv4, a length for IPv6. */
function netmask(service: Service): Attribute {
  if (familyOfService(service.id) === "ipv6") return u32(SVC.netmask, service.netmask);
  return be32(SVC.netmask, service.netmask === 0 ? 0 : (ALL << (32 - service.netmask)) >>> 0);
}

function readNetmask(fields: Fields, family: Family): number {
  if (family === "ipv6") return uintOf(fields, SVC.netmask) ?? 128;
  const mask = beOf(fields, SVC.netmask) ?? ALL;
  return Math.clz32(~mask >>> 0);
}
