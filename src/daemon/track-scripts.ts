/**
 * vrrp_script: run at intervals, judged by rise and fall, told to the vrrp process as facts. A run never overlaps the one before; a
 * script whose settings a reload leaves alone keeps its verdict and its rhythm.
 */
import type { Clock } from "../base/clock.ts";
import type { EventBody, UpDown } from "../events.ts";
import type { TrackScriptSettings } from "../notify/settings.ts";
import type { Fact } from "../vrrp/settings.ts";
import { sameSettings } from "./changes.ts";

/** What is believed of a script. `streak`: results in a row that contradict it. */
export type Tally = { readonly state: UpDown | "unknown"; readonly streak: number };

/** The first result decides alone; later `rise` or `fall` in a row are needed (behaviour 37). */
export function tally(
  before: Tally,
  success: boolean,
  needed: { readonly rise: number; readonly fall: number },
): Tally {
  const now = success ? "up" : "down";
  if (before.state === "unknown" || before.state === now) return { state: now, streak: 0 };
  const streak = before.streak + 1;
  return streak >= (success ? needed.rise : needed.fall) ? { state: now, streak: 0 } : { state: before.state, streak };
}

export type ScriptStatus = {
  readonly name: string;
  readonly state: UpDown | "unknown";
  readonly reason: string;
  /** CLOCK_BOOTTIME ms of its last end; undefined before the first. */
  readonly lastMs: number | undefined;
  readonly tookMs: number | undefined;
  readonly runs: number;
  readonly running: boolean;
};

export type TrackScriptDeps = {
  readonly clock: Clock;
  /** Runs it once. @returns undefined for success, else why it failed, in words */
  readonly run: (script: TrackScriptSettings, signal: AbortSignal) => Promise<string | undefined>;
  readonly fact: (fact: Fact) => void;
  readonly emit: (body: EventBody) => void;
};

export type TrackScripts = {
  configure(scripts: readonly TrackScriptSettings[]): void;
  /** Everything known, for a vrrp process that starts. */
  facts(): readonly Fact[];
  status(): readonly ScriptStatus[];
  stop(): void;
};

type Tracked = {
  readonly settings: TrackScriptSettings;
  readonly abort: AbortController;
  tally: Tally;
  reason: string;
  changedMs: number;
  lastMs: number | undefined;
  tookMs: number | undefined;
  runs: number;
  running: boolean;
  timer: Disposable | undefined;
};

export function createTrackScripts({ clock, run, fact, emit }: TrackScriptDeps): TrackScripts {
  let tracked = new Map<string, Tracked>();

  function begin(settings: TrackScriptSettings): Tracked {
    const one: Tracked = {
      settings,
      abort: new AbortController(),
      tally: { state: "unknown", streak: 0 },
      reason: "has not run yet",
      changedMs: clock.now(),
      lastMs: undefined,
      tookMs: undefined,
      runs: 0,
      running: false,
      timer: undefined,
    };
    turn(one, clock.now());
    return one;
  }

  /** Starts a run, unless one is going on, and arms the next turn at `dueMs` plus the interval. */
  function turn(one: Tracked, dueMs: number): void {
    const { intervalMs } = one.settings;
    const nextMs = Math.max(dueMs + intervalMs, clock.now());
    one.timer = clock.after(nextMs - clock.now(), () => turn(one, nextMs));
    if (!one.running) void runOnce(one);
  }

  async function runOnce(one: Tracked): Promise<void> {
    const startedMs = clock.now();
    one.running = true;
    const problem = await run(one.settings, one.abort.signal);
    one.running = false;
    if (one.abort.signal.aborted) return;
    one.runs += 1;
    one.lastMs = clock.now();
    one.tookMs = one.lastMs - startedMs;
    judge(one, problem);
  }

  function judge(one: Tracked, problem: string | undefined): void {
    const { name } = one.settings;
    const before = one.tally.state;
    one.tally = tally(one.tally, problem === undefined, one.settings);
    if (one.tally.streak === 0) one.reason = problem ?? "succeeds";
    if (one.tally.state === before || one.tally.state === "unknown") return;
    one.changedMs = clock.now();
    emit({ type: "tracker", kind: "script", name, from: before, to: one.tally.state, reason: one.reason });
    for (const known of factOf(one)) fact(known);
  }

  function end(one: Tracked): void {
    one.timer?.[Symbol.dispose]();
    one.abort.abort();
  }

  return {
    configure(scripts) {
      const next = new Map<string, Tracked>();
      for (const settings of scripts) {
        const known = tracked.get(settings.name);
        if (known !== undefined && sameRun(known.settings, settings)) next.set(settings.name, known);
      }
      for (const [name, one] of tracked) if (next.get(name) !== one) end(one);
      for (const settings of scripts) if (!next.has(settings.name)) next.set(settings.name, begin(settings));
      tracked = next;
    },
    facts: () => [...tracked.values()].flatMap(factOf),
    status: () => [...tracked.values()].map(statusOf),
    stop() {
      for (const one of tracked.values()) end(one);
      tracked = new Map();
    },
  };
}

/** Equal in everything that a run and its judgement depend on: what its result weighs is the affair of whoever tracks it. */
function sameRun(a: TrackScriptSettings, b: TrackScriptSettings): boolean {
  return sameSettings({ ...a, weight: b.weight, reverse: b.reverse }, b);
}

function factOf(one: Tracked): readonly Fact[] {
  const { state } = one.tally;
  if (state === "unknown") return [];
  return [{ tracker: "script", id: one.settings.name, value: state, reason: one.reason, at: one.changedMs }];
}

function statusOf(one: Tracked): ScriptStatus {
  const { lastMs, tookMs, runs, running, reason } = one;
  return { name: one.settings.name, state: one.tally.state, reason, lastMs, tookMs, runs, running };
}
