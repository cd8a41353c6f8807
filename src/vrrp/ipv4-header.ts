/** The IPv4 header: written by us (IP_HDRINCL), and in front of everything that a raw IPv4 socket gives. */
import { type Ip, ipFromBytes, ipToBytes } from "../base/address.ts";
import { foldChecksum, sumWords } from "./checksum.ts";
import type { Decoded } from "./packet.ts";

export const IPV4_HEADER_SIZE = 20;
export const IPPROTO_VRRP = 112;

const AT = {
  versionLength: 0,
  typeOfService: 1,
  totalLength: 2,
  identification: 4,
  fragment: 6,
  ttl: 8,
  protocol: 9,
  checksum: 10,
  source: 12,
  destination: 16,
} as const;

/** Network control (RFC 2474 class selector 6), as keepalived sends it. */
const TYPE_OF_SERVICE = 0xc0;

export type Ipv4Header = {
  readonly from: Ip;
  readonly to: Ip;
  readonly ttl: number;
  /** 1–65535: with 0 the kernel would choose one. */
  readonly identification: number;
  readonly payloadLength: number;
};

export type Ipv4Packet = {
  readonly from: Ip;
  readonly to: Ip;
  readonly ttl: number;
  readonly protocol: number;
  /** A view into the packet, without the padding of short Ethernet frames. */
  readonly payload: Uint8Array;
};

/** Writes the first 20 bytes of `out`: don't-fragment clear, protocol 112. */
export function encodeIpv4Header(out: Uint8Array, header: Ipv4Header): void {
  out.fill(0, 0, IPV4_HEADER_SIZE);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  view.setUint8(AT.versionLength, 0x45);
  view.setUint8(AT.typeOfService, TYPE_OF_SERVICE);
  view.setUint16(AT.totalLength, IPV4_HEADER_SIZE + header.payloadLength);
  view.setUint16(AT.identification, header.identification);
  view.setUint8(AT.ttl, header.ttl);
  view.setUint8(AT.protocol, IPPROTO_VRRP);
  out.set(ipToBytes(header.from), AT.source);
  out.set(ipToBytes(header.to), AT.destination);
  view.setUint16(AT.checksum, foldChecksum(sumWords(out, 0, IPV4_HEADER_SIZE)));
}

/** Another identification in a header that is complete: for frames that are sent again and again. */
export function renumberIpv4Header(packet: Uint8Array, identification: number): void {
  packet[AT.identification] = identification >> 8;
  packet[AT.identification + 1] = identification & 0xff;
  packet[AT.checksum] = 0;
  packet[AT.checksum + 1] = 0;
  const checksum = foldChecksum(sumWords(packet, 0, IPV4_HEADER_SIZE));
  packet[AT.checksum] = checksum >> 8;
  packet[AT.checksum + 1] = checksum & 0xff;
}

/** After 65535 comes 1: an identification is never 0. */
export function nextIdentification(identification: number): number {
  return identification >= 0xffff ? 1 : identification + 1;
}

/** Takes a whole IPv4 packet apart, options included. The kernel has verified the header's checksum. */
export function decodeIpv4(packet: Uint8Array): Decoded<Ipv4Packet> {
  if (packet.length < IPV4_HEADER_SIZE) return { ok: false, drop: "length" };
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const headerSize = (view.getUint8(AT.versionLength) & 0x0f) * 4;
  const total = view.getUint16(AT.totalLength);
  if (view.getUint8(AT.versionLength) >> 4 !== 4) return { ok: false, drop: "length" };
  if (headerSize < IPV4_HEADER_SIZE || total < headerSize || total > packet.length)
    return { ok: false, drop: "length" };
  return {
    ok: true,
    value: {
      from: ipFromBytes(packet.subarray(AT.source, AT.source + 4)),
      to: ipFromBytes(packet.subarray(AT.destination, AT.destination + 4)),
      ttl: view.getUint8(AT.ttl),
      protocol: view.getUint8(AT.protocol),
      payload: packet.subarray(headerSize, total),
    },
  };
}
