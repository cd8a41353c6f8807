/**
 * How an event reads in the log: `type key=value …`, values quoted where they hold a blank, an equals sign or a quote. Keys are the
 * names of the event's fields, durations become words, so that a line can be searched by machine and read by people.
 */
import { formatDuration } from "../base/duration.ts";
import type { Event, EventBody, Severity } from "../events.ts";

/** The line without time stamp and level. */
export function logLine(event: EventBody): string {
  const words: string[] = [event.type];
  for (const [key, value] of Object.entries(event)) {
    if (STAMP.has(key) || value === undefined) continue;
    words.push(key.endsWith("Ms") ? word(key.slice(0, -2), duration(value)) : word(key, value));
  }
  return words.join(" ");
}

/** How loud an event is: what keeps a service from people is an error, what an admin should look at a warning. */
export function severityOf(event: EventBody): Severity {
  switch (event.type) {
    case "vrrp.transition":
    case "vrrp.group":
      return event.to === "FAULT" ? "error" : "notice";
    case "server.state":
      return event.to === "down" ? "warning" : "notice";
    case "service.quorum":
      return event.to === "down" ? "error" : "notice";
    case "vrrp.address":
      return event.what === "gaveUp" || event.what === "failed"
        ? "error"
        : event.what === "restored" || event.what === "removed"
          ? "warning"
          : "notice";
    case "check.result":
    case "tracker":
      return event.to === "down" ? "warning" : "info";
    case "check.failed":
    case "ipvs.change":
    case "vrrp.lower":
    case "process.start":
    case "mail.delivered":
    case "info":
      return "info";
    case "vrrp.priority":
    case "daemon.start":
    case "daemon.ready":
    case "daemon.stop":
    case "config.loaded":
      return "notice";
    case "vrrp.contested":
      return event.phase === "begin" ? "warning" : "notice";
    case "vrrp.stalled":
    case "vrrp.dropped":
    case "vrrp.warning":
    case "script.failed":
    case "mail.deferred":
    case "warning":
      return "warning";
    case "ipvs.error":
    case "mail.refused":
    case "process.exit":
    case "config.refused":
    case "config.fallback":
      return "error";
  }
}

const STAMP: ReadonlySet<string> = new Set(["type", "boot", "seq", "wallMs", "monotonicMs"] satisfies (keyof Event)[]);

function duration(value: unknown): unknown {
  return typeof value === "number" ? formatDuration(Math.max(0, value)) : value;
}

function word(key: string, value: unknown): string {
  if (Array.isArray(value)) return `${key}=${quote(value.map(String).join(", "))}`;
  return `${key}=${quote(String(value))}`;
}

function quote(text: string): string {
  const plain = text.replaceAll(/[\n\r\t]+/g, " ").replaceAll(CONTROL, "?");
  return plain === "" || /[\s"=]/.test(plain) ? `"${plain.replaceAll('"', "'")}"` : plain;
}

/** Control characters: text from the network must not steer the reader's terminal. */
const CONTROL = /\p{Cc}/gu;
