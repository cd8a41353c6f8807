/**
 * Keeps one child process running: watches for its end, starts it again (`backoff.ts`), and asks whether it still answers. What it is
 * told after each start, and what its messages mean, is the affair of the caller.
 */
import type { Clock } from "../base/clock.ts";
import type { EventBody } from "../events.ts";
import { type Backoff, died, FRESH, isFailing } from "./backoff.ts";

/** The part of `os/role-process.ts` that is needed here. */
export type Child = {
  readonly pid: number;
  send(message: object): void;
  onMessage(fn: (message: unknown) => void): void;
  onExit(fn: (reason: string) => void): void;
  onComplaint(fn: (line: string) => void): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
};

export type ProcessStatus = {
  readonly name: string;
  readonly pid: number | undefined;
  readonly state: "starting" | "ready" | "waiting" | "stopped";
  /** CLOCK_BOOTTIME ms since which it is in this state. */
  readonly sinceMs: number;
  readonly restarts: number;
  readonly lastExit: string | undefined;
  /** How long the last answer to a ping took, in ms; undefined before the first. */
  readonly answerMs: number | undefined;
};

export type SupervisorDeps<To> = {
  readonly name: string;
  readonly clock: Clock;
  readonly fork: () => Child;
  readonly emit: (body: EventBody) => void;
  /** A process said hello: tell it what it has to do. */
  readonly begin: (send: (message: To) => void) => void;
  readonly message: (message: unknown) => void;
  /** It is gone. `failing`: it will not be back at once. `aliveMs`: when it was last known to answer, CLOCK_BOOTTIME. */
  readonly ended: (failing: boolean, aliveMs: number) => void;
  /** false: it is not started again (-R). */
  readonly respawn: boolean;
};

export type Supervisor<To extends object> = {
  /** Takes over `first`, which runs already, or starts one; nothing after `stop`, which may come while a start still waits. */
  start(first: Child | undefined): void;
  send(message: To): void;
  /** The caller is content with it (it committed the configuration). */
  ready(): void;
  /** Whether it hangs not: it answered a ping within the last `ms`, is younger than that, or is known to be gone. */
  answeredWithin(ms: number): boolean;
  status(): ProcessStatus;
  /** From now on its end is wanted. Resolves at it; after `patienceMs` it is killed. */
  stop(last: To, patienceMs: number): Promise<void>;
  kill(): void;
};

const PING_MS = 1000;
/**
 * A process that answers none of this many pings in a row is ended and started again, and so is one that has not said hello by then. Less
 * than WatchdogSec of the unit: systemd would end vipd as a whole.
 */
const PATIENCE_PINGS = 15;

export function createSupervisor<To extends object>(
  deps: SupervisorDeps<To | { readonly type: "ping"; readonly id: number }>,
): Supervisor<To> {
  const { name, clock, emit } = deps;
  let child: Child | undefined;
  let state: ProcessStatus["state"] = "stopped";
  let sinceMs = clock.now();
  let startedMs = 0;
  let backoff: Backoff = FRESH;
  let restarts = 0;
  let lastExit: string | undefined;
  let answerMs: number | undefined;
  let answeredAtMs = Number.NEGATIVE_INFINITY;
  let unanswered = 0;
  let pings = 0;
  let pingedAtMs = 0;
  let timer: Disposable | undefined;
  let stopping: (() => void) | undefined;

  /** That a reload finds it ready once more is no news. */
  function enter(next: ProcessStatus["state"]): void {
    if (next === state) return;
    state = next;
    sinceMs = clock.now();
  }

  function adopt(next: Child): void {
    child = next;
    startedMs = clock.now();
    unanswered = 0;
    enter("starting");
    timer = clock.after(PATIENCE_PINGS * PING_MS, () => giveUp(next, "has not said hello"));
    next.onComplaint((line) => emit({ type: "warning", reason: `${name} (pid ${next.pid}) wrote: ${line}` }));
    next.onMessage((message) => heard(next, message));
    next.onExit((reason) => exited(next, reason));
  }

  function heard(from: Child, message: unknown): void {
    if (from !== child) return;
    const type = typeof message === "object" && message !== null && "type" in message ? message.type : undefined;
    if (type === "hello") {
      emit({ type: "process.start", process: name, pid: from.pid, restarts });
      deps.begin((order) => from.send(order));
      ping(from);
    } else if (type === "pong") answered(message as { readonly id?: unknown });
    else deps.message(message);
  }

  function answered({ id }: { readonly id?: unknown }): void {
    answeredAtMs = clock.now();
    unanswered = 0;
    if (id === pings) answerMs = answeredAtMs - pingedAtMs;
  }

  function ping(to: Child): void {
    timer?.[Symbol.dispose]();
    if (to !== child || stopping !== undefined) return;
    if (unanswered >= PATIENCE_PINGS) {
      giveUp(to, "has not answered");
      return;
    }
    pings += 1;
    unanswered += 1;
    pingedAtMs = clock.now();
    to.send({ type: "ping", id: pings });
    timer = clock.after(PING_MS, () => ping(to));
  }

  function giveUp(on: Child, what: string): void {
    const reason = `${name} (pid ${on.pid}) ${what} for ${(PATIENCE_PINGS * PING_MS) / 1000} s; it is ended and started again`;
    emit({ type: "warning", reason });
    on.kill("SIGKILL");
  }

  function exited(who: Child, reason: string): void {
    if (who !== child) return;
    child = undefined;
    lastExit = reason;
    timer?.[Symbol.dispose]();
    if (stopping !== undefined) {
      enter("stopped");
      stopping();
      return;
    }
    const nowMs = clock.now();
    backoff = died(backoff, nowMs, nowMs - startedMs);
    const restartMs = deps.respawn ? backoff.delayMs : undefined;
    enter(deps.respawn ? "waiting" : "stopped");
    emit({ type: "process.exit", process: name, pid: who.pid, reason, restartMs });
    // its last answer and nothing later: it may have stood still since then, and another may be master
    deps.ended(restartMs === undefined || isFailing(backoff), Math.max(answeredAtMs, startedMs));
    if (restartMs === undefined) return;
    restarts += 1;
    if (restartMs === 0) adopt(deps.fork());
    else timer = clock.after(restartMs, () => adopt(deps.fork()));
  }

  return {
    start(first) {
      if (stopping === undefined) adopt(first ?? deps.fork());
      else first?.kill("SIGKILL");
    },
    send: (message) => child?.send(message),
    ready: () => enter("ready"),
    answeredWithin: (ms) => child === undefined || clock.now() - Math.max(answeredAtMs, startedMs) <= ms,
    status: () => ({ name, pid: child?.pid, state, sinceMs, restarts, lastExit, answerMs }),
    stop(last, patienceMs) {
      timer?.[Symbol.dispose]();
      return new Promise((resolve) => {
        const patience = clock.after(patienceMs, () => child?.kill("SIGKILL"));
        stopping = () => {
          patience[Symbol.dispose]();
          resolve();
        };
        if (child === undefined) stopping();
        else child.send(last);
      });
    },
    kill: () => child?.kill("SIGKILL"),
  };
}
