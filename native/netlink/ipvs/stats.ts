/** Counters of a service or server: IPVS_STATS_ATTR_* of linux/ip_vs.h. */
import { type Fields, nestOf, uintOf, wideUintOf } from "../fields.ts";
import { STATS } from "./numbers.ts";

/** Totals, and rates per second as the kernel estimates them over some seconds. */
export type Stats = {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
  readonly connectionRate: number;
  readonly inPacketRate: number;
  readonly outPacketRate: number;
  readonly inByteRate: number;
  readonly outByteRate: number;
};

/** @param wide the attribute with 64-bit counters, from Linux 4.1; @param narrow the older one, in which most wrap at 32 bits */
export function readStats(fields: Fields, wide: number, narrow: number): Stats {
  const stats = nestOf(fields, wide) ?? nestOf(fields, narrow);
  const value = (type: number) => (stats === undefined ? 0 : (wideUintOf(stats, type) ?? uintOf(stats, type) ?? 0));
  return {
    connections: value(STATS.connections),
    inPackets: value(STATS.inPackets),
    outPackets: value(STATS.outPackets),
    inBytes: value(STATS.inBytes),
    outBytes: value(STATS.outBytes),
    connectionRate: value(STATS.connectionRate),
    inPacketRate: value(STATS.inPacketRate),
    outPacketRate: value(STATS.outPacketRate),
    inByteRate: value(STATS.inByteRate),
    outByteRate: value(STATS.outByteRate),
  };
}
