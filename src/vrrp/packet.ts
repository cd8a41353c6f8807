/**
 * The VRRP packet: version 2 (RFC 3768 §5, with the simple password of RFC 2338 §5.3.6) and version 3 (RFC 9568 §5), over IPv4 and IPv6.
 * Decoding compares with what the receiving router is set to, in keepalived's order, so that the first thing wrong is the thing reported.
 */
import { familyOf, type Ip, ipFromBytes, ipToBytes, isMulticast } from "../base/address.ts";
import { foldChecksum, pseudoHeaderSum, sumWords } from "./checksum.ts";
import type { Advert } from "./interface.ts";
import { IPPROTO_VRRP, IPV4_HEADER_SIZE } from "./ipv4-header.ts";

export type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly drop: Drop };

/** `authType`: another kind than ours; `authentication`: another password; `destination`: multicast for a unicast router, or the reverse. */
export type Drop =
  | "length"
  | "ttl"
  | "version"
  | "authType"
  | "authentication"
  | "interval"
  | "type"
  | "checksum"
  | "destination";

/** What the receiver is set to; a `RouterSettings` will do. */
export type Expected = Pick<Advert, "version" | "authentication" | "intervalMs"> & {
  readonly multicast: boolean;
  readonly checksumAsV2: boolean;
};

/** What the IP header said. */
export type Wire = { readonly from: Ip; readonly to: Ip; readonly ttl: number };

const AT = {
  versionType: 0,
  vrid: 1,
  priority: 2,
  count: 3,
  authType: 4,
  intervalSeconds: 5,
  intervalCentiseconds: 4,
  checksum: 6,
  addresses: 8,
} as const;

const TYPE_ADVERTISEMENT = 1;
const AUTH_TYPE = { none: 0, pass: 1 } as const;
/** Version 2 always ends with these, in use or not. */
const AUTH_SIZE = 8;
const CENTISECONDS_MASK = 0x0fff;
/** The payload of the shortest Ethernet frame: a short packet may be followed by padding up to here. */
const ETHERNET_MINIMUM = 46;
const GROUP_IPV4 = Uint8Array.of(224, 0, 0, 18);

/** Size of `advert` on the wire, without the IP header. */
export function advertSize(advert: Advert): number {
  let size: number = AT.addresses + (advert.version === 2 ? AUTH_SIZE : 0);
  for (const address of advert.addresses) size += address.includes(":") ? 16 : 4;
  return size;
}

/**
 * Writes `advert` with its checksum at `offset` of `out`, over whatever is there.
 *
 * @param path addresses of the IP header: version 3 and IPv6 have them in the checksum
 * @param checksumAsV2 leaves the pseudo header of version 3 over IPv4 out of the checksum
 * @returns the number of bytes written
 * @throws {RangeError} if a field does not fit the wire: the configuration was checked, so this is our bug
 */
export function encodeAdvert(
  out: Uint8Array,
  offset: number,
  advert: Advert,
  path: Pick<Wire, "from" | "to">,
  checksumAsV2: boolean,
): number {
  const size = advertSize(advert);
  checkRanges(advert);
  const bytes = out.subarray(offset, offset + size);
  bytes.fill(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint8(AT.versionType, (advert.version << 4) | TYPE_ADVERTISEMENT);
  view.setUint8(AT.vrid, advert.vrid);
  view.setUint8(AT.priority, advert.priority);
  view.setUint8(AT.count, advert.addresses.length);
  if (advert.version === 2) {
    view.setUint8(AT.authType, AUTH_TYPE[advert.authentication.type]);
    view.setUint8(AT.intervalSeconds, advert.intervalMs / 1000);
    if (advert.authentication.type === "pass") writePassword(bytes, size - AUTH_SIZE, advert.authentication.password);
  } else {
    view.setUint16(AT.intervalCentiseconds, Math.round(advert.intervalMs / 10));
  }
  let at: number = AT.addresses;
  for (const address of advert.addresses) {
    const raw = ipToBytes(address);
    bytes.set(raw, at);
    at += raw.length;
  }
  const pseudo = hasPseudoHeader(advert.version, path.from, checksumAsV2)
    ? pseudoHeaderSum(ipToBytes(path.from), ipToBytes(path.to), IPPROTO_VRRP, size)
    : 0;
  view.setUint16(AT.checksum, foldChecksum(sumWords(bytes, 0, size, pseudo)));
  return size;
}

/** The VRID of a packet, before anything is checked; undefined if it is too short to have one. */
export function vridOf(bytes: Uint8Array): number | undefined {
  return bytes[AT.vrid];
}

/** Bytes from the network are never an exception: every packet is an advert or a counted `Drop`. */
export function decodeAdvert(bytes: Uint8Array, wire: Wire, own: Expected): Decoded<Advert> {
  const addressSize = familyOf(wire.from) === "ipv4" ? 4 : 16;
  if (bytes.length < AT.addresses) return dropped("length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(AT.versionType) >> 4;
  const size = AT.addresses + view.getUint8(AT.count) * addressSize + (version === 2 ? AUTH_SIZE : 0);
  const multicast = isMulticast(wire.to);
  // A peer of the other version has another length: that it speaks another version is the better answer.
  const known = version === 2 || version === 3;
  if (known && !lengthFits(bytes.length, size, addressSize)) return dropped("length");
  if (multicast && wire.ttl !== 255) return dropped("ttl");
  if (version !== own.version) return dropped("version");
  const wrong = version === 2 ? dropOfV2(bytes, size, own) : undefined;
  if (wrong !== undefined) return dropped(wrong);
  if ((view.getUint8(AT.versionType) & 0x0f) !== TYPE_ADVERTISEMENT) return dropped("type");
  const intervalMs =
    version === 2
      ? view.getUint8(AT.intervalSeconds) * 1000
      : (view.getUint16(AT.intervalCentiseconds) & CENTISECONDS_MASK) * 10;
  if (intervalMs === 0) return dropped("interval");
  if (!checksumFits(bytes, size, wire, own, multicast)) return dropped("checksum");
  if (multicast !== own.multicast) return dropped("destination");
  const addresses: Ip[] = [];
  for (let at: number = AT.addresses; addresses.length < view.getUint8(AT.count); at += addressSize) {
    addresses.push(ipFromBytes(bytes.subarray(at, at + addressSize)));
  }
  return {
    ok: true,
    value: {
      version: own.version,
      vrid: view.getUint8(AT.vrid),
      priority: view.getUint8(AT.priority),
      intervalMs,
      addresses,
      authentication: own.authentication,
    },
  };
}

/** What the packet says of itself, for the words of a warning; nothing is checked. */
export function describe(bytes: Uint8Array): {
  readonly version: number;
  readonly authType: number;
  readonly intervalMs: number;
} {
  const version = (bytes[AT.versionType] ?? 0) >> 4;
  const seconds = bytes[AT.intervalSeconds] ?? 0;
  const centiseconds = (((bytes[AT.intervalCentiseconds] ?? 0) << 8) | seconds) & CENTISECONDS_MASK;
  return {
    version,
    authType: version === 2 ? (bytes[AT.authType] ?? 0) : 0,
    intervalMs: version === 2 ? seconds * 1000 : centiseconds * 10,
  };
}

function dropped(drop: Drop): { readonly ok: false; readonly drop: Drop } {
  return { ok: false, drop };
}

function lengthFits(length: number, size: number, addressSize: 4 | 16): boolean {
  return length === size || (length > size && addressSize === 4 && length + IPV4_HEADER_SIZE <= ETHERNET_MINIMUM);
}

/** A password that differs, like an interval that differs, makes a version 2 router deaf to its peer (RFC 3768 §7.1). */
function dropOfV2(bytes: Uint8Array, size: number, own: Expected): Drop | undefined {
  if (bytes[AT.authType] !== AUTH_TYPE[own.authentication.type]) return "authType";
  if (own.authentication.type === "pass" && !passwordFits(bytes, size - AUTH_SIZE, own.authentication.password)) {
    return "authentication";
  }
  return (bytes[AT.intervalSeconds] ?? 0) * 1000 === own.intervalMs ? undefined : "interval";
}

/** In constant time, although a password in clear text on the LAN hardly deserves it. */
function passwordFits(bytes: Uint8Array, at: number, password: string): boolean {
  const expected = new Uint8Array(AUTH_SIZE);
  writePassword(expected, 0, password);
  let difference = 0;
  for (let index = 0; index < AUTH_SIZE; index++) difference |= (bytes[at + index] ?? 0) ^ (expected[index] ?? 0);
  return difference === 0;
}

/** The first 8 bytes of the password, zeros behind it. */
function writePassword(bytes: Uint8Array, at: number, password: string): void {
  bytes.set(Buffer.from(password, "utf8").subarray(0, AUTH_SIZE), at);
}

function hasPseudoHeader(version: 2 | 3, from: Ip, checksumAsV2: boolean): boolean {
  return familyOf(from) === "ipv6" || (version === 3 && !checksumAsV2);
}

/** The kernel has verified the checksum over IPv6. With checksumAsV2 keepalived verifies none of version 3, and nor do we. */
function checksumFits(bytes: Uint8Array, size: number, wire: Wire, own: Expected, multicast: boolean): boolean {
  const from = ipToBytes(wire.from);
  if (own.version === 2 && from.length === 4) return foldChecksum(sumWords(bytes, 0, size)) === 0;
  if (own.version === 3 && own.checksumAsV2 && from.length === 4) return true;
  const sum = sumWords(bytes, 0, size);
  if (foldChecksum(sum + pseudoHeaderSum(from, ipToBytes(wire.to), IPPROTO_VRRP, size)) === 0) return true;
  // Old unicast keepalived computes it as if it sent to the group.
  return (
    !multicast && from.length === 4 && foldChecksum(sum + pseudoHeaderSum(from, GROUP_IPV4, IPPROTO_VRRP, size)) === 0
  );
}

function checkRanges(advert: Advert): void {
  const { vrid, priority, intervalMs, addresses, version } = advert;
  if (vrid < 1 || vrid > 255) throw new RangeError(`Cannot encode VRID ${vrid}; it must be 1 to 255`);
  if (priority < 0 || priority > 255) throw new RangeError(`Cannot encode priority ${priority}; it must be 0 to 255`);
  if (addresses.length > 255) throw new RangeError(`Cannot encode ${addresses.length} addresses; at most 255 fit`);
  const [least, most] = version === 2 ? [1000, 255_000] : [10, 40_950];
  if (intervalMs < least || intervalMs > most) {
    throw new RangeError(`Cannot encode an interval of ${intervalMs} ms; it must be ${least} to ${most} ms`);
  }
}
