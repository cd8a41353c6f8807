/**
 * What a mail says, as a value that templates render: keepalived's subject and sentence, and what keepalived leaves out: when, where,
 * why, since when the former state lasted, who serves the addresses now.
 */
import { formatDuration } from "../base/duration.ts";
import type { Event } from "../events.ts";
import type { MailSettings } from "./settings.ts";
import { stateWord } from "./words.ts";

/** One event waiting in the spool. Self-contained: it can be sent after a restart with another configuration. */
export type Letter = {
  readonly event: Event;
  readonly host: string;
  readonly routerId: string;
  /** The instance reports DELETED, not FAULT, when a reload removes it. */
  readonly reportDeleted: boolean;
};

/** The names of the template files: `KIND.subject.hbs`, `KIND.txt.hbs`, `KIND.html.hbs`. */
export type MailKind = "instance" | "group" | "server" | "service" | "notice" | "digest";

export type MailModel = {
  readonly kind: MailKind;
  readonly routerId: string;
  readonly host: string;
  /** ISO 8601 with the offset of the machine's zone. */
  readonly when: string;
  readonly name: string;
  /** What the subject says behind the name: `Entering MASTER state`, `DOWN`. */
  readonly change: string;
  /** keepalived's sentence, without its arrows. */
  readonly sentence: string;
  readonly reason: string;
  readonly facts: readonly { readonly label: string; readonly value: string }[];
};

export type DigestModel = {
  readonly kind: "digest";
  readonly routerId: string;
  readonly host: string;
  readonly count: number;
  readonly first: string;
  readonly last: string;
  readonly mails: readonly MailModel[];
};

export function mailModel(letter: Letter): MailModel {
  const { event } = letter;
  const base = { routerId: letter.routerId, host: letter.host, when: localTime(event.wallMs) };
  switch (event.type) {
    case "vrrp.transition": {
      const word = stateWord(event, letter) ?? event.to;
      return {
        ...base,
        kind: "instance",
        name: event.instance,
        change: enteringState(word),
        sentence: instanceSentence(word),
        reason: event.reason,
        facts: facts([
          ["State", `${event.from} → ${event.to}`],
          [`${event.from} had lasted`, formatDuration(event.afterMs)],
          ["Priority", String(event.priority)],
          ["Virtual addresses", event.addresses.join(", ")],
          ["Served now by", servedBy(event.to, event.master, letter.host)],
        ]),
      };
    }
    case "vrrp.group":
      return {
        ...base,
        kind: "group",
        name: event.group,
        change: enteringState(event.to),
        sentence:
          event.to === "STOP"
            ? "All VRRP group instances are now stopping"
            : `All VRRP group instances are now in ${event.to} state`,
        reason: event.reason,
        facts: facts([
          ["State", `${event.from} → ${event.to}`],
          [`${event.from} had lasted`, formatDuration(event.afterMs)],
        ]),
      };
    case "server.state":
      return {
        ...base,
        kind: "server",
        name: `${event.server} of virtual server ${event.service}`,
        change: event.to.toUpperCase(),
        sentence: checkSentence(event.check, event.to),
        reason: event.reason,
        facts: facts([
          ["Real server", event.server],
          ["Virtual server", event.service],
          ["Check", event.check],
          ["Weight", String(event.weight)],
          [`Had been ${event.from} for`, formatDuration(event.afterMs)],
        ]),
      };
    case "service.quorum":
      return {
        ...base,
        kind: "service",
        name: event.service,
        change: event.to.toUpperCase(),
        sentence: quorumSentence(event),
        reason: event.reason,
        facts: facts([
          ["Live weight", `${event.weight}, quorum ${event.quorum}, hysteresis ${event.hysteresis}`],
          ["Sorry server", event.sorryServer],
          ["Requests are answered by", answeredBy(event)],
        ]),
      };
    default:
      return { ...base, kind: "notice", name: event.type, ...notice(event), facts: [] };
  }
}

export function digestModel(letters: readonly Letter[]): DigestModel {
  const mails = letters.map(mailModel);
  return {
    kind: "digest",
    routerId: letters[0]?.routerId ?? "",
    host: letters[0]?.host ?? "",
    count: mails.length,
    first: mails[0]?.when ?? "",
    last: mails.at(-1)?.when ?? "",
    mails,
  };
}

/** How letters are put into envelopes: a few are sent singly, as filters expect; many that wait become one digest. */
export function envelopes<T>(waiting: readonly T[], single = 4, perDigest = 200): readonly (readonly T[])[] {
  if (waiting.length <= single) return waiting.map((letter) => [letter]);
  const digests: T[][] = [];
  for (let start = 0; start < waiting.length; start += perDigest) digests.push(waiting.slice(start, start + perDigest));
  return digests;
}

/** Delay before attempt `failures` + 1: 5, 10, 20 … 300 s. */
export function retryDelayMs(failures: number): number {
  return Math.min(300_000, 5000 * 2 ** Math.max(0, failures - 1));
}

/** The name that mails carry in their subject. */
export function letterOf(event: Event, host: string, mail: MailSettings, reportDeleted: boolean): Letter {
  return { event, host, routerId: mail.routerId, reportDeleted };
}

function enteringState(word: string): string {
  if (word === "STOP") return "Stopping";
  if (word === "DELETED") return "Deleted";
  return `Entering ${word} state`;
}

function instanceSentence(word: string): string {
  switch (word) {
    case "MASTER":
      return "VRRP Instance is now owning VRRP VIPs";
    case "STOP":
      return "VRRP Instance stopping";
    case "DELETED":
      return "VRRP Deleted at reload";
    default:
      return "VRRP Instance is no longer owning VRRP VIPs";
  }
}

function checkSentence(check: string | undefined, to: "up" | "down"): string {
  const what = check === undefined ? "CHECK" : check === "TCP_CHECK" ? "TCP CHECK" : "CHECK";
  const how = check === "HTTP_GET" || check === "SSL_GET" ? " : HTTP request failed" : "";
  return to === "up" ? `${what} succeed on service` : `${what} failed on service${how}`;
}

function quorumSentence(event: Extract<Event, { type: "service.quorum" }>): string {
  const sum = `${event.quorum}+${event.hysteresis}=${event.quorum + event.hysteresis} <= ${event.weight}`;
  if (event.initial) return `Starting with quorum ${event.to} ${sum}`;
  return `${event.to === "up" ? "Gained" : "Lost"} quorum ${sum}`;
}

function answeredBy({ to, sorryServer, weight }: Extract<Event, { type: "service.quorum" }>): string {
  if (to === "up") return "the real servers";
  if (sorryServer !== undefined) return "the sorry server";
  return weight > 0 ? "the servers that are left" : "nobody: no server is left";
}

function servedBy(to: string, master: string | undefined, host: string): string {
  if (to === "MASTER" || master === "self") return `${host} (this node)`;
  return master ?? "nobody that this node has heard";
}

function facts(rows: readonly (readonly [string, string | undefined])[]): MailModel["facts"] {
  return rows.flatMap(([label, value]) => (value === undefined || value === "" ? [] : [{ label, value }]));
}

type Notice = { readonly change: string; readonly sentence: string; readonly reason: string };

function notice(event: Event): Notice {
  switch (event.type) {
    case "config.refused":
      return {
        change: "configuration refused",
        sentence: `${event.file} has errors; nothing was changed, the former configuration stays in force`,
        reason: event.problems.join("\n"),
      };
    case "config.fallback":
      return {
        change: "running on the last good configuration",
        sentence: `${event.file} has errors; vipd started on ${event.lastGood} instead`,
        reason: event.problems.join("\n"),
      };
    case "vrrp.stalled":
      return {
        change: "this node was stalled",
        sentence: `The VRRP process was not given the processor for ${formatDuration(event.lateMs)}`,
        reason: event.action,
      };
    case "vrrp.contested":
      return {
        change: event.phase === "begin" ? `${event.instance}: two masters` : `${event.instance}: one master again`,
        sentence:
          event.phase === "begin"
            ? `${event.by} also claims to be master of ${event.instance} (priority ${event.theirPriority}); this node stays master and re-announces its addresses`
            : `${event.by} no longer claims to be master of ${event.instance}`,
        reason: `${event.adverts} adverts in ${formatDuration(event.forMs)}`,
      };
    case "process.exit":
      return {
        change: `process ${event.process} died`,
        sentence: `The process ${event.process} (pid ${event.pid}) ended unexpectedly`,
        reason: `${event.reason}; restarted after ${formatDuration(event.restartMs ?? 0)}`,
      };
    case "ipvs.error":
      return { change: "IPVS trouble", sentence: "IPVS could not be programmed", reason: event.reason };
    case "vrrp.address":
      return {
        change: `${event.instance}: address ${event.address}`,
        sentence: `${event.address} on ${event.device} could not be kept`,
        reason: event.reason,
      };
    default:
      return { change: event.type, sentence: event.type, reason: "" };
  }
}

/** ISO 8601 in the machine's zone, to the millisecond: `2026-11-20T12:00:00.000+01:00`. */
export function localTime(wallMs: number): string {
  const offset = -new Date(wallMs).getTimezoneOffset();
  const shifted = new Date(wallMs + offset * 60_000).toISOString().slice(0, -1);
  const sign = offset < 0 ? "-" : "+";
  const two = (value: number) => String(Math.trunc(value)).padStart(2, "0");
  return `${shifted}${sign}${two(Math.abs(offset) / 60)}:${two(Math.abs(offset) % 60)}`;
}
