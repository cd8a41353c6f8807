/** Text to bytes for IP addresses. `node:net` judges; what it accepts has one of the few forms below. */
import { isIPv4, isIPv6 } from "node:net";

/** @returns 4 bytes @throws {RangeError} */
export function parseIpv4(ip: string): Uint8Array {
  if (!isIPv4(ip)) throw new RangeError(`${ip} is not an IPv4 address`);
  return Uint8Array.from(ip.split("."), Number);
}

/** @returns 16 bytes @throws {RangeError} also with a zone */
export function parseIpv6(ip: string): Uint8Array {
  if (!isIPv6(ip) || ip.includes("%")) throw new RangeError(`${ip} is not an IPv6 address`);
  const [head = "", tail] = ip.split("::");
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const bytes = new Uint8Array(16);
  bytes.set(front, 0);
  bytes.set(back, 16 - back.length);
  return bytes;
}

/** Groups of hexadecimal digits; the last may be a dotted quad. */
function groups(text: string): readonly number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
