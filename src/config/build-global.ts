/** `global_defs` and the keywords outside every block. */
import { parseIp } from "../base/address.ts";
import type { IpvsGlobalSettings } from "../ipvs/settings.ts";
import type { MailSettings } from "../notify/settings.ts";
import { find, findAll, has, numberIn, numberOf, textOf } from "./access.ts";
import { commandIn } from "./build-command.ts";
import type { GlobalSettings } from "./config.ts";
import { type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

/** What is not in the file: the machine's own names. */
export type Machine = { readonly hostName: string; readonly userName: string };

/** @param root a block that holds the statements outside every block @param defs one that holds all of `global_defs` */
export function buildGlobal(root: Statement, defs: Statement, machine: Machine, report: Report): GlobalSettings {
  return {
    routerId: textOf(defs, "router_id") ?? machine.hostName,
    netNamespace: textOf(root, "net_namespace"),
    ipvsNamespace: textOf(root, "net_namespace_ipvs") ?? (has(root, "net_namespace_ipvs") ? "" : undefined),
    instance: textOf(root, "instance"),
    childWaitMs: numberIn(root, "child_wait_time"),
    vrrpRealtimePriority: numberOf(defs, "vrrp_rt_priority"),
    startupScript: commandIn(defs, "startup_script", report),
    shutdownScript: commandIn(defs, "shutdown_script", report),
  };
}

/** @returns undefined unless there are a relay and recipients */
export function buildMail(defs: Statement, machine: Machine, report: Report): MailSettings | undefined {
  const recipients = findAll(defs, "notification_email").flatMap(({ body }) =>
    (body ?? []).map(({ words }) => words.join(" ")),
  );
  const server = find(defs, "smtp_server");
  if (server === undefined || recipients.length === 0) return undefined; // told in meaning/mail.ts
  const port = portOf(server, report);
  return {
    recipients,
    from: textOf(defs, "notification_email_from") ?? `${machine.userName}@${machine.hostName}`,
    relay: { host: relayHost(server), port },
    helo: textOf(defs, "smtp_helo_name"),
    connectTimeoutMs: numberIn(defs, "smtp_connect_timeout") || 1000,
    routerId: textOf(defs, "router_id") ?? machine.hostName,
    faults: !has(defs, "no_email_faults"),
  };
}

function relayHost(server: Statement): string {
  const host = server.words[1] ?? "";
  return parseIp(host) ?? host;
}

function portOf(server: Statement, report: Report): number {
  const text = server.words[2];
  if (text === undefined) return 25;
  if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535) return Number(text);
  report.at(
    server,
    2,
    wrong(
      "VIPD003",
      `smtp_server port ${text} is not a whole number from 1 to 65535`,
      "write a port, or leave it out for 25",
    ),
  );
  return 25;
}

export function buildIpvsGlobal(defs: Statement, report: Report): IpvsGlobalSettings {
  const flushOnStop = find(defs, "lvs_flush_on_stop") ?? find(defs, "lvs_flush_onstop");
  return {
    timeouts: timeoutsOf(find(defs, "lvs_timeouts"), report),
    flush: has(defs, "lvs_flush"),
    flushOnStop: flushOnStop === undefined ? "no" : flushOnStop.words[1] === "VS" ? "configured" : "all",
  };
}

/** 0 leaves the kernel's value. */
function timeoutsOf(statement: Statement | undefined, report: Report): IpvsGlobalSettings["timeouts"] {
  if (statement === undefined) return undefined;
  const found = new Map<string, number>();
  for (let i = 1; i < statement.words.length; i += 2) {
    const [name = "", text = ""] = statement.words.slice(i, i + 2);
    if (!["tcp", "tcpfin", "udp"].includes(name)) {
      report.at(
        statement,
        i,
        wrong("VIPD001", `unknown word ${name} in lvs_timeouts`, "write tcp, tcpfin or udp and seconds"),
      );
    } else if (!/^\d+$/.test(text) || Number(text) > 2_678_400) {
      report.at(
        statement,
        i + 1,
        wrong("VIPD003", `lvs_timeouts ${name} ${text} is not a whole number from 0 to 2678400`, "write seconds"),
      );
    } else found.set(name, Number(text));
  }
  return {
    tcpSeconds: found.get("tcp") ?? 0,
    tcpFinSeconds: found.get("tcpfin") ?? 0,
    udpSeconds: found.get("udp") ?? 0,
  };
}
