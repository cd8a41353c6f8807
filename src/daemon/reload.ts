/**
 * The configuration in force and how it changes: read, claim in the journal, change over in two phases. What is refused changes
 * nothing, and log, mail and status say so. While one reload runs, one more waits.
 */
import { resolve } from "node:path";
import type { Clock, WallClock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import { defaultConfigFile } from "../os/default-file.ts";
import { ANOTHER_STATE_DIR, causeAndRemedy } from "../os/remedies.ts";
import { describeChanges } from "./changes.ts";
import { type Accepted, type Attempt, fallBack, keepAsLastGood, readFor, readForStart } from "./configuration.ts";
import type { Context } from "./context.ts";
import type { ReloadResult } from "./control.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { carriersOf, type Keys, keysOf, NO_KEYS } from "./journal.ts";
import type { ConfigStatus } from "./status.ts";
import { changeOver, type Participant } from "./two-phases.ts";

export type Keeper = {
  /** Reads and puts in force; the last good configuration where the file is broken. @param before what comes before anything is handed out */
  start(before: (config: Config) => Promise<void>): Promise<ReloadResult>;
  reload(): Promise<ReloadResult>;
  current(): Accepted | undefined;
  status(): ConfigStatus | undefined;
};

/** When what a reload gave up is gone for certain, and the journal can forget it. */
const SETTLED_MS = 60_000;

export type KeeperContext = Pick<Context, "version" | "emit" | "warn" | "journal" | "promotion" | "configuration"> & {
  readonly clock: Clock & WallClock;
  readonly options: Pick<DaemonOptions, "file" | "strict" | "dryRun" | "stateDir" | "namespace">;
};

/** The virtual services, as far as the journal is concerned. */
type Balancing = {
  /** Keys of those that are ours in the kernel. */
  keys(): readonly string[];
  /** The configuration that was committed is in force. */
  accepted(): Promise<void>;
};

export function createKeeper(
  context: KeeperContext,
  participants: readonly (readonly Participant[])[],
  balancing: Balancing,
): Keeper {
  const { options, emit, warn, clock, journal, promotion, configuration } = context;
  let accepted: Accepted | undefined;
  let generation = 0;
  let inForce = 0;
  let loadedWallMs = 0;
  let refused: ConfigStatus["refused"];
  /** Why the last good configuration is not on disk, so that each reason is told once. */
  let notKept: string | undefined;
  let settle: Disposable | undefined;
  let running: Promise<ReloadResult> | undefined;
  let waiting: Promise<ReloadResult> | undefined;

  const mainFile = () => resolve(options.file ?? defaultConfigFile());

  /** @returns the refusals */
  async function putInForce(next: Accepted): Promise<readonly string[]> {
    const keys = keysFor(next.config);
    const before = journal.ours();
    try {
      journal.claim(keys);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
    generation += 1;
    const groups = accepted === undefined ? participants : [participants.flat()];
    const answers = await Promise.all(groups.map((group) => changeOver(group, next.config, generation)));
    const refusals = answers.flat();
    if (refusals.length > 0) {
      // at a start one group may have taken over what another refuses: that has been created
      const addresses = answers.every((refused) => refused.length > 0) ? before.addresses : journal.ours().addresses;
      const { promoted } = journal.ours();
      forgetAllBut({ addresses, promoted, services: [...before.services, ...balancing.keys()] });
      return refusals;
    }
    accepted = next;
    inForce = generation;
    loadedWallMs = Math.round(clock.wall());
    refused = undefined;
    await balancing.accepted();
    settle?.[Symbol.dispose]();
    settle = clock.after(SETTLED_MS, () => forgetFormer(next.config, keys));
    return [];
  }

  /** What this configuration gave up is gone by now, but for what a dry run leaves where it is. */
  function forgetFormer(config: Config, keys: Keys): void {
    if (options.dryRun === "all") return;
    const { services } = options.dryRun === "ipvs" ? journal.ours() : keys;
    const promoted = carriersOf(config);
    promotion.restore((journal.ours().promoted ?? []).filter((link) => !promoted.includes(link)));
    forgetAllBut({ ...keys, promoted, services: [...services, ...balancing.keys()] });
  }

  /** That the journal names too much for a while is no reason to end. */
  function forgetAllBut(keys: Keys): void {
    try {
      journal.keep(keys);
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }

  /** A dry run creates nothing, and what an earlier run left stays its. */
  function keysFor(config: Config): Keys {
    const left = journal.ours();
    if (options.dryRun === "all") return { ...left, ...NO_KEYS };
    const { addresses, services } = keysOf(config);
    const namespace = options.namespace ?? config.global.netNamespace;
    const promoted = promotion.missing(carriersOf(config));
    if (options.dryRun === "ipvs") return { ...left, addresses, promoted, services: [], namespace };
    return { addresses, promoted, services, namespace, ipvsNamespace: config.global.ipvsNamespace };
  }

  function refuse(file: string, problems: readonly string[]): ReloadResult {
    refused = { wallMs: Math.round(clock.wall()), problems };
    emit({ type: "config.refused", file, problems: shortened(problems) });
    return { ok: false, file, problems };
  }

  function loaded(
    next: Accepted,
    before: Accepted | undefined,
    changes: readonly string[],
    startedMs: number,
  ): ReloadResult {
    const { file, fallback, warnings } = next.origin;
    const tookMs = clock.now() - startedMs;
    const read = fallback?.lastGood ?? file;
    emit({ type: "config.loaded", file: read, generation: inForce, warnings: warnings.length, changes, tookMs });
    const fresh = freshWarnings(warnings, before?.origin.warnings ?? []);
    for (const warning of shortened(fresh)) warn(warning);
    const known = warnings.length - fresh.length;
    if (known > 0)
      warn(`${known} ${known === 1 ? "warning stands" : "warnings stand"} as before; see vipd check ${read}`);
    setImmediate(() => keep(next));
    return { ok: true, generation: inForce, file, changes, warnings, tookMs };
  }

  function keep(next: Accepted): void {
    if (options.dryRun === "all" || accepted !== next) return;
    try {
      keepAsLastGood(configuration, next, context.version);
      notKept = undefined;
    } catch (error) {
      const reason = `Cannot keep the last good configuration in ${options.stateDir}: ${causeAndRemedy(error, ANOTHER_STATE_DIR)}`;
      if (reason !== notKept) warn(`${reason}; until then a start with a broken file may find an older one, or none`);
      notKept = reason;
    }
  }

  async function start(before: (config: Config) => Promise<void>): Promise<ReloadResult> {
    const startedMs = clock.now();
    const file = mainFile();
    let attempt: Attempt = await readForStart(configuration, file, options.strict);
    for (let tries = 0; tries < 2; tries++) {
      if (!attempt.ok) return refuse(file, attempt.problems);
      const next = attempt.accepted;
      await before(next.config);
      const refusals = await putInForce(next);
      if (refusals.length === 0) {
        const { fallback } = next.origin;
        if (fallback !== undefined)
          emit({ type: "config.fallback", file, ...fallback, problems: shortened(fallback.problems) });
        return loaded(next, undefined, [], startedMs);
      }
      if (next.origin.fallback !== undefined || options.strict) return refuse(file, refusals);
      attempt = await fallBack(configuration, file, refusals);
    }
    throw new RangeError("a start tries the file and the last good one, no more");
  }

  async function reloadOnce(): Promise<ReloadResult> {
    const startedMs = clock.now();
    const file = mainFile();
    const before = accepted;
    const attempt = await readFor(configuration, file);
    if (!attempt.ok) return refuse(file, attempt.problems);
    const refusals = await putInForce(attempt.accepted);
    if (refusals.length > 0) return refuse(file, refusals);
    const changes = before === undefined ? [] : describeChanges(before.config, attempt.accepted.config);
    return loaded(attempt.accepted, before, changes, startedMs);
  }

  function reload(): Promise<ReloadResult> {
    if (running === undefined) {
      running = reloadOnce().finally(() => {
        running = undefined;
      });
      return running;
    }
    waiting ??= running.then(() => {
      waiting = undefined;
      return reload();
    });
    return waiting;
  }

  return {
    start,
    reload,
    current: () => accepted,
    status() {
      if (accepted === undefined) return undefined;
      const { file, warnings, fallback } = accepted.origin;
      return { file, generation: inForce, loadedWallMs, warnings, fallback, refused };
    },
  };
}

/** Those that the former configuration did not draw, wherever in the file they stood then. */
function freshWarnings(warnings: readonly string[], before: readonly string[]): readonly string[] {
  const withoutPlace = (line: string) => line.replace(/:\d+:\d+: /, ": ");
  const known = new Set(before.map(withoutPlace));
  return warnings.filter((line) => !known.has(withoutPlace(line)));
}

/** As many as fit into a log line and a mail; status and `vipd reload` show them all. */
function shortened(lines: readonly string[]): readonly string[] {
  return lines.length <= MOST_LINES
    ? lines
    : [...lines.slice(0, MOST_LINES), `and ${lines.length - MOST_LINES} more; see vipd check`];
}

const MOST_LINES = 20;
