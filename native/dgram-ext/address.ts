/** Socket addresses: to the four arguments of the C side, and back from the memory it shares with us. */

import { AF } from "./constants.ts";
import type { AddressArguments } from "./native.ts";
import { native } from "./native.ts";
import type { SocketAddress } from "./types.ts";

/** `struct received` of src/addon.h: offsets in bytes. The bytes of the datagram follow at `data`. */
export const RECEIVED = {
  realtimeMs: 0,
  family: 8,
  a: 12,
  b: 16,
  packetType: 20,
  addressLength: 24,
  ifindex: 28,
  ttl: 32,
  truncated: 36,
  destinationFamily: 40,
  destination: 48,
  address: 64,
  data: 192,
} as const;

/** The longest datagram that can be received (RECEIVE_CAPACITY of src/addon.h). */
export const RECEIVE_CAPACITY = 262144;

const bytes = Buffer.from(native.memory);
const words = new Int32Array(native.memory, 0, RECEIVED.data / 4);
const doubles = new Float64Array(native.memory, 0, RECEIVED.data / 8);

export const received = {
  word: (offset: number): number => words[offset >> 2] ?? 0,
  realtimeMs: (): number => doubles[RECEIVED.realtimeMs >> 3] ?? Number.NaN,
  /** A copy. */
  bytes: (offset: number, length: number): Buffer => {
    const copy = Buffer.allocUnsafe(length);
    bytes.copy(copy, 0, offset, offset + length);
    return copy;
  },
  text: (offset: number, length: number): string => bytes.toString("utf8", offset, offset + length),
} as const;

export const NO_ADDRESS: AddressArguments = [0, undefined, 0, 0];

export function addressArguments(address: SocketAddress): AddressArguments {
  switch (address.family) {
    case "ipv4":
      return [AF.INET, address.address, address.port ?? 0, 0];
    case "ipv6":
      return [AF.INET6, address.address, address.port ?? 0, address.scopeId ?? 0];
    case "packet":
      return [AF.PACKET, address.hardware, address.ifindex, address.protocol ?? 0];
    case "netlink":
      return [AF.NETLINK, undefined, address.pid ?? 0, address.groups ?? 0];
    case "unix":
      return [AF.UNIX, address.path, 0, 0];
  }
}

/** For messages: `192.0.2.1:80`, `packet interface 3`. */
export function addressText(address: SocketAddress): string {
  switch (address.family) {
    case "ipv4":
      return address.port ? `${address.address}:${address.port}` : address.address;
    case "ipv6": {
      const text = address.scopeId ? `${address.address}%${address.scopeId}` : address.address;
      return address.port ? `[${text}]:${address.port}` : text;
    }
    case "packet":
      return `interface ${address.ifindex}`;
    case "netlink":
      return `pid ${address.pid ?? 0} groups 0x${(address.groups ?? 0).toString(16)}`;
    case "unix":
      return address.path.replace(/^\0/, "@");
  }
}

/** Text of IP addresses in the shared memory; the last IPv4 address is remembered, since peers repeat. */
export function ipReader(): (family: number, offset: number) => string {
  let last = -1;
  let lastText = "";
  return (family, offset) => {
    if (family === AF.INET6) return native.ipv6Text(offset);
    const word = received.word(offset);
    if (word !== last || lastText === "") {
      last = word;
      lastText = `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
    }
    return lastText;
  };
}

/** The address that the C side has left in the shared memory. */
export function readAddress(ipText: (family: number, offset: number) => string): SocketAddress | undefined {
  const family = received.word(RECEIVED.family);
  const a = received.word(RECEIVED.a);
  const b = received.word(RECEIVED.b);
  const length = received.word(RECEIVED.addressLength);
  switch (family) {
    case AF.INET:
      return { family: "ipv4", address: ipText(family, RECEIVED.address), port: a };
    case AF.INET6:
      return { family: "ipv6", address: ipText(family, RECEIVED.address), port: a, scopeId: b };
    case AF.PACKET: {
      const hardware = received.bytes(RECEIVED.address, length);
      return { family: "packet", ifindex: a, protocol: b, hardware, packetType: received.word(RECEIVED.packetType) };
    }
    case AF.NETLINK:
      return { family: "netlink", pid: a >>> 0, groups: b >>> 0 };
    case AF.UNIX:
      return { family: "unix", path: received.text(RECEIVED.address, length) };
    default:
      return undefined;
  }
}
