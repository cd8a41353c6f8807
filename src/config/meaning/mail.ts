/** Mail: a relay, recipients and something to tell belong together. */
import { find, findAll, has } from "../access.ts";
import type { Config } from "../config.ts";
import { hint, type Report, warning } from "../problems.ts";
import type { Statement } from "../statement.ts";
import type { Subjects } from "./subjects.ts";

export function checkMail(subjects: Subjects, config: Config, report: Report): void {
  const { defs } = subjects;
  const server = defs === undefined ? undefined : find(defs, "smtp_server");
  const blocks = defs === undefined ? [] : findAll(defs, "notification_email");
  const recipients = blocks.flatMap(({ body }) => body ?? []);
  const wanted = alertsOf(subjects);
  if (server !== undefined && recipients.length > 0) {
    checkRecipients(recipients, report);
    nobodyTells(server, subjects, config, wanted, report);
    if (defs !== undefined && !has(defs, "router_id")) {
      const message = `without router_id the mails of all nodes look alike: keepalived's do not say who wrote them, vipd's say ${config.global.routerId}`;
      report.at(server, 0, hint("VIPD079", message, "add router_id NAME to global_defs"));
    }
  } else if (server !== undefined) {
    const message = "there is a mail relay, but nobody to write to: no mail is sent";
    report.at(server, 0, warning("VIPD075", message, "add a notification_email block"));
  } else if (recipients.length > 0 && blocks[0] !== undefined) {
    const message = "there are recipients, but no mail relay: no mail is sent";
    report.at(blocks[0], 0, warning("VIPD076", message, "add smtp_server"));
  } else if (wanted !== undefined) {
    const message = `${wanted.words[0]} asks for mails, but there is neither smtp_server nor notification_email: none is sent`;
    report.at(wanted, 0, warning("VIPD077", message, "add both to global_defs, or remove it"));
  }
}

const ALERTS: ReadonlySet<string> = new Set(["smtp_alert", "smtp_alert_vrrp", "smtp_alert_checker"]);

/** The first statement that switches mails on, those of single servers aside. */
function alertsOf({ root }: Subjects): Statement | undefined {
  for (const { body } of root) {
    const found = body?.find(isOn);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isOn({ rule, value }: Statement): boolean {
  return value === true && rule !== undefined && ALERTS.has(rule.name);
}

/** Real servers are mailed about unless that is switched off; all else only where it is switched on (behaviour 79). */
function nobodyTells(
  server: Statement,
  { instances, services }: Subjects,
  { notify }: Config,
  wanted: Statement | undefined,
  report: Report,
): void {
  if (wanted !== undefined || (instances.length === 0 && services.length === 0)) return;
  if ([...notify.instances, ...notify.services, ...notify.servers].some(({ mail }) => mail)) return;
  const message =
    services.length === 0
      ? "there are mail settings, but nothing is mailed: instances are mailed about only where smtp_alert is on"
      : "there are mail settings, but smtp_alert is off everywhere: nothing is mailed";
  report.at(server, 0, warning("VIPD078", message, "add smtp_alert true to global_defs, or to the blocks that matter"));
}

/** A plain name may be known to the relay; a name with a dot looks like an address that lost its @. */
function checkRecipients(recipients: readonly Statement[], report: Report): void {
  for (const line of recipients) {
    const text = line.words.join(" ");
    if (text.includes("@") || !text.includes(".")) continue;
    report.at(line, 0, warning("VIPD080", `${text} is no mail address: it has no @`, "write admin@example.org"));
  }
}
