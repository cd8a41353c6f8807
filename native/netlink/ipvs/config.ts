/** What holds for the whole table: timeouts, version. linux/ip_vs.h. */
import { u32 } from "../attribute.ts";
import { readFields, uintOf } from "../fields.ts";
import { GENERIC_HEADER } from "../generic.ts";
import type { Reply } from "../message.ts";
import type { Change } from "./change.ts";
import { CMD, CMD_ATTR, INFO } from "./numbers.ts";

/** How long an idle connection is remembered, s. Where they are set, 0 leaves a value as it is. */
export type Timeouts = { readonly tcpSeconds: number; readonly tcpFinSeconds: number; readonly udpSeconds: number };

export type IpvsInfo = {
  /** `1.2.1` */
  readonly version: string;
  /** Slots in the hash table of connections. */
  readonly tableSize: number;
};

export function setTimeouts(timeouts: Timeouts): Change {
  return {
    command: CMD.setConfig,
    attrs: [
      u32(CMD_ATTR.timeoutTcp, timeouts.tcpSeconds),
      u32(CMD_ATTR.timeoutTcpFin, timeouts.tcpFinSeconds),
      u32(CMD_ATTR.timeoutUdp, timeouts.udpSeconds),
    ],
  };
}

export function decodeTimeouts(reply: Pick<Reply, "payload">): Timeouts {
  const fields = readFields(reply.payload, GENERIC_HEADER);
  return {
    tcpSeconds: uintOf(fields, CMD_ATTR.timeoutTcp) ?? 0,
    tcpFinSeconds: uintOf(fields, CMD_ATTR.timeoutTcpFin) ?? 0,
    udpSeconds: uintOf(fields, CMD_ATTR.timeoutUdp) ?? 0,
  };
}

export function decodeInfo(reply: Pick<Reply, "payload">): IpvsInfo {
  const fields = readFields(reply.payload, GENERIC_HEADER);
  const version = uintOf(fields, INFO.version) ?? 0;
  return {
    version: `${(version >> 16) & 0xff}.${(version >> 8) & 0xff}.${version & 0xff}`,
    tableSize: uintOf(fields, INFO.tableSize) ?? 0,
  };
}
