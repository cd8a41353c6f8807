/**
 * Keeps the kernel's IPVS table as it should be: what is marked is planned and written, in slices; the whole table is read and compared
 * at start, after a reload and every ten seconds, for IPVS announces no changes. What is not ours is not even read.
 */
import type { Clock } from "../../base/clock.ts";
import type { EventBody } from "../../events.ts";
import type { IpvsIo, IpvsTimeouts } from "../../ipvs/io.ts";
import { type MutableTable, type Op, perform, planRow } from "../../ipvs/plan.ts";
import { summarize } from "../../ipvs/report.ts";
import { destinationKey, type Row, type Service, serviceKey } from "../../ipvs/table.ts";

export type TableKeeper = {
  /** Reads the table for the first time and changes nothing. Never rejects: without IPVS it says so. */
  open(): Promise<void>;
  /** Compares every ten seconds from now on; without IPVS that is when it is tried again. */
  watch(): void;
  /** Writes the timeouts of connections again. */
  setTimeouts(): void;
  /** The row in the kernel as last known. */
  actual(key: string): Row | undefined;
  mark(key: string): void;
  /** Resolves when nothing is marked any more. */
  settled(): Promise<void>;
  /** Reads the whole table and puts right what differs. @param repair differences are somebody else's doing, and are told as such */
  compare(repair: boolean): Promise<void>;
  state(): TableState;
  stop(): void;
};

export type TableState = {
  readonly available: boolean;
  /** Why it cannot be written, or what of it. */
  readonly error: string | undefined;
  /** Keys of services that are not ours. */
  readonly foreign: readonly string[];
};

export type TableKeeperDeps = {
  readonly io: IpvsIo;
  readonly clock: Clock;
  /** Calls back in a later turn of the event loop. */
  readonly soon: (fn: () => void) => void;
  readonly emit: (body: EventBody) => void;
  readonly wanted: (key: string) => Row | undefined;
  /** The name of a service in events. */
  readonly nameOf: (key: string) => string;
  /** What may be written: everything that is wanted, and what may be deleted; what is wanted stands first. */
  readonly owned: () => ReadonlySet<string>;
  /** Whether a service that is not ours is read all the same: it may become ours. */
  readonly reads: (key: string) => boolean;
  /** It was ours and is gone. */
  readonly released: (key: string) => void;
  readonly timeouts: () => IpvsTimeouts | undefined;
};

/** Messages in one turn (decisions 23). */
const OPS_A_TURN = 256;
const SERVICES_A_TURN = 64;
const COMPARE_MS = 10_000;

export function createTableKeeper(deps: TableKeeperDeps): TableKeeper {
  const { io, clock, soon, emit } = deps;
  const actual: MutableTable = new Map();
  const dirty = new Set<string>();
  /** Why operations fail, and why they did before the last compare, so that each reason is told once. */
  let failing = new Map<string, string>();
  let failedBefore = new Map<string, string>();
  let comparing: Promise<void> = Promise.resolve();
  let foreign: readonly string[] = [];
  let available = false;
  let error: string | undefined;
  let queue: readonly Op[] = [];
  let queueAt = 0;
  let planned = false;
  let repairing = false;
  let waiting: (() => void)[] = [];
  /** Rows that changed while a compare reads: what it read of them is old. */
  let touched: Set<string> | undefined;
  let timer: Disposable | undefined;
  let stopped = false;

  // ── reading ──

  function watch(): void {
    timer?.[Symbol.dispose]();
    if (!stopped) timer = clock.after(COMPARE_MS, () => void compare(true).finally(watch));
  }

  /** One at a time, each after the one before. */
  function compare(repair: boolean): Promise<void> {
    comparing = comparing.then(() => compareOnce(repair));
    return comparing;
  }

  async function compareOnce(repair: boolean): Promise<void> {
    if (stopped) return;
    repairing = (await read()) && repair;
    failedBefore = failing;
    failing = new Map();
    for (const key of deps.owned()) dirty.add(key);
    await settled();
    repairing = false;
  }

  /** @returns whether there was a table before this one, so that differences are somebody else's doing */
  async function read(): Promise<boolean> {
    const before = available;
    touched = new Set();
    try {
      await io.open();
      if (stopped) return false;
      await readRows(io.services());
      if (!before) setTimeouts();
      if (error !== undefined) emit({ type: "info", reason: "IPVS can be written now" });
      available = true;
      error = undefined;
      return before;
    } catch (problem) {
      unavailable(problem);
      return false;
    } finally {
      touched = undefined;
    }
  }

  async function readRows(services: readonly Service[]): Promise<void> {
    const found = new Set<string>();
    const others: string[] = [];
    const owned = deps.owned();
    let inTurn = 0;
    for (const service of services) {
      const key = serviceKey(service.id);
      found.add(key);
      if (!owned.has(key)) {
        others.push(key);
        if (!deps.reads(key)) continue;
      }
      if (!touched?.has(key)) {
        const list = io.destinations(service);
        actual.set(key, { service, destinations: new Map(list.map((one) => [destinationKey(one), one])) });
      }
      if (++inTurn % SERVICES_A_TURN === 0) await new Promise<void>(soon);
      if (stopped) return;
    }
    for (const key of actual.keys()) if (!found.has(key) && !touched?.has(key)) actual.delete(key);
    foreign = others;
  }

  function unavailable(problem: unknown): void {
    const reason = problem instanceof Error ? problem.message : String(problem);
    available = false;
    actual.clear();
    io.close();
    if (reason !== error) emit({ type: "ipvs.error", reason });
    error = reason;
  }

  function setTimeouts(): void {
    const timeouts = deps.timeouts();
    try {
      if (timeouts !== undefined) io.setTimeouts(timeouts);
    } catch (problem) {
      unavailable(problem);
    }
  }

  // ── writing ──

  function mark(key: string): void {
    dirty.add(key);
    plan();
  }

  function plan(): void {
    if (planned || stopped) return;
    planned = true;
    soon(turn);
  }

  function turn(): void {
    planned = false;
    if (!available) dirty.clear();
    if (queueAt >= queue.length) refill();
    const slice = queue.slice(queueAt, queueAt + OPS_A_TURN);
    queueAt += slice.length;
    if (slice.length > 0) write(slice);
    if (queueAt < queue.length || dirty.size > 0) plan();
    else tellWaiting();
  }

  function tellWaiting(): void {
    const told = waiting;
    waiting = [];
    for (const tell of told) tell();
  }

  /** Plans marked services until there is enough for a turn; only when all that was planned has been written. */
  function refill(): void {
    const ops: Op[] = [];
    for (const key of dirty) {
      dirty.delete(key);
      if (!deps.owned().has(key)) continue;
      const row = deps.wanted(key);
      const now = actual.get(key);
      if (row !== undefined) ops.push(...planRow(key, row, now));
      else if (now !== undefined) ops.push({ op: "deleteService", key, service: now.service });
      else deps.released(key);
      if (ops.length >= OPS_A_TURN) break;
    }
    queue = ops;
    queueAt = 0;
  }

  function write(ops: readonly Op[]): void {
    let outcomes: readonly (string | undefined)[];
    try {
      outcomes = io.perform(ops);
    } catch (problem) {
      unavailable(problem);
      queue = [];
      return;
    }
    const done: Op[] = [];
    const refused: string[] = [];
    ops.forEach((op, index) => {
      const name = nameOf(op);
      const why = outcomes[index];
      touched?.add(op.key);
      if (why === undefined) {
        perform(actual, op);
        failing.delete(name);
        done.push(op);
        if (op.op === "deleteService") deps.released(op.key);
      } else {
        if ((failing.get(name) ?? failedBefore.get(name)) !== why) refused.push(why);
        failing.set(name, why);
      }
    });
    tellDone(done);
    const [first, ...rest] = refused;
    if (first !== undefined)
      emit({ type: "ipvs.error", reason: rest.length === 0 ? first : `${first} (and ${rest.length} more)` });
  }

  /** One event a service; one for all where there are many. */
  function tellDone(done: readonly Op[]): void {
    const byService = Map.groupBy(done, ({ key }) => key);
    const prefix = repairing ? "put right what somebody else changed: " : "";
    if (byService.size > MANY_SERVICES) {
      const what = prefix + summarize(done);
      emit({ type: "ipvs.change", service: `${byService.size} services`, what, count: done.length });
      return;
    }
    for (const [key, ops] of byService) {
      emit({ type: "ipvs.change", service: deps.nameOf(key), what: prefix + summarize(ops), count: ops.length });
    }
  }

  function settled(): Promise<void> {
    if (stopped) return Promise.resolve();
    plan();
    return new Promise((resolve) => waiting.push(resolve));
  }

  return {
    open: async () => void (await read()),
    watch,
    setTimeouts() {
      if (available) setTimeouts();
    },
    actual: (key) => actual.get(key),
    mark,
    settled,
    compare,
    state: () => ({ available, error: error ?? failing.values().next().value, foreign }),
    stop() {
      stopped = true;
      timer?.[Symbol.dispose]();
      tellWaiting();
      io.close();
    },
  };
}

const MANY_SERVICES = 16;

function nameOf(op: Op): string {
  return "destination" in op ? `${op.op} ${op.key} ${destinationKey(op.destination)}` : `${op.op} ${op.key}`;
}
