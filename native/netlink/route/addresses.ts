/** Addresses of links: RTM_*ADDR of linux/rtnetlink.h, linux/if_addr.h. */
import { type Attribute, bytes, text, u8, u32 } from "../attribute.ts";
import { bytesOf, readFields, textOf, u32At, uintOf } from "../fields.ts";
import { FLAG, type Message, type Reply, struct } from "../message.ts";
import { bitsOf, type Family, familyNumber, familyOf, familyOfIp, ipToBytes } from "../text.ts";
import { ipOf, SCOPE } from "./values.ts";

/** RTM_* */
export const ADDRESS_TYPE = { new: 20, delete: 21, get: 22 } as const;
/** IFA_* */
const IFA = { address: 1, local: 2, label: 3, broadcast: 4, cacheInfo: 6, flags: 8, metric: 9, protocol: 11 } as const;

/** IFA_F_*, bits of `Address.flags`. */
export const ADDRESS_FLAG = {
  /** IPv4: not the first of its subnet; deleted with the first where promote_secondaries is 0. IPv6: temporary. */
  secondary: 0x01,
  noDad: 0x02,
  optimistic: 0x04,
  dadFailed: 0x08,
  homeAddress: 0x10,
  deprecated: 0x20,
  tentative: 0x40,
  /** Set by the kernel on addresses without lifetime. */
  permanent: 0x80,
  managed: 0x100,
  noPrefixRoute: 0x200,
  multicastJoin: 0x400,
  stablePrivacy: 0x800,
} as const;

export type Address = {
  readonly family: Family;
  readonly ifindex: number;
  readonly ip: string;
  /** Length of the network's prefix. */
  readonly length: number;
  readonly scope: number;
  /** ADDRESS_FLAG bits. */
  readonly flags: number;
  /** IPv4 only; under 16 characters. The kernel fills in the name of the link. */
  readonly label: string | undefined;
  /** IPv4 only. */
  readonly broadcast: string | undefined;
  /** The other end of a point-to-point address; `length` is then that of its network. */
  readonly peer: string | undefined;
  /** Lifetimes in s; undefined = for ever. */
  readonly preferredSeconds: number | undefined;
  readonly validSeconds: number | undefined;
  /** IFAPROT_*: who made it; from Linux 5.18, undefined before. */
  readonly protocol: number | undefined;
};

/** What to add; everything but the first three may be left out. */
export type NewAddress = Pick<Address, "ifindex" | "ip" | "length"> & {
  readonly [K in keyof Address]?: Address[K] | undefined;
};

const FOREVER = 0xffff_ffff;
/** sizeof(struct ifaddrmsg): family, length, flags, scope, ifindex. */
const HEADER = 8;

/** @param mode `create` is refused with EEXIST if it is there; `replace` changes flags and lifetimes of one that is */
export function newAddress(address: NewAddress, mode: "create" | "replace" = "create"): Message {
  const flags = mode === "create" ? FLAG.create | FLAG.exclusive : FLAG.create | FLAG.replace;
  const attrs: Attribute[] = [local(address)];
  if (address.broadcast !== undefined) attrs.push(bytes(IFA.broadcast, ipToBytes(address.broadcast)));
  if (address.label !== undefined) attrs.push(text(IFA.label, address.label));
  if ((address.flags ?? 0) > 0xff) attrs.push(u32(IFA.flags, address.flags ?? 0));
  attrs.push(peerOrSelf(address));
  if (address.validSeconds !== undefined || address.preferredSeconds !== undefined) attrs.push(lifetimes(address));
  if (address.protocol !== undefined) attrs.push(u8(IFA.protocol, address.protocol));
  return { type: ADDRESS_TYPE.new, flags, header: header(address), attrs };
}

/** Deletes exactly this address: link, address, length (and peer and label, where given) must match. */
export function deleteAddress(address: NewAddress): Message {
  const attrs = [local(address)];
  if (address.label !== undefined) attrs.push(text(IFA.label, address.label));
  attrs.push(peerOrSelf(address));
  return { type: ADDRESS_TYPE.delete, flags: 0, header: header({ ...address, scope: 0, flags: 0 }), attrs };
}

/** For `dump`: all addresses, or those of one family or link (a link needs a strict socket). */
export function getAddresses(filter: { readonly family?: Family; readonly ifindex?: number } = {}): Message {
  const family = filter.family === undefined ? 0 : familyNumber(filter.family);
  const head = struct([1, family], [1, 0], [1, 0], [1, 0], [4, filter.ifindex ?? 0]);
  return { type: ADDRESS_TYPE.get, flags: 0, header: head, attrs: [] };
}

/** From an answer or an event (RTM_NEWADDR, RTM_DELADDR); undefined for other families. */
export function decodeAddress(reply: Pick<Reply, "payload">): Address | undefined {
  const { payload } = reply;
  if (payload.length < HEADER) return undefined;
  const family = familyOf(payload.readUInt8(0));
  const fields = readFields(payload, HEADER);
  const address = ipOf(fields, IFA.address);
  const local = ipOf(fields, IFA.local);
  const own = local ?? address;
  if (family === undefined || own === undefined) return undefined;
  const cache = bytesOf(fields, IFA.cacheInfo);
  return {
    family,
    ifindex: u32At(payload, 4),
    ip: own,
    length: payload.readUInt8(1),
    scope: payload.readUInt8(3),
    flags: uintOf(fields, IFA.flags) ?? payload.readUInt8(2),
    label: textOf(fields, IFA.label),
    broadcast: ipOf(fields, IFA.broadcast),
    peer: local !== undefined && address !== undefined && address !== local ? address : undefined,
    preferredSeconds: lifetimeAt(cache, 0),
    validSeconds: lifetimeAt(cache, 4),
    protocol: uintOf(fields, IFA.protocol),
  };
}

/** `192.0.2.9/24 on link 3` */
export function describeAddress(address: Pick<Address, "ip" | "length" | "ifindex">): string {
  return `${address.ip}/${address.length} on link ${address.ifindex}`;
}

function header(address: NewAddress): Uint8Array {
  const family = familyOfIp(address.ip);
  if (address.length < 0 || address.length > bitsOf(family))
    throw new RangeError(`${address.ip}/${address.length} is no prefix`);
  const flags = address.flags ?? 0;
  return struct(
    [1, familyNumber(family)],
    [1, address.length],
    [1, flags > 0xff ? 0 : flags],
    [1, address.scope ?? SCOPE.global],
    [4, address.ifindex],
  );
}

function local(address: NewAddress): Attribute {
  return bytes(IFA.local, ipToBytes(address.ip));
}

/** IFA_ADDRESS is the other end's, or our own again. */
function peerOrSelf(address: NewAddress): Attribute {
  return bytes(IFA.address, ipToBytes(address.peer ?? address.ip));
}

/** struct ifa_cacheinfo: preferred, valid, created, updated. */
function lifetimes(address: NewAddress): Attribute {
  const preferred = address.preferredSeconds ?? address.validSeconds ?? FOREVER;
  return bytes(IFA.cacheInfo, struct([4, preferred], [4, address.validSeconds ?? FOREVER], [4, 0], [4, 0]));
}

function lifetimeAt(cache: Buffer | undefined, at: number): number | undefined {
  if (cache === undefined || cache.length < at + 4) return undefined;
  const seconds = u32At(cache, at);
  return seconds === FOREVER ? undefined : seconds;
}
