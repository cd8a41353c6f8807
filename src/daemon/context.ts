/** What all parts of the parent process share: clocks, the numbered events and their log, the journal, systemd, files. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Loaded } from "../config/config.ts";
import type { EventBody } from "../events.ts";
import { openClock, type SystemClock } from "../os/clock.ts";
import { makeFolder, readIfThere, replaceFile } from "../os/files.ts";
import { linksWithoutPromotion, stopPromoting } from "../os/promotion.ts";
import { connectSystemd, type Systemd } from "../os/systemd.ts";
import type { ConfigurationDeps } from "./configuration.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { bootName, createEventStream, type EventStream } from "./event-stream.ts";
import { type Journal, openJournal } from "./journal.ts";
import type { Log } from "./log.ts";
import { openLog } from "./open-log.ts";

export type ReadConfig = (
  path: string,
  options: { readonly configId: string | undefined; readonly tolerant: boolean },
) => Promise<Loaded>;

/** The sysctl promote_secondaries. */
export type Promotions = {
  /** @returns those of the links on which it is off: the vrrp process will switch it on */
  missing(links: readonly string[]): readonly string[];
  /** Off again. */
  restore(links: readonly string[]): void;
};

export type Context = {
  readonly options: DaemonOptions;
  readonly version: string;
  readonly startedMs: number;
  readonly clock: SystemClock;
  readonly systemd: Systemd;
  readonly events: EventStream;
  readonly emit: (body: EventBody, monotonicMs?: number) => void;
  readonly warn: (reason: string) => void;
  readonly log: Log;
  readonly journal: Journal;
  readonly promotion: Promotions;
  readonly configuration: ConfigurationDeps;
};

export function openContext(options: DaemonOptions, version: string, readConfig: ReadConfig): Context {
  const clock = openClock();
  const startedMs = clock.now();
  const events = createEventStream(bootName(readFileSync("/proc/sys/kernel/random/boot_id", "utf8"), startedMs), clock);
  const log = openLog(options.log, process.env, (reason) => process.stderr.write(`vipd: ${reason}\n`));
  events.onEvent((event) => log.event(event));
  const warn = (reason: string) => events.emit({ type: "warning", reason });
  return {
    options,
    version,
    startedMs,
    clock,
    systemd: connectSystemd(process.env, process.pid, clock.now),
    events,
    emit: events.emit,
    warn,
    log,
    journal: openJournal(journalFile(options.runDir), warn),
    promotion: { missing: linksWithoutPromotion, restore: stopPromoting },
    configuration: {
      read: (path, tolerant) => readConfig(path, { configId: options.configId, tolerant }),
      lastGood: lastGoodFile(options.stateDir),
    },
  };
}

export function journalFile(runDir: string) {
  const path = join(runDir, "journal.json");
  return { path, read: () => readIfThere(path), write: (text: string) => replaceFile(path, text, 0o600) };
}

/** Its folder is 0755, for the mailer must reach its spool in it, which is 0700 like every file here is 0600. */
function lastGoodFile(stateDir: string): ConfigurationDeps["lastGood"] {
  const path = join(stateDir, "last-good.conf");
  return {
    path,
    exists: () => existsSync(path),
    write(text) {
      makeFolder(stateDir, 0o755);
      replaceFile(path, text, 0o600);
    },
  };
}
