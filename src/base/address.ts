/** IP addresses as values: canonical text, branded, so that equal addresses are equal strings. */

declare const ipBrand: unique symbol;
/** An address in canonical text: dotted quad, or RFC 5952 lower-case IPv6 without a zone. */
export type Ip = string & { readonly [ipBrand]: true };
export type Family = "ipv4" | "ipv6";
export type Endpoint = { readonly ip: Ip; readonly port: number };
/** An address with the length of its network, as on an interface. */
export type Prefix = { readonly ip: Ip; readonly length: number };

/** @returns the canonical form, or undefined for anything that is no IPv4 or IPv6 address (zones are not accepted). */
export function parseIp(text: string): Ip | undefined {
  if (!text.includes(":")) return isIpv4(text) ? (text as Ip) : undefined; // its only form is the canonical one
  const bytes = parseIpv6(text);
  return bytes === undefined ? undefined : ipFromBytes(bytes);
}

/** For literals that are known to be right. @throws {RangeError} if they are not */
export function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new RangeError(`${text} is not an IP address`);
  return parsed;
}

export function familyOf(address: Ip): Family {
  return address.includes(":") ? "ipv6" : "ipv4";
}

/** 32 or 128. */
export function bitsOf(family: Family): number {
  return family === "ipv4" ? 32 : 128;
}

export function ipToBytes(address: Ip): Uint8Array {
  const bytes = address.includes(":") ? parseIpv6(address) : parseIpv4(address);
  if (bytes === undefined) throw new RangeError(`${address} is not an IP address`);
  return bytes;
}

/** @param bytes 4 or 16 bytes in network order @throws {RangeError} for any other length */
export function ipFromBytes(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return bytes.join(".") as Ip;
  if (bytes.length === 16) return formatIpv6(bytes) as Ip;
  throw new RangeError(`an IP address has 4 or 16 bytes, not ${bytes.length}`);
}

/** Byte order; IPv4 before IPv6. The larger of two equal-priority masters wins (RFC 9568 §6.4.3). */
export function compareIps(a: Ip, b: Ip): number {
  const left = ipToBytes(a);
  const right = ipToBytes(b);
  if (left.length !== right.length) return left.length - right.length;
  for (const [index, byte] of left.entries()) {
    const difference = byte - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function isLinkLocal(address: Ip): boolean {
  const bytes = ipToBytes(address);
  return bytes.length === 16 ? bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80 : address.startsWith("169.254.");
}

export function isMulticast(address: Ip): boolean {
  const first = ipToBytes(address)[0] ?? 0;
  return address.includes(":") ? first === 0xff : first >= 224 && first <= 239;
}

export function formatPrefix(prefix: Prefix): string {
  return `${prefix.ip}/${prefix.length}`;
}

/** Whether `address` lies in the network that `network` names; never across families. */
export function inNetwork(address: Ip, network: Prefix): boolean {
  const a = ipToBytes(address);
  const b = ipToBytes(network.ip);
  if (a.length !== b.length) return false;
  for (let bit = 0; bit < network.length; bit += 8) {
    const mask = network.length - bit >= 8 ? 0xff : (0xff << (8 - (network.length - bit))) & 0xff;
    if ((((a[bit / 8] ?? 0) ^ (b[bit / 8] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** `[address]:port` for IPv6, `address:port` for IPv4. */
export function formatEndpoint(endpoint: Endpoint): string {
  return endpoint.ip.includes(":") ? `[${endpoint.ip}]:${endpoint.port}` : `${endpoint.ip}:${endpoint.port}`;
}

/** Four decimal numbers up to 255, without leading zeros. Thousands are read in a large configuration, hence the loop. */
function isIpv4(text: string): boolean {
  let parts = 0;
  let value = -1;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? DOT : text.charCodeAt(i);
    if (code === DOT) {
      if (value < 0 || ++parts > 4) return false;
      value = -1;
    } else {
      const digit = code - 0x30;
      if (digit < 0 || digit > 9 || value === 0) return false;
      value = value < 0 ? digit : value * 10 + digit;
      if (value > 255) return false;
    }
  }
  return parts === 4;
}
const DOT = 0x2e;

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (const [index, part] of parts.entries()) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[index] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "");
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const bytes = new Uint8Array(16);
  for (const [index, group] of [...head, ...new Array<number>(missing).fill(0), ...tail].entries()) {
    bytes[2 * index] = group >> 8;
    bytes[2 * index + 1] = group & 0xff;
  }
  return bytes;
}

function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const tail = index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (tail === undefined) return undefined;
      groups.push(((tail[0] ?? 0) << 8) | (tail[1] ?? 0), ((tail[2] ?? 0) << 8) | (tail[3] ?? 0));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${bytes.subarray(12).join(".")}`;
  }
  const run = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (run.length < 2) return hex.join(":");
  return `${hex.slice(0, run.start).join(":")}::${hex.slice(run.start + run.length).join(":")}`;
}

function longestZeroRun(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
