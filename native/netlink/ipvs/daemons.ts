/** The daemons that copy connections to a standby director: IPVS_CMD_*_DAEMON of linux/ip_vs.h. */
import { type Attribute, bytes, NESTED, nest, text, u8, u16, u32 } from "../attribute.ts";
import { bytesOf, type Fields, nestOf, readFields, textOf, uintOf } from "../fields.ts";
import { GENERIC_HEADER } from "../generic.ts";
import type { Reply } from "../message.ts";
import { ipFromBytes, ipToBytes } from "../text.ts";
import type { Change } from "./change.ts";
import { CMD, CMD_ATTR, DAEMON, SYNC_STATE } from "./numbers.ts";

export type SyncDaemon = {
  /** `master` sends, `backup` receives; a node may run both. */
  readonly state: keyof typeof SYNC_STATE;
  /** Name of the link. */
  readonly link: string;
  /** 0–255; a backup with 0 accepts any. */
  readonly syncId: number;
  /** Longest payload in bytes; undefined = what the link takes. */
  readonly maxLength?: number | undefined;
  /** Multicast group; undefined = 224.0.0.81. */
  readonly group?: string | undefined;
  /** undefined = 8848. */
  readonly port?: number | undefined;
  /** 1–255; undefined = 1. */
  readonly ttl?: number | undefined;
};

export function newDaemon(daemon: SyncDaemon): Change {
  const attrs = identity(daemon);
  if (daemon.maxLength !== undefined) attrs.push(u16(DAEMON.maxLength, daemon.maxLength));
  if (daemon.port !== undefined) attrs.push(u16(DAEMON.port, daemon.port));
  if (daemon.ttl !== undefined) attrs.push(u8(DAEMON.ttl, daemon.ttl));
  if (daemon.group !== undefined) attrs.push(group(daemon.group));
  return { command: CMD.newDaemon, attrs: [nest(CMD_ATTR.daemon | NESTED, attrs)] };
}

/**
 * ESRCH if it does not run. A daemon that was started in the same moment and whose thread has not run yet is stopped, but the kernel
 * (6.1) then forgets to answer, and the request ends with ETIMEDOUT.
 */
export function deleteDaemon(state: SyncDaemon["state"]): Change {
  const attrs = identity({ state, link: "", syncId: 0 });
  return { command: CMD.delDaemon, attrs: [nest(CMD_ATTR.daemon | NESTED, attrs)] };
}

/** From the answer to a dump. */
export function decodeDaemon(reply: Pick<Reply, "payload">): SyncDaemon | undefined {
  const fields = nestOf(readFields(reply.payload, GENERIC_HEADER), CMD_ATTR.daemon);
  return fields && readDaemon(fields);
}

export function readDaemon(fields: Fields): SyncDaemon | undefined {
  const number = uintOf(fields, DAEMON.state);
  const link = textOf(fields, DAEMON.link);
  if (link === undefined || (number !== SYNC_STATE.master && number !== SYNC_STATE.backup)) return undefined;
  const address = bytesOf(fields, DAEMON.group) ?? bytesOf(fields, DAEMON.group6);
  return {
    state: number === SYNC_STATE.master ? "master" : "backup",
    link,
    syncId: uintOf(fields, DAEMON.syncId) ?? 0,
    maxLength: uintOf(fields, DAEMON.maxLength),
    group: address && ipFromBytes(address),
    port: uintOf(fields, DAEMON.port),
    ttl: uintOf(fields, DAEMON.ttl),
  };
}

function identity(daemon: Pick<SyncDaemon, "state" | "link" | "syncId">): Attribute[] {
  return [
    u32(DAEMON.state, SYNC_STATE[daemon.state]),
    text(DAEMON.link, daemon.link),
    u32(DAEMON.syncId, daemon.syncId),
  ];
}

function group(ip: string): Attribute {
  const address = ipToBytes(ip);
  return bytes(address.length === 4 ? DAEMON.group : DAEMON.group6, address);
}
