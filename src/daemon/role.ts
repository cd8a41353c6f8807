/**
 * A role with its configuration: a process that `supervisor.ts` keeps running, told what to do in two phases. A process that starts
 * anew gets the configuration that was accepted last, at once; where it cannot work by that, it is asked again after 1, 2, 4 … 60 s.
 */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { EventBody } from "../events.ts";
import { type Child, createSupervisor, type ProcessStatus } from "./supervisor.ts";

/** What every role understands, whatever else it does. */
type Order =
  | { readonly type: "prepare" | "commit" | "abandon"; readonly generation: number }
  | { readonly type: "status" | "ping"; readonly id: number }
  | { readonly type: "stop"; readonly hurry: boolean };

/** What every role answers. */
type Answer =
  | { readonly type: "prepared"; readonly generation: number; readonly refused?: string | undefined }
  | { readonly type: "committed"; readonly generation: number }
  | { readonly type: "status"; readonly id: number }
  | { readonly type: "stopped" };

export type RoleDeps<To, From> = {
  readonly name: string;
  readonly clock: Clock;
  readonly fork: () => Child;
  readonly respawn: boolean;
  readonly emit: (body: EventBody) => void;
  /** From `begin` to `prepare`. `before`: the configuration by which the process works already. */
  readonly slices: (config: Config, generation: number, before: Config | undefined) => Iterable<To>;
  /** Checks what the process says. @returns undefined for what is no message */
  readonly parse: (message: unknown) => From | undefined;
  /** Everything that is no answer. */
  readonly message: (message: From) => void;
  /** It has committed and works. `fresh`: it was started anew and knows nothing but its configuration. */
  readonly working: (fresh: boolean) => void;
  /** `aliveMs`: when it was last known to work, CLOCK_BOOTTIME; undefined if it never did. */
  readonly ended: (failing: boolean, aliveMs: number | undefined) => void;
};

export type Role<To, Status> = {
  start(first: Child | undefined): void;
  /** Phase one. @returns why it refuses, or undefined */
  prepare(config: Config, generation: number): Promise<string | undefined>;
  /** Phase two: resolves when it has committed, or cannot. */
  commit(): Promise<void>;
  abandon(): void;
  send(message: To): void;
  /** Asks for its status. @returns undefined if it does not answer in time */
  ask(): Promise<Status | undefined>;
  stop(hurry: boolean, patienceMs: number): Promise<void>;
  kill(): void;
  answeredWithin(ms: number): boolean;
  process(): RoleStatus;
};

export type RoleStatus = ProcessStatus & {
  /** Why the process, started anew, cannot work by the configuration in force; it is asked again. */
  readonly refusal: string | undefined;
};

/** How long a role may take to plan or to take over a configuration. */
const PHASE_MS = 20_000;
const STATUS_MS = 2000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

type Given = { readonly config: Config; readonly generation: number };

export function createRole<
  To extends { readonly type: string },
  From extends { readonly type: string },
  Status extends From,
>(deps: RoleDeps<To, From>): Role<To, Status> {
  const { clock, emit, name } = deps;
  let accepted: Given | undefined;
  let pending: (Given & { readonly settle: (refused: string | undefined) => void }) | undefined;
  let committing: { readonly generation: number; readonly done: () => void } | undefined;
  let greeted = false;
  /** The generation that the present process works by; undefined = none yet. */
  let works: number | undefined;
  let refusal: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  let retry: Disposable | undefined;
  let questions = 0;
  const asked = new Map<number, (status: Status | undefined) => void>();

  const supervisor = createSupervisor<To | Order>({
    name,
    clock,
    fork: deps.fork,
    respawn: deps.respawn,
    emit,
    begin() {
      greeted = true;
      works = undefined;
      retryMs = FIRST_RETRY_MS;
      const next = pending ?? accepted;
      if (next !== undefined) give(next);
    },
    message: heard,
    ended(failing, aliveMs) {
      const worked = works !== undefined;
      greeted = false;
      works = undefined;
      retry?.[Symbol.dispose]();
      committing?.done();
      for (const answer of asked.values()) answer(undefined);
      deps.ended(failing, worked ? aliveMs : undefined);
    },
  });

  function give({ config, generation }: Given): void {
    retry?.[Symbol.dispose]();
    const before = works !== undefined && works === accepted?.generation ? accepted.config : undefined;
    for (const slice of deps.slices(config, generation, before)) supervisor.send(slice);
  }

  function heard(raw: unknown): void {
    const message = deps.parse(raw);
    if (message === undefined) {
      emit({ type: "warning", reason: `${name} said something that is no message; it is ended and started again` });
      supervisor.kill();
      return;
    }
    const answer = message as unknown as Answer;
    if (answer.type === "prepared") prepared(answer.generation, answer.refused);
    else if (answer.type === "committed") {
      committed(answer.generation);
      deps.message(message);
    } else if (answer.type === "status") asked.get(answer.id)?.(message as Status);
    else if (answer.type !== "stopped") deps.message(message);
  }

  function prepared(generation: number, refused: string | undefined): void {
    if (pending?.generation === generation) pending.settle(refused);
    else if (accepted?.generation === generation && works === undefined) {
      if (refused === undefined) supervisor.send({ type: "commit", generation });
      else refusesAccepted(refused);
    }
  }

  /** Of a process that was started anew: what it takes offence at may pass, and without it nobody does its work. */
  function refusesAccepted(why: string): void {
    const reason = `${name} cannot work by the present configuration: ${why}`;
    if (why !== refusal) emit({ type: "warning", reason: `${reason}; it is asked again until it can` });
    refusal = why;
    retry = clock.after(retryMs, () => {
      if (pending === undefined && accepted !== undefined && works === undefined) give(accepted);
    });
    retryMs = Math.min(LONGEST_RETRY_MS, 2 * retryMs);
  }

  function committed(generation: number): void {
    if (generation !== accepted?.generation) return;
    const fresh = works === undefined;
    works = generation;
    refusal = undefined;
    retryMs = FIRST_RETRY_MS;
    supervisor.ready();
    deps.working(fresh);
    if (committing?.generation === generation) committing.done();
  }

  return {
    start: (first) => supervisor.start(first),
    prepare(config, generation) {
      return new Promise((resolve) => {
        const settle = (refused: string | undefined) => {
          late[Symbol.dispose]();
          resolve(refused);
        };
        const late = clock.after(PHASE_MS, () =>
          settle(`the process ${name} did not answer within ${PHASE_MS / 1000} s`),
        );
        pending = { config, generation, settle };
        if (greeted) give(pending);
      });
    },
    commit() {
      if (pending === undefined) return Promise.resolve();
      const { config, generation } = pending;
      accepted = { config, generation };
      pending = undefined;
      supervisor.send({ type: "commit", generation });
      return new Promise((resolve) => {
        const mine = { generation, done };
        const late = clock.after(PHASE_MS, done);
        committing = mine;
        function done(): void {
          late[Symbol.dispose]();
          if (committing === mine) committing = undefined;
          resolve();
        }
      });
    },
    abandon() {
      if (pending === undefined) return;
      const { generation } = pending;
      pending = undefined;
      supervisor.send({ type: "abandon", generation });
      if (works === undefined && accepted !== undefined && greeted) give(accepted);
    },
    send: (message) => supervisor.send(message),
    ask() {
      questions += 1;
      const id = questions;
      return new Promise((resolve) => {
        const answer = (status: Status | undefined) => {
          late[Symbol.dispose]();
          asked.delete(id);
          resolve(status);
        };
        const late = clock.after(STATUS_MS, () => answer(undefined));
        asked.set(id, answer);
        if (works === undefined) answer(undefined);
        else supervisor.send({ type: "status", id });
      });
    },
    stop(hurry, patienceMs) {
      retry?.[Symbol.dispose]();
      return supervisor.stop({ type: "stop", hurry }, patienceMs);
    },
    kill: () => supervisor.kill(),
    answeredWithin: (ms) => supervisor.answeredWithin(ms),
    process: () => ({ ...supervisor.status(), refusal }),
  };
}
