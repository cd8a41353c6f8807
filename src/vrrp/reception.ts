/** From the bytes of a packet to an advert that counts, with everything there is to say about it. */
import type { EventBody } from "../events.ts";
import { dropWords } from "./drops.ts";
import type { Instance } from "./instance.ts";
import type { Advert, EngineEvent } from "./interface.ts";
import { oddities } from "./oddities.ts";
import { decodeAdvert } from "./packet.ts";

export type Packet = Extract<EngineEvent, { type: "packet" }>;

export type Reading = { readonly advert: Advert | undefined; readonly events: readonly EventBody[] };

/** A master repeats itself: bytes that are those of the last good packet are not decoded again. */
export function read(instance: Instance, packet: Packet, nowMs: number): Reading {
  const { from, to, ttl, bytes } = packet;
  const last = instance.lastPacket;
  if (last?.from === from && last.to === to && last.ttl === ttl && sameBytes(last.bytes, bytes)) {
    return { advert: last.advert, events: [] };
  }
  const decoded = decodeAdvert(bytes, packet, instance.settings);
  if (!decoded.ok) {
    const note = instance.drops.note(from, decoded.drop, nowMs);
    if (note === undefined) return { advert: undefined, events: [] };
    const { name, links } = instance.settings;
    const reason = dropWords(decoded.drop, from, bytes, ttl, instance.settings);
    const body = { type: "vrrp.dropped", instance: name, device: links.adverts, drop: decoded.drop } as const;
    return { advert: undefined, events: [{ ...body, from: note.from, count: note.count, reason }] };
  }
  const { value: advert } = decoded;
  instance.lastPacket = { from, to, ttl, bytes: bytes.slice(), advert };
  const isNewMaster = instance.state.master?.ip !== from;
  const words = oddities(advert, from, instance.router, isNewMaster).filter(instance.isNews);
  const warnings = words.map((reason) => ({ type: "vrrp.warning", instance: instance.settings.name, reason }) as const);
  return { advert, events: warnings };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
