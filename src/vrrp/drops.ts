/** Packets that were dropped: counted by reason, told with a remedy, at a bounded rate. */

import type { Ip } from "../base/address.ts";
import { formatDuration } from "../base/duration.ts";
import { type Drop, describe } from "./packet.ts";
import type { RouterSettings } from "./settings.ts";

/** The first of a kind is told at once, then at most one a minute for each sender and reason. */
const REPEAT_MS = 60_000;
/** More senders than this are told of together. */
const MOST_KINDS = 32;

export type Drops = {
  /** @returns what to tell now: how many since the last time, of one sender or of many together */
  note(from: Ip, drop: Drop, nowMs: number): { readonly from: Ip | undefined; readonly count: number } | undefined;
  /** Since the start, by reason. */
  counts(): Readonly<Record<string, number>>;
};

type Kind = { toldMs: number; untold: number };

export function createDrops(): Drops {
  const kinds = new Map<string, Kind>();
  const counts: Record<string, number> = {};

  return {
    note(from, drop, nowMs) {
      counts[drop] = (counts[drop] ?? 0) + 1;
      const own = `${drop} ${from}`;
      const many = !kinds.has(own) && kinds.size >= MOST_KINDS;
      const name = many ? `${drop} many` : own;
      const kind = kinds.get(name) ?? { toldMs: Number.NEGATIVE_INFINITY, untold: 0 };
      kinds.set(name, kind);
      kind.untold++;
      if (nowMs - kind.toldMs < REPEAT_MS) return undefined;
      const count = kind.untold;
      kind.toldMs = nowMs;
      kind.untold = 0;
      return { from: many ? undefined : from, count };
    },
    counts: () => counts,
  };
}

/** What was wrong and what to do about it. */
export function dropWords(drop: Drop, from: Ip, bytes: Uint8Array, ttl: number, own: RouterSettings): string {
  const said = describe(bytes);
  switch (drop) {
    case "length":
      return `packet of ${from} has ${bytes.length} bytes, which does not fit its contents`;
    case "ttl":
      return `packet of ${from} has TTL ${ttl}, not 255: it came through a router, or is forged`;
    case "version":
      if (said.version !== 2 && said.version !== 3) return `packet of ${from} has VRRP version ${said.version}`;
      return `peer ${from} sends version ${said.version}, this instance speaks version ${own.version}; set version ${said.version} here or version ${own.version} there`;
    case "authType":
      return `peer ${from} uses ${authWords(said.authType)}, this instance ${authWords(own.authentication.type === "pass" ? 1 : 0)}; set the same authentication on both`;
    case "authentication":
      return `peer ${from} sends another password; set the same auth_pass on both`;
    case "interval":
      return `peer ${from} advertises every ${formatDuration(said.intervalMs)}, this instance every ${formatDuration(own.intervalMs)}; set the same advert_int on both, or each becomes master`;
    case "type":
      return `packet of ${from} is no advertisement`;
    case "checksum":
      return `packet of ${from} has a wrong checksum${own.version === 3 ? "; if the peer sets v3_checksum_as_v2, set it here too" : ""}`;
    case "destination":
      return own.multicast
        ? `peer ${from} sends to this host alone, this instance multicasts; set unicast_peer on both or on neither`
        : `peer ${from} multicasts, this instance is set to unicast_peer; set it on both or on neither`;
  }
}

function authWords(type: number): string {
  return ["no authentication", "authentication PASS", "authentication AH"][type] ?? `authentication type ${type}`;
}
