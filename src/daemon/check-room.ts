/**
 * What the checkers process makes of its messages: collects a configuration piece by piece, prepares, commits, and tells vipd what
 * changes. Checks that a reload does not change keep their schedule and their health.
 */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { type CheckState, createEngine } from "../check/engine.ts";
import type { CheckIo } from "../check/probe.ts";
import type { CheckerSettings } from "../check/settings.ts";
import type { UpDown } from "../events.ts";
import type { CheckStatus, FromCheckers, ToCheckers } from "./messages.ts";

export type CheckRoom = {
  hear(message: ToCheckers): void;
};

export type CheckRoomDeps = {
  readonly clock: Clock;
  readonly io: CheckIo;
  readonly random: Random;
  readonly say: (message: FromCheckers) => void;
  /** Called with every configuration before it is used; gives up what is not needed. @returns what stands against it */
  readonly prepare: (checks: readonly CheckerSettings[], namespace: string | undefined) => Prepared;
  /** The process ends: nothing more will be said. */
  readonly end: () => void;
};

/** `startAgain`: privileges were given up that this configuration needs; vipd starts the process again, and then it has them. */
export type Prepared = { readonly refused: string | undefined; readonly startAgain: boolean };

type Stage = {
  readonly generation: number;
  readonly logAllFailures: boolean;
  readonly namespace: string | undefined;
  readonly checks: CheckerSettings[];
  readonly health: Map<string, UpDown>;
  prepared: Prepared | undefined;
};

/** Troubles of this machine are told once in this time at most. */
const TROUBLE_MS = 10_000;

export function createCheckRoom(deps: CheckRoomDeps): CheckRoom {
  const { clock, say } = deps;
  let stage: Stage | undefined;
  let generation = 0;
  /** Those that are in force. */
  let current: readonly CheckerSettings[] = [];
  let logAllFailures = false;
  /** Troubles since the last one that was told, and the latest of them. */
  let untold = 0;
  let latest = "";
  let quiet: Disposable | undefined;

  const engine = createEngine({
    ...deps,
    reports: {
      verdict: ({ id }, state, { reason, tookMs, atMs }) =>
        say({ type: "verdict", generation, id, state, reason, tookMs: rounded(tookMs), at: rounded(atMs) }),
      failure({ id }, reason, attempt, of) {
        if (of > 0 || logAllFailures) say({ type: "failure", generation, id, reason, attempt, of });
      },
      trouble: (check, reason) => trouble(`${check.server} of ${check.service}: ${reason}`),
    },
  });

  /** The first is told at once, the others of the next ten seconds together at their end. */
  function trouble(reason: string): void {
    untold++;
    latest = reason;
    if (quiet === undefined) tellTroubles();
  }

  function tellTroubles(): void {
    say({ type: "warning", reason: untold === 1 ? latest : `${latest} (and ${untold - 1} more; see vipd status)` });
    untold = 0;
    quiet = clock.after(TROUBLE_MS, () => {
      quiet = undefined;
      if (untold > 0) tellTroubles();
    });
  }

  function prepare(next: Stage): void {
    next.prepared = deps.prepare(next.checks, next.namespace);
    say({ type: "prepared", generation: next.generation, refused: next.prepared.refused });
  }

  function commit(next: Stage): void {
    stage = undefined;
    generation = next.generation;
    logAllFailures = next.logAllFailures;
    if (next.prepared?.startAgain) {
      finish();
      return;
    }
    current = next.checks;
    engine.replace(next.checks, next.health);
    say({ type: "committed", generation });
  }

  function finish(): void {
    engine.stop();
    quiet?.[Symbol.dispose]();
    say({ type: "stopped" });
    deps.end();
  }

  function hear(message: ToCheckers): void {
    switch (message.type) {
      case "begin": {
        const { generation: of, logAllFailures: all, namespace } = message;
        stage = { generation: of, logAllFailures: all, namespace, checks: [], health: new Map(), prepared: undefined };
        return;
      }
      case "status":
        say({ type: "status", id: message.id, at: clock.now(), checks: engine.status().map(statusOf) });
        return;
      case "ping":
        say({ type: "pong", id: message.id });
        return;
      case "stop":
        finish();
        return;
      default:
        if (stage?.generation === message.generation) hearStage(stage, message);
    }
  }

  type Staged = Extract<ToCheckers, { readonly type: "checks" | "keep" | "health" | "prepare" | "commit" | "abandon" }>;
  function hearStage(next: Stage, message: Staged): void {
    switch (message.type) {
      case "checks":
        for (const check of message.checks) next.checks.push(check);
        return;
      case "keep": {
        const without = new Set(message.without);
        for (const check of current) if (!without.has(check.id)) next.checks.push(check);
        return;
      }
      case "health":
        for (const [id, state] of message.health) next.health.set(id, state);
        return;
      case "prepare":
        prepare(next);
        return;
      case "commit":
        if (next.prepared !== undefined && next.prepared.refused === undefined) commit(next);
        return;
      case "abandon":
        stage = undefined;
        return;
    }
  }

  return { hear };
}

function statusOf({ check, health, reason, trouble, lastMs, tookMs, runs, failures }: CheckState): CheckStatus {
  const took = tookMs === undefined ? undefined : rounded(tookMs);
  return { id: check.id, state: health.state, reason, trouble, lastMs, tookMs: took, runs, failures };
}

/** Microseconds: more digits only make longer messages. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
