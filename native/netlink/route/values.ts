/** Values that addresses, routes and rules share. */
import { bytesOf, type Fields } from "../fields.ts";
import { bitsOf, familyOfIp, ipFromBytes, ipToBytes } from "../text.ts";

/** RT_SCOPE_*, of addresses and routes; other numbers are the administrator's. */
export const SCOPE = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 } as const;
/** RT_TABLE_* */
export const TABLE = { default: 253, main: 254, local: 255 } as const;
/** RTPROT_*: who made a route or rule. */
export const ROUTE_PROTOCOL = { unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, keepalived: 18 } as const;

export function ipOf(fields: Fields, type: number): string | undefined {
  const value = bytesOf(fields, type);
  return value === undefined ? undefined : ipFromBytes(value);
}

export type PrefixBytes = { readonly bytes: Uint8Array; readonly length: number };

/** From `192.0.2.0/24`, or an address alone; undefined is everything. @throws {RangeError} if it is no prefix */
export function prefixBytes(text: string | undefined): PrefixBytes {
  if (text === undefined) return { bytes: new Uint8Array(0), length: 0 };
  const [ip = "", length] = text.split("/");
  const bits = bitsOf(familyOfIp(ip));
  const given = length === undefined ? bits : Number(length);
  if (!Number.isInteger(given) || given < 0 || given > bits) throw new RangeError(`${text} is no prefix`);
  return { bytes: ipToBytes(ip), length: given };
}

export function prefixOf(fields: Fields, type: number, length: number): string | undefined {
  const ip = ipOf(fields, type);
  return ip === undefined ? undefined : `${ip}/${length}`;
}
