/**
 * What keepalived's signals ask for (behaviour 89–91): USR1 the data, USR2 the statistics, SIGRTMIN+2 JSON, in the files where exporters
 * look for them. Pure: the status in, text out.
 */
import type { RouterStatus } from "../vrrp/status.ts";
import type { Status } from "./status.ts";

/** keepalived.stats: its headings, our counters. */
export function statsText({ vrrp }: Status): string {
  return (vrrp?.routers ?? []).map(statsOf).join("");
}

function statsOf(one: RouterStatus): string {
  const dropped = (...names: readonly string[]) => names.reduce((sum, name) => sum + (one.dropped[name] ?? 0), 0);
  return [
    `VRRP Instance: ${one.name}`,
    "  Advertisements:",
    `    Received: ${one.adverts.received}`,
    `    Sent: ${one.adverts.sent}`,
    `  Became master: ${one.transitions.toMaster}`,
    `  Released master: ${one.transitions.fromMaster}`,
    "  Packet Errors:",
    `    Length: ${dropped("truncated", "length")}`,
    `    TTL: ${dropped("ttl")}`,
    `    Invalid Type: ${dropped("type")}`,
    `    Advertisement Interval: ${dropped("interval")}`,
    `    Address List: ${dropped("addresses")}`,
    "  Authentication Errors:",
    `    Invalid Type: ${dropped("authenticationType")}`,
    `    Type Mismatch: ${dropped("authenticationMismatch")}`,
    `    Failure: ${dropped("authentication", "password")}`,
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
  const dropped = (...names: readonly string[]) => names.reduce((sum, name) => sum + (one.dropped[name] ?? 0), 0);
  return {
    advert_rcvd: one.adverts.received,
    advert_sent: one.adverts.sent,
    become_master: one.transitions.toMaster,
    release_master: one.transitions.fromMaster,
    packet_len_err: dropped("truncated", "length"),
    advert_interval_err: dropped("interval"),
    ip_ttl_err: dropped("ttl"),
    invalid_type_rcvd: dropped("type"),
    addr_list_err: dropped("addresses"),
    invalid_authtype: dropped("authenticationType"),
    authtype_mismatch: dropped("authenticationMismatch"),
    auth_failure: dropped("authentication", "password"),
    pri_zero_rcvd: one.adverts.priorityZeroReceived,
    pri_zero_sent: one.adverts.priorityZeroSent,
  };
}
