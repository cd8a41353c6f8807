/** Runs all checks: starts attempts when they are due, ends them at their deadline, reports what counts. */
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { UpDown } from "../events.ts";
import { type Health, tally } from "./health.ts";
import { httpAttempts } from "./http.ts";
import type { Attempt, CheckIo, Verdict } from "./probe.ts";
import { firstStart, nextStart } from "./schedule.ts";
import type { CheckerSettings } from "./settings.ts";
import { tcpAttempt } from "./tcp.ts";
import { createWheel, type Entry, type Wheel } from "./wheel.ts";

/** Starts and deadlines are kept to this, ms (decisions 16). */
const TICK_MS = 50;

export type Engine = {
  /** The checks from now on. One that was there goes on as if nothing had happened; `known` is what others know of the new ones. */
  replace(checks: readonly CheckerSettings[], known: ReadonlyMap<string, UpDown>): void;
  status(): readonly CheckState[];
  stop(): void;
};

export type CheckState = {
  readonly check: CheckerSettings;
  readonly health: Health;
  readonly reason: string;
  /** `reason` is why this machine could not ask; `health` is what was known before. */
  readonly trouble: boolean;
  readonly lastMs: number | undefined;
  readonly tookMs: number | undefined;
  readonly runs: number;
  readonly failures: number;
};

export type Finding = { readonly reason: string; readonly tookMs: number; readonly atMs: number };

export type Reports = {
  /** Health changed, or is known for the first time. */
  verdict(check: CheckerSettings, state: UpDown, finding: Finding): void;
  /** An attempt failed without changing anything: `attempt` of `of` that are needed; 0 of 0 for one that is down already. */
  failure(check: CheckerSettings, reason: string, attempt: number, of: number): void;
  /** This machine cannot ask any more, or for another reason than before; not repeated while it stays so. */
  trouble(check: CheckerSettings, reason: string): void;
};

type Deps = { readonly clock: Clock; readonly io: CheckIo; readonly random: Random; readonly reports: Reports };

/** One check under way; mutable, known to the engine only. */
type Track = {
  readonly check: CheckerSettings;
  readonly attempts: readonly Attempt[];
  health: Health;
  /** Said to others at least once. */
  told: boolean;
  reason: string;
  trouble: boolean;
  lastMs: number | undefined;
  tookMs: number | undefined;
  runs: number;
  failures: number;
  dueMs: number;
  timer: Entry | undefined;
  abort: AbortController | undefined;
  gone: boolean;
};

export function createEngine(deps: Deps): Engine {
  const wheel = createWheel(deps.clock, TICK_MS);
  let tracks = new Map<string, Track>();

  function replace(checks: readonly CheckerSettings[], known: ReadonlyMap<string, UpDown>): void {
    const next = new Map<string, Track>();
    for (const check of checks) {
      if (!next.has(check.id)) next.set(check.id, tracks.get(check.id) ?? begin(check, known.get(check.id)));
    }
    for (const [id, track] of tracks) {
      if (!next.has(id)) end(track);
    }
    tracks = next;
  }

  function begin(check: CheckerSettings, known: UpDown | undefined): Track {
    const urgent = check.alpha && known === "down"; // so it begins after a crash (decision 21)
    const track = newTrack(check, known, firstStart(check, urgent, deps.clock.now(), deps.random));
    schedule(deps, wheel, track);
    return track;
  }

  return {
    replace,
    status: () =>
      Array.from(tracks.values(), ({ check, health, reason, trouble, lastMs, tookMs, runs, failures }) => {
        return { check, health, reason, trouble, lastMs, tookMs, runs, failures };
      }),
    stop() {
      for (const track of tracks.values()) end(track);
      wheel.stop();
    },
  };
}

function newTrack(check: CheckerSettings, known: UpDown | undefined, dueMs: number): Track {
  return {
    check,
    attempts: attemptsOf(check),
    health: { state: known ?? "unknown", failures: 0 },
    told: false,
    reason: known === undefined ? "not checked yet" : "as before",
    trouble: false,
    lastMs: undefined,
    tookMs: undefined,
    runs: 0,
    failures: 0,
    dueMs,
    timer: undefined,
    abort: undefined,
    gone: false,
  };
}

function attemptsOf(check: CheckerSettings): readonly Attempt[] {
  const { probe, connection } = check;
  return probe.type === "TCP_CHECK" ? [tcpAttempt(connection)] : httpAttempts(probe, connection);
}

function end(track: Track): void {
  track.gone = true;
  track.timer?.cancel();
  track.abort?.abort(GONE);
}

function schedule(deps: Deps, wheel: Wheel, track: Track): void {
  track.timer = wheel.at(track.dueMs, () => void run(deps, wheel, track));
}

/** A rejection here is a defect of ours: the process ends, and its parent starts it again. */
async function run(deps: Deps, wheel: Wheel, track: Track): Promise<void> {
  const startedMs = deps.clock.now();
  let verdict: Verdict = { up: true, why: "nothing to ask" };
  for (const attempt of track.attempts) {
    verdict = await withDeadline(deps, wheel, track, attempt);
    if (track.gone) return;
    if (verdict.up !== true) break;
  }
  const endedMs = deps.clock.now();
  conclude(deps.reports, track, verdict, { reason: verdict.why, tookMs: endedMs - startedMs, atMs: endedMs });
  track.dueMs = nextStart(track.check, track.health, track.dueMs, endedMs);
  schedule(deps, wheel, track);
}

async function withDeadline(deps: Deps, wheel: Wheel, track: Track, attempt: Attempt): Promise<Verdict> {
  const abort = new AbortController();
  track.abort = abort;
  const deadline = wheel.at(deps.clock.now() + track.check.connection.timeoutMs, () => abort.abort(LATE));
  try {
    return await attempt(deps.io, abort.signal);
  } finally {
    deadline.cancel();
    track.abort = undefined;
  }
}

function conclude(reports: Reports, track: Track, verdict: Verdict, finding: Finding): void {
  const { check, health: before } = track;
  const news = !track.trouble || track.reason !== finding.reason;
  track.runs++;
  track.trouble = verdict.up === undefined;
  track.reason = finding.reason;
  track.lastMs = finding.atMs;
  track.tookMs = finding.tookMs;
  if (verdict.up === undefined) {
    if (news) reports.trouble(check, finding.reason);
    return;
  }
  if (!verdict.up) track.failures++;
  track.health = tally(before, verdict, check.retries);
  const { state, failures } = track.health;
  if (state === "unknown") return;
  const counts = failures === 0;
  if (counts && (state !== before.state || !track.told)) {
    track.told = true;
    reports.verdict(check, state, finding);
  } else if (!verdict.up) {
    reports.failure(check, finding.reason, failures, counts ? 0 : check.retries + 1);
  }
}

/** Made once: an error with its stack for every timeout would cost more than the check. */
const LATE = new Error("deadline");
const GONE = new Error("no longer configured");
