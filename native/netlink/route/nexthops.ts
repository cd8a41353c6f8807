/** Next hops of a route: one, in attributes of its own, or a list of `struct rtnexthop`. linux/rtnetlink.h. */
import { type Attribute, align4, bytes, encodeAttributes } from "../attribute.ts";
import { bytesOf, type Fields, readFields, s32At, u16At } from "../fields.ts";
import { struct } from "../message.ts";
import { type Family, familyNumber, familyOfIp, ipFromBytes, ipToBytes } from "../text.ts";
import { ipOf } from "./values.ts";

/** RTA_* */
const RTA = { gateway: 5, multipath: 9, via: 18 } as const;
/** RTNH_F_*, bits of `flags`. */
export const NEXT_HOP_FLAG = { dead: 1, pervasive: 2, onlink: 4, offload: 8, linkDown: 16 } as const;
export type NextHop = {
  /** Of either family: an IPv4 route may go by an IPv6 neighbour. */
  readonly gateway: string | undefined;
  readonly ifindex: number | undefined;
  /** 1–256 */
  readonly weight: number;
  /** NEXT_HOP_FLAG bits. */
  readonly flags: number;
};

/** sizeof(struct rtnexthop): length (2), flags, weight - 1, ifindex (4); attributes follow. */
const NEXT_HOP = 8;

/** RTA_VIA (family, address) where the gateway is of the other family. */
export function gateway(family: Family, ip: string): Attribute {
  const address = ipToBytes(ip);
  if (familyOfIp(ip) === family) return bytes(RTA.gateway, address);
  return bytes(RTA.via, Buffer.concat([struct([2, familyNumber(familyOfIp(ip))]), address]));
}

export function multipath(family: Family, hops: readonly NextHop[]): Attribute {
  const entries = hops.map((hop) => {
    const attrs = hop.gateway === undefined ? [] : [gateway(family, hop.gateway)];
    const tail = encodeAttributes(attrs);
    const head = struct([2, NEXT_HOP + tail.length], [1, hop.flags], [1, hop.weight - 1], [4, hop.ifindex ?? 0]);
    return Buffer.concat([head, tail]);
  });
  return bytes(RTA.multipath, Buffer.concat(entries));
}

export function nextHopsOf(fields: Fields): readonly NextHop[] {
  const list = bytesOf(fields, RTA.multipath);
  const hops: NextHop[] = [];
  for (let at = 0; list !== undefined && at + NEXT_HOP <= list.length; ) {
    const length = u16At(list, at);
    if (length < NEXT_HOP || at + length > list.length) break;
    hops.push({
      gateway: gatewayOf(readFields(list, at + NEXT_HOP, at + length)),
      ifindex: s32At(list, at + 4),
      weight: list.readUInt8(at + 3) + 1,
      flags: list.readUInt8(at + 2),
    });
    at += align4(length);
  }
  return hops;
}

export function gatewayOf(fields: Fields): string | undefined {
  const via = bytesOf(fields, RTA.via);
  return ipOf(fields, RTA.gateway) ?? (via === undefined ? undefined : ipFromBytes(via.subarray(2)));
}
