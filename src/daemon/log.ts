/**
 * Log lines on their way out. A reader that is slow or gone never stops vipd: the queue is bounded, then lines are counted, and the loss
 * is reported when there is room again. Only vipd writes logs; its children send events.
 */
import type { Event, Severity } from "../events.ts";
import { logLine, severityOf } from "../notify/log-line.ts";

/** Takes a finished line (`os/log-sinks.ts`). */
export type Sink = {
  /** @returns false if it is lost */
  write(line: string): boolean;
  /** Bytes that wait in it. */
  readonly waiting: () => number;
  /** Resolves when everything is written, or cannot be. */
  flush(): Promise<void>;
};

/** How lines look: to a journal with `<level>`, to people with the time, to syslog with facility and program. */
export type Style =
  | { readonly type: "journal" }
  | { readonly type: "time" }
  | { readonly type: "syslog"; readonly facility: number };

export type Output = { readonly sink: Sink; readonly style: Style };

export type Log = {
  event(event: Event): void;
  flush(): Promise<void>;
  /** Lines lost because nobody read them. */
  lost(): number;
};

/** Bytes that may wait for a reader. */
export const QUEUE_BYTES = 4 * 1024 * 1024;

/** @param detail also what is shown only with -D */
export function createLog(outputs: readonly Output[], detail: boolean): Log {
  let lostTotal = 0;
  const channels = outputs.map((output) => ({ ...output, lost: 0 }));

  function write(channel: (typeof channels)[number], severity: Severity, wallMs: number, text: string): boolean {
    if (channel.sink.waiting() > QUEUE_BYTES) return false;
    return channel.sink.write(styled(channel.style, severity, wallMs, text));
  }

  return {
    event(event) {
      if (!shown(event, detail)) return;
      const text = logLine(event);
      const severity = severityOf(event);
      for (const channel of channels) {
        if (
          channel.lost > 0 &&
          write(channel, "warning", event.wallMs, `log.lost lines=${channel.lost} reason="nobody read them"`)
        ) {
          channel.lost = 0;
        }
        if (write(channel, severity, event.wallMs, text)) continue;
        channel.lost += 1;
        lostTotal += 1;
      }
    },
    async flush() {
      await Promise.all(channels.map(({ sink }) => sink.flush()));
    },
    lost: () => lostTotal,
  };
}

/** Without -D, what only an investigation needs is left out. */
function shown(event: Event, detail: boolean): boolean {
  if (detail) return true;
  switch (event.type) {
    case "check.failed":
    case "ipvs.change":
    case "mail.delivered":
    case "process.start":
      return false;
    default:
      return severityOf(event) !== "debug";
  }
}

/** syslog's numbers. */
const LEVELS: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

export function styled(style: Style, severity: Severity, wallMs: number, text: string): string {
  const level = LEVELS[severity];
  switch (style.type) {
    case "journal":
      return `<${level}>${text}\n`;
    case "time":
      return `${localTime(wallMs)} ${text}\n`;
    case "syslog":
      return `<${style.facility * 8 + level}>vipd[${process.pid}]: ${text}`;
  }
}

/** `2026-11-20 12:04:05.678`, in the zone of this machine. */
function localTime(wallMs: number): string {
  const at = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}
