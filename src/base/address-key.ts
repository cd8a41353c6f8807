/** The name of an address in the journal, in messages and in plans: `eth0 192.0.2.9/24`. */
import { type Ip, parseIp } from "./address.ts";

/** `device ip/length`, with the address in canonical text. */
export type AddressKey = string;

export function addressKey(link: string, ip: Ip, length: number): AddressKey {
  return `${link} ${ip}/${length}`;
}

/** @returns undefined for a text that `addressKey` cannot have written: a journal may be damaged. */
export function parseKey(
  key: AddressKey,
): { readonly link: string; readonly ip: Ip; readonly length: number } | undefined {
  const match = /^(\S+) (\S+)\/(\d{1,3})$/.exec(key);
  const ip = parseIp(match?.[2] ?? "");
  const link = match?.[1];
  if (match === null || ip === undefined || link === undefined) return undefined;
  const length = Number(match[3]);
  return length <= (ip.includes(":") ? 128 : 32) ? { link, ip, length } : undefined;
}
