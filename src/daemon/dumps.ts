/**
 * What keepalived's signals ask for (behaviour 89–91): USR1 the data, USR2 the statistics, SIGRTMIN+2 JSON, in the files where exporters
 * look for them. Pure: the status in, text out. An advert with another list of addresses is no error here, and an unknown kind of
 * authentication is a mismatch like any other: those two counters stay 0.
 */
import type { Drop } from "../vrrp/packet.ts";
import type { RouterStatus } from "../vrrp/status.ts";
import type { Status } from "./status.ts";

/** keepalived.stats: its headings, our counters. */
export function statsText({ vrrp }: Status): string {
  return (vrrp?.routers ?? []).map(statsOf).join("");
}

function statsOf(one: RouterStatus): string {
  const dropped = (name: Drop) => one.dropped[name] ?? 0;
  return [
    `VRRP Instance: ${one.name}`,
    "  Advertisements:",
    `    Received: ${one.adverts.received}`,
    `    Sent: ${one.adverts.sent}`,
    `  Became master: ${one.transitions.toMaster}`,
    `  Released master: ${one.transitions.fromMaster}`,
    "  Packet Errors:",
    `    Length: ${dropped("length")}`,
    `    TTL: ${dropped("ttl")}`,
    `    Invalid Type: ${dropped("type")}`,
    `    Advertisement Interval: ${dropped("interval")}`,
    "    Address List: 0",
    "  Authentication Errors:",
    "    Invalid Type: 0",
    `    Type Mismatch: ${dropped("authType")}`,
    `    Failure: ${dropped("authentication")}`,
    "  Priority Zero:",
    `    Received: ${one.adverts.priorityZeroReceived}`,
    `    Sent: ${one.adverts.priorityZeroSent}`,
    "",
  ].join("\n");
}

/** keepalived's numbers of states. */
const STATES: Readonly<Record<RouterStatus["state"], number>> = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3, STOP: 97 };

/** keepalived.json, version 1: an array of {data, stats}. */
export function statsJson(status: Status): string {
  return `${JSON.stringify((status.vrrp?.routers ?? []).map((one) => ({ data: dataOf(one, status), stats: countersOf(one) })))}\n`;
}

function dataOf(one: RouterStatus, { at }: Status) {
  return {
    iname: one.name,
    ifp_ifname: one.link,
    vrid: one.vrid,
    version: one.version,
    state: STATES[one.state],
    base_priority: one.basePriority,
    effective_priority: one.priority,
    master_priority: one.master?.priority ?? (one.state === "MASTER" ? one.priority : 0),
    last_transition: (at.wallMs - (at.monotonicMs - one.sinceMs)) / 1000,
    adver_int: one.intervalMs / 1000,
    vipset: one.state === "MASTER",
    vips: one.addresses.map(({ address, device }) => `${address} dev ${device}`),
  };
}

function countersOf(one: RouterStatus) {
  const dropped = (name: Drop) => one.dropped[name] ?? 0;
  return {
    advert_rcvd: one.adverts.received,
    advert_sent: one.adverts.sent,
    become_master: one.transitions.toMaster,
    release_master: one.transitions.fromMaster,
    packet_len_err: dropped("length"),
    advert_interval_err: dropped("interval"),
    ip_ttl_err: dropped("ttl"),
    invalid_type_rcvd: dropped("type"),
    addr_list_err: 0,
    invalid_authtype: 0,
    authtype_mismatch: dropped("authType"),
    auth_failure: dropped("authentication"),
    pri_zero_rcvd: one.adverts.priorityZeroReceived,
    pri_zero_sent: one.adverts.priorityZeroSent,
  };
}
