/** What happened, as lines to read: time in ms, node, deed. Adverts that only repeat are left out. */
import type { EventBody } from "../../src/events.ts";
import type { Action } from "../../src/vrrp/interface.ts";

export type Story = {
  acted(node: string, action: Action): void;
  note(node: string, text: string): void;
  /** Everything since the last time. */
  take(): string;
};

export function createStory(now: () => number): Story {
  let lines: string[] = [];
  const lastAdvert = new Map<string, number>();

  function note(node: string, text: string): void {
    lines.push(`${now().toFixed(1).padStart(8)}  ${node.padEnd(1)}  ${text}`.trimEnd());
  }

  return {
    note,
    acted(node, action) {
      if (action.type === "arm" || action.type === "disarm") return;
      if (action.type === "event") {
        const text = eventText(action.body);
        if (text !== undefined) note(node, text);
        return;
      }
      const { name } = action.router;
      if (action.type === "addresses") {
        note(node, `${name} ${action.wanted ? "takes" : "leaves"} its addresses`);
        return;
      }
      if (action.type === "announce") {
        note(node, `${name} announces its addresses × ${action.repeat}`);
        return;
      }
      const { priority, intervalMs } = action.advert;
      const sentMs = lastAdvert.get(`${node} ${name}`);
      lastAdvert.set(`${node} ${name}`, now());
      const regular = sentMs !== undefined && Math.abs(now() - sentMs - intervalMs) < 1e-6;
      if (!regular || priority === 0) note(node, `${name} advertises ${priority}`);
    },
    take() {
      const text = lines.join("\n");
      lines = [];
      return text;
    },
  };
}

/** undefined for mere advice. */
function eventText(body: EventBody): string | undefined {
  switch (body.type) {
    case "vrrp.transition":
      return `${body.instance} ${body.from} → ${body.to}: ${body.reason}`;
    case "vrrp.group":
      return `group ${body.group} ${body.from} → ${body.to}: ${body.reason}`;
    case "vrrp.priority":
      return `${body.instance} priority ${body.from} → ${body.to}: ${body.reason}`;
    case "vrrp.contested":
      return `${body.instance} contest ${body.phase}s: ${body.by} advertises ${body.theirPriority}, ${body.adverts} adverts in ${body.forMs.toFixed(1)} ms`;
    case "vrrp.lower":
      return `${body.instance} hears lower priority ${body.theirPriority} of ${body.by}`;
    case "vrrp.stalled":
      return `${body.instance} stalled for ${body.lateMs.toFixed(1)} ms: ${body.action}`;
    case "vrrp.dropped":
      return `${body.instance} dropped ${body.count} (${body.drop}): ${body.reason}`;
    case "vrrp.warning":
      return `${body.instance} warning: ${body.reason}`;
    case "tracker":
      return `${body.kind} ${body.name} ${body.from} → ${body.to}: ${body.reason}`;
    case "info":
      return undefined;
    default:
      return body.type;
  }
}
