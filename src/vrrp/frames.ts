/**
 * What leaves the host for an advert: over IPv4 the whole packet with its IP header, over IPv6 the VRRP message alone (the kernel
 * builds that header). The same advert is sent every interval: it is encoded once for a destination and only renumbered afterwards.
 */
import type { Ip } from "../base/address.ts";
import type { Advert } from "./interface.ts";
import { encodeIpv4Header, IPV4_HEADER_SIZE, nextIdentification, renumberIpv4Header } from "./ipv4-header.ts";
import { advertSize, encodeAdvert } from "./packet.ts";

export type Frames = {
  /**
   * The bytes to send. They are the encoder's own and change with the next call for the same advert and destination.
   * `advert` is known again by identity: the engine repeats the same object until something in it changes.
   */
  frame(advert: Advert, from: Ip, to: Ip, checksumAsV2: boolean): Uint8Array;
};

type Frame = { readonly from: Ip; readonly to: Ip; readonly checksumAsV2: boolean; readonly bytes: Uint8Array };

/** One for each router: identifications count from 1 for each, as keepalived's do. @param ttl of IPv4 packets */
export function createFrames(ttl = 255): Frames {
  const known = new WeakMap<Advert, Frame[]>();
  let identification = 0;

  function frameOf(advert: Advert, from: Ip, to: Ip, checksumAsV2: boolean): Frame {
    const frames = known.get(advert) ?? [];
    const same = frames.find((frame) => frame.to === to && frame.from === from && frame.checksumAsV2 === checksumAsV2);
    if (same !== undefined) return same;
    const made = { from, to, checksumAsV2, bytes: encodeFrame(advert, from, to, checksumAsV2, ttl) };
    known.set(advert, [...frames.filter((frame) => frame.from === from), made]);
    return made;
  }

  return {
    frame(advert, from, to, checksumAsV2) {
      const { bytes } = frameOf(advert, from, to, checksumAsV2);
      if (!from.includes(":")) {
        identification = nextIdentification(identification);
        renumberIpv4Header(bytes, identification);
      }
      return bytes;
    },
  };
}

function encodeFrame(advert: Advert, from: Ip, to: Ip, checksumAsV2: boolean, ttl: number): Uint8Array {
  const header = from.includes(":") ? 0 : IPV4_HEADER_SIZE;
  const payloadLength = advertSize(advert);
  const bytes = new Uint8Array(header + payloadLength);
  if (header > 0) encodeIpv4Header(bytes, { from, to, ttl, identification: 1, payloadLength });
  encodeAdvert(bytes, header, advert, { from, to }, checksumAsV2);
  return bytes;
}
