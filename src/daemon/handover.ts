/**
 * How the thread that reads hands a configuration over: as JSON, which passes faster than a structured clone. Services that are the same
 * objects as the last time (`config/memory.ts`) are named by their place there, and stay the same objects on this side: whoever compares
 * two configurations sees by identity what did not change.
 */
import type { Config, Loaded } from "../config/config.ts";
import type { ServerNotify, ServiceNotify } from "../notify/settings.ts";
import { type Balanced, balancedOf, entryAt, type PackedService, packService, unpackService } from "./balanced.ts";

/** The text of the configuration apart: it is large, and needs no parsing. */
export type Handover = { readonly loaded: string; readonly consolidated: string };

/** What each side remembers of the last answer that had a configuration. */
export type Before = readonly Balanced[];

/** Services `at` … `at + count - 1` of those before, or others. */
type Run = { readonly at: number; readonly count: number } | { readonly services: readonly PackedService[] };

/** Who is told of the service at this place now: a command knows its line, and so changes where nothing else does. */
type Told = { readonly at: number; readonly notify: ServiceNotify; readonly servers: readonly ServerNotify[] };

type Packed = Omit<Loaded, "consolidated"> & { readonly runs: readonly Run[]; readonly told: readonly Told[] };

export function pack(
  { consolidated, config, ...rest }: Loaded,
  before: Before,
): { readonly handover: Handover; readonly now: Before } {
  if (config === undefined)
    return { handover: handoverOf({ ...rest, config, runs: [], told: [] }, consolidated), now: before };
  const now = balancedOf(config);
  const packed = { ...rest, config: withServices(config, []), ...differences(now, before) };
  return { handover: handoverOf(packed, consolidated), now };
}

export function unpack(
  { loaded, consolidated }: Handover,
  before: Before,
): { readonly loaded: Loaded; readonly now: Before } {
  const { runs, told, config, ...rest } = JSON.parse(loaded) as Packed;
  if (config === undefined) return { loaded: { ...rest, config, consolidated }, now: before };
  const now = runs.flatMap((run) =>
    "services" in run ? run.services.map(unpackService) : before.slice(run.at, run.at + run.count),
  );
  for (const one of told) now[one.at] = retold(entryAt(now, one.at), one);
  return { loaded: { ...rest, config: withServices(config, now), consolidated }, now };
}

function handoverOf(packed: Packed, consolidated: string): Handover {
  return { loaded: JSON.stringify(packed), consolidated };
}

function withServices(config: Config, all: readonly Balanced[]): Config {
  const servers = all.flatMap((one) => one.servers);
  return {
    ...config,
    services: all.map(({ service }) => service),
    checks: { ...config.checks, checks: servers.flatMap(({ checks }) => checks) },
    notify: {
      ...config.notify,
      services: all.map(({ notify }) => notify),
      servers: servers.map(({ notify }) => notify),
    },
  };
}

function differences(now: readonly Balanced[], before: Before): Pick<Packed, "runs" | "told"> {
  const places = new Map(before.map(({ service }, at) => [service, at]));
  const runs: Run[] = [];
  const told: Told[] = [];
  for (let index = 0; index < now.length; ) {
    const from = index;
    const place = places.get(entryAt(now, index).service);
    if (place === undefined) {
      while (index < now.length && !places.has(entryAt(now, index).service)) index++;
      runs.push({ services: now.slice(from, index).map(packService) });
      continue;
    }
    for (; index < now.length; index++) {
      const [one, known] = [entryAt(now, index), before[place + index - from]];
      if (one.service !== known?.service) break;
      if (!isToldAlike(one, known))
        told.push({ at: index, notify: one.notify, servers: one.servers.map(({ notify }) => notify) });
    }
    runs.push({ at: place, count: index - from });
  }
  return { runs, told };
}

function isToldAlike(a: Balanced, b: Balanced): boolean {
  return a.notify === b.notify && a.servers.every((server, at) => server.notify === b.servers[at]?.notify);
}

function retold(one: Balanced, { notify, servers }: Told): Balanced {
  return {
    service: one.service,
    notify,
    servers: one.servers.map((server, at) => ({ ...server, notify: entryAt(servers, at) })),
  };
}
