/** Addresses between text and bytes, as netlink messages carry them. */

/** linux/socket.h */
export const AF = { unspec: 0, inet: 2, inet6: 10 } as const;
export type Family = "ipv4" | "ipv6";

export function familyNumber(family: Family): number {
  return family === "ipv4" ? AF.inet : AF.inet6;
}

/** @returns undefined for families other than IPv4 and IPv6 (a bridge's, for example) */
export function familyOf(number: number): Family | undefined {
  if (number === AF.inet) return "ipv4";
  return number === AF.inet6 ? "ipv6" : undefined;
}

export function familyOfIp(ip: string): Family {
  return ip.includes(":") ? "ipv6" : "ipv4";
}

/** 32 or 128. */
export function bitsOf(family: Family): number {
  return family === "ipv4" ? 32 : 128;
}

/** @returns 4 or 16 bytes in network order @throws {RangeError} for what is no address (zones are not accepted) */
export function ipToBytes(ip: string): Uint8Array {
  const bytes = new Uint8Array(ip.includes(":") ? 16 : 4);
  writeIp(ip, bytes, 0);
  return bytes;
}

/** Writes 4 or 16 bytes at `at`. @returns how many @throws {RangeError} */
export function writeIp(ip: string, bytes: Uint8Array, at: number): 4 | 16 {
  const isIpv6 = ip.includes(":");
  const ok = isIpv6 ? parseIpv6(ip, bytes, at) : parseIpv4(ip, bytes, at);
  if (!ok) throw new RangeError(`${ip} is not an IP address`);
  return isIpv6 ? 16 : 4;
}

/** @returns dotted quad or RFC 5952 text; undefined unless there are 4 or 16 bytes */
export function ipFromBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  return bytes.length === 16 ? formatIpv6(bytes) : undefined;
}

/** `02:00:5e:10:00:01` @throws {RangeError} */
export function macToBytes(mac: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2})*$/i.test(mac)) throw new RangeError(`${mac} is not a link-layer address`);
  return Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));
}

export function macFromBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/** One pass without intermediate objects: ten thousand servers are written at once. */
function parseIpv4(text: string, bytes: Uint8Array, start: number): boolean {
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : 0x2e;
    if (code === 0x2e) {
      if (digits === 0 || value > 255 || part > 3) return false;
      bytes[start + part++] = value;
      digits = 0;
      value = 0;
    } else {
      if (code < 0x30 || code > 0x39 || (digits > 0 && value === 0)) return false;
      value = value * 10 + code - 0x30;
      digits++;
    }
  }
  return part === 4;
}

function parseIpv6(text: string, bytes: Uint8Array, start: number): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const head = groupsOf(halves[0] ?? "");
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return false;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return false;
  for (const [index, group] of [...head, ...new Array<number>(missing).fill(0), ...tail].entries()) {
    bytes[start + 2 * index] = group >> 8;
    bytes[start + 2 * index + 1] = group & 0xff;
  }
  return true;
}

function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const quad = new Uint8Array(4);
      if (index !== parts.length - 1 || !parseIpv4(part, quad, 0)) return undefined;
      groups.push(((quad[0] ?? 0) << 8) | (quad[1] ?? 0), ((quad[2] ?? 0) << 8) | (quad[3] ?? 0));
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** RFC 5952: the longest run of zero groups is `::`, the first of equal ones, never a single group. */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `::ffff:${ipFromBytes(bytes.subarray(12))}`;
  }
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = groups.map((group) => group.toString(16));
  if (best.length < 2) return hex.join(":");
  return `${hex.slice(0, best.start).join(":")}::${hex.slice(best.start + best.length).join(":")}`;
}
