/**
 * How the thread that reads hands a configuration over: as JSON, which passes faster than a structured clone. Of the lists that may hold
 * thousands of entries, those that are the same objects as the last time (`config/memory.ts`) are named by their place there, and stay
 * the same objects on this side: whoever compares two configurations sees by identity what did not change.
 */
import type { Config, Loaded } from "../config/config.ts";

/** The text that both sides must agree on is that of the last answer with a configuration. */
export type Handover = { readonly loaded: string; readonly consolidated: string };

/** Entries `at` … `at + count - 1` of the list before, or new ones. */
type Run<T> = { readonly at: number; readonly count: number } | { readonly entries: readonly T[] };

type Lists = {
  readonly services: Config["services"];
  readonly checks: Config["checks"]["checks"];
  readonly serviceNotify: Config["notify"]["services"];
  readonly serverNotify: Config["notify"]["servers"];
};
type RunsOfLists = { readonly [K in keyof Lists]: readonly Run<Lists[K][number]>[] };
type Packed = Omit<Loaded, "consolidated"> & { readonly lists: RunsOfLists | undefined };

/** @param before the configuration of the last answer that had one */
export function pack({ consolidated, config, ...rest }: Loaded, before: Config | undefined): Handover {
  if (config === undefined) return { loaded: JSON.stringify({ ...rest, lists: undefined }), consolidated };
  const last = before === undefined ? NONE : listsOf(before);
  const now = listsOf(config);
  const lists: RunsOfLists = {
    services: runsOf(now.services, last.services),
    checks: runsOf(now.checks, last.checks),
    serviceNotify: runsOf(now.serviceNotify, last.serviceNotify),
    serverNotify: runsOf(now.serverNotify, last.serverNotify),
  };
  const packed: Packed = { ...rest, config: withLists(config, NONE), lists };
  return { loaded: JSON.stringify(packed), consolidated };
}

export function unpack({ loaded, consolidated }: Handover, before: Config | undefined): Loaded {
  const { lists, config, ...rest } = JSON.parse(loaded) as Packed;
  if (config === undefined || lists === undefined) return { ...rest, config: undefined, consolidated };
  const last = before === undefined ? NONE : listsOf(before);
  const now: Lists = {
    services: joined(lists.services, last.services),
    checks: joined(lists.checks, last.checks),
    serviceNotify: joined(lists.serviceNotify, last.serviceNotify),
    serverNotify: joined(lists.serverNotify, last.serverNotify),
  };
  return { ...rest, config: withLists(config, now), consolidated };
}

const NONE: Lists = { services: [], checks: [], serviceNotify: [], serverNotify: [] };

function listsOf({ services, checks, notify }: Config): Lists {
  return { services, checks: checks.checks, serviceNotify: notify.services, serverNotify: notify.servers };
}

function withLists(config: Config, { services, checks, serviceNotify, serverNotify }: Lists): Config {
  return {
    ...config,
    services,
    checks: { ...config.checks, checks },
    notify: { ...config.notify, services: serviceNotify, servers: serverNotify },
  };
}

function runsOf<T>(list: readonly T[], before: readonly T[]): readonly Run<T>[] {
  const runs: Run<T>[] = [];
  let places: ReadonlyMap<T, number> | undefined;
  /** Nearly always it is the one after the last. */
  const placeOf = (one: T, expected: number): number | undefined => {
    if (before.length === 0) return undefined;
    if (before[expected] === one) return expected;
    places ??= new Map(before.map((known, at) => [known, at]));
    return places.get(one);
  };
  let expected = 0;
  for (let index = 0; index < list.length; ) {
    const from = index;
    const place = placeOf(list[index] as T, expected);
    if (place === undefined) {
      while (index < list.length && placeOf(list[index] as T, expected) === undefined) index++;
      runs.push({ entries: list.slice(from, index) });
      expected += index - from;
    } else {
      while (index < list.length && list[index] === before[place + index - from]) index++;
      runs.push({ at: place, count: index - from });
      expected = place + index - from;
    }
  }
  return runs;
}

function joined<T>(runs: readonly Run<T>[], before: readonly T[]): readonly T[] {
  return runs.flatMap((run) => ("entries" in run ? run.entries : before.slice(run.at, run.at + run.count)));
}
