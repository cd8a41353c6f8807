/**
 * Frames that tell neighbours where an address lives, whole, from the Ethernet header on.
 *
 * ARP: RFC 826; its announcements and probes: RFC 5227. Neighbour advertisements: RFC 4861 §4.4, over RFC 8200 and RFC 4443.
 */

/** Ethertypes. */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** `request`: operation 1, what keepalived and most routers send; `reply`: operation 2, for stacks that heed only that. */
export type GratuitousForm = "request" | "reply";

export type ArpPacket = {
  /** 1 request, 2 reply; other numbers as they came. */
  readonly operation: number;
  readonly senderMac: string;
  readonly senderIp: string;
  readonly targetMac: string;
  readonly targetIp: string;
};

const OPERATION = { request: 1, reply: 2 } as const;
/** The Ethernet header: destination, source, type. */
const ETHERNET = { destination: 0, source: 6, type: 12, payload: 14 } as const;
/** Offsets in ARP for IPv4 over Ethernet. */
const ARP = {
  hardware: 0,
  protocol: 2,
  hardwareLength: 4,
  protocolLength: 5,
  operation: 6,
  senderMac: 8,
  senderIp: 14,
  targetMac: 18,
  targetIp: 24,
  end: 28,
} as const;
/** Offsets in IPv6, and in a neighbour advertisement with its option. */
const IPV6 = { version: 0, length: 4, next: 6, hopLimit: 7, source: 8, destination: 24, payload: 40 } as const;
const NA = { type: 0, checksum: 2, flags: 4, target: 8, option: 24, mac: 26, end: 32 } as const;

const ARPHRD_ETHER = 1;
const ICMPV6 = 58;
const NEIGHBOR_ADVERTISEMENT = 136;
/** Bits of the first byte of flags. */
const NA_FLAG = { router: 0x80, override: 0x20 } as const;
const TARGET_LINK_LAYER_ADDRESS = 2;

const BROADCAST = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
const ZERO_MAC = new Uint8Array(6);
/** 33:33:00:00:00:01, which is ff02::1 on Ethernet (RFC 2464 §7). */
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
const ALL_NODES = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/**
 * Says to everybody that `ip` is at `mac` (RFC 5227 §3): sender and target are both `ip`; the target's hardware address, which
 * nobody reads, is broadcast, as keepalived has it.
 * @param ip 4 bytes @param mac 6 bytes
 */
export function encodeGratuitousArp(ip: Uint8Array, mac: Uint8Array, form: GratuitousForm = "request"): Buffer {
  return encodeArp(OPERATION[form], { mac, ip }, { mac: BROADCAST, ip });
}

/** Asks whether anybody has `ip`, without saying that we do (RFC 5227 §2.1.1): the sender's address is 0.0.0.0. */
export function encodeArpProbe(ip: Uint8Array, mac: Uint8Array): Buffer {
  return encodeArp(OPERATION.request, { mac, ip: new Uint8Array(4) }, { mac: ZERO_MAC, ip });
}

type Party = { readonly mac: Uint8Array; readonly ip: Uint8Array };

function encodeArp(operation: number, sender: Party, target: Party): Buffer {
  const frame = ethernet(BROADCAST, sender.mac, ETHERTYPE.arp, ARP.end);
  const at = ETHERNET.payload;
  frame.writeUInt16BE(ARPHRD_ETHER, at + ARP.hardware);
  frame.writeUInt16BE(ETHERTYPE.ipv4, at + ARP.protocol);
  frame[at + ARP.hardwareLength] = 6;
  frame[at + ARP.protocolLength] = 4;
  frame.writeUInt16BE(operation, at + ARP.operation);
  frame.set(sender.mac, at + ARP.senderMac);
  frame.set(sender.ip, at + ARP.senderIp);
  frame.set(target.mac, at + ARP.targetMac);
  frame.set(target.ip, at + ARP.targetIp);
  return frame;
}

/** @returns undefined for what is not ARP for IPv4 over Ethernet; never throws */
export function decodeArp(frame: Buffer): ArpPacket | undefined {
  const at = ETHERNET.payload;
  if (frame.length < at + ARP.end || frame.readUInt16BE(ETHERNET.type) !== ETHERTYPE.arp) return undefined;
  if (frame.readUInt16BE(at + ARP.hardware) !== ARPHRD_ETHER) return undefined;
  if (frame.readUInt16BE(at + ARP.protocol) !== ETHERTYPE.ipv4) return undefined;
  if (frame[at + ARP.hardwareLength] !== 6 || frame[at + ARP.protocolLength] !== 4) return undefined;
  return {
    operation: frame.readUInt16BE(at + ARP.operation),
    senderMac: macText(frame.subarray(at + ARP.senderMac, at + ARP.senderIp)),
    senderIp: frame.subarray(at + ARP.senderIp, at + ARP.targetMac).join("."),
    targetMac: macText(frame.subarray(at + ARP.targetMac, at + ARP.targetIp)),
    targetIp: frame.subarray(at + ARP.targetIp, at + ARP.end).join("."),
  };
}

/**
 * Says to all nodes that `ip` is at `mac`, unasked (RFC 4861 §7.2.6): the override flag makes them replace what they know.
 * @param ip 16 bytes: target and source @param router whether this node forwards (RFC 9568 §8.2.2 wants it from virtual routers)
 */
export function encodeNeighbourAdvertisement(ip: Uint8Array, mac: Uint8Array, router = false): Buffer {
  const frame = ethernet(ALL_NODES_MAC, mac, ETHERTYPE.ipv6, IPV6.payload + NA.end);
  const header = ETHERNET.payload;
  frame[header + IPV6.version] = 0x60;
  frame.writeUInt16BE(NA.end, header + IPV6.length);
  frame[header + IPV6.next] = ICMPV6;
  frame[header + IPV6.hopLimit] = 255;
  frame.set(ip, header + IPV6.source);
  frame.set(ALL_NODES, header + IPV6.destination);
  const at = header + IPV6.payload;
  frame[at + NA.type] = NEIGHBOR_ADVERTISEMENT;
  frame[at + NA.flags] = NA_FLAG.override | (router ? NA_FLAG.router : 0);
  frame.set(ip, at + NA.target);
  frame[at + NA.option] = TARGET_LINK_LAYER_ADDRESS;
  frame[at + NA.option + 1] = 1; // its length in units of 8 bytes
  frame.set(mac, at + NA.mac);
  frame.writeUInt16BE(checksum(frame.subarray(header + IPV6.source)), at + NA.checksum);
  return frame;
}

/**
 * RFC 4443 §2.3, over the pseudo-header of RFC 8200 §8.1: the two addresses, which stand right before the payload, the payload's
 * length and its protocol. @param bytes addresses and payload, with a zero checksum
 */
export function checksum(bytes: Buffer): number {
  let sum = bytes.length - 32 + ICMPV6;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function ethernet(destination: Uint8Array, source: Uint8Array, type: number, length: number): Buffer {
  const frame = Buffer.alloc(ETHERNET.payload + length);
  frame.set(destination, ETHERNET.destination);
  frame.set(source, ETHERNET.source);
  frame.writeUInt16BE(type, ETHERNET.type);
  return frame;
}

/** `02:00:5e:10:00:01` @throws {RangeError} */
export function parseMac(mac: string): Uint8Array {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) throw new RangeError(`${mac} is not an Ethernet address`);
  return Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));
}

function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
