/** What a reload changes, in words: for the answer of `vipd reload`, the log and the status. */
import { isDeepStrictEqual } from "node:util";
import { differing } from "../base/differing.ts";
import { formatDuration } from "../base/duration.ts";
import type { Config } from "../config/config.ts";
import type { ServerSettings, ServiceSettings } from "../ipvs/settings.ts";
import type { NotifySettings } from "../notify/settings.ts";
import type { RouterSettings } from "../vrrp/settings.ts";

/** In the answer of a reload. */
const MOST_LINES = 100;

/** @param mostLines more than this are counted instead of listed */
export function describeChanges(before: Config, after: Config, mostLines = MOST_LINES): readonly string[] {
  const lines = [
    ...compare(
      "instance",
      before.vrrp.routers,
      after.vrrp.routers,
      (one) => one.key,
      (one) => one.name,
    ),
    ...addresses(before, after),
    ...compare(
      "group",
      before.vrrp.groups,
      after.vrrp.groups,
      (one) => one.name,
      (one) => one.name,
    ),
    ...compare(
      "script",
      before.scripts,
      after.scripts,
      (one) => one.name,
      (one) => one.name,
    ),
    ...services(before.services, after.services),
    ...checks(before, after),
    ...whole("mail", before.mail, after.mail),
    ...notifications(before.notify, after.notify),
    ...whole("global settings", before.global, after.global),
    ...whole("IPVS settings", before.ipvs, after.ipvs),
  ];
  if (lines.length <= mostLines) return lines;
  return [...lines.slice(0, mostLines), `… and ${lines.length - mostLines} more`];
}

function compare<T>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
  nameOf: (one: T) => string,
): readonly string[] {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const kept = new Set(after.map(keyOf));
  const removed = before.filter((one) => !kept.has(keyOf(one))).map((one) => `${kind} ${nameOf(one)} removed`);
  const others = after.flatMap((one) => {
    const known = old.get(keyOf(one));
    if (known === undefined) return [`${kind} ${nameOf(one)} added`];
    return sameSettings(known, one) ? [] : [`${kind} ${nameOf(one)} changed${fields(kind, known, one)}`];
  });
  return [...removed, ...others];
}

/** `: priority 100 → 150, advert_int 1 s → 500 ms`, as far as it is short; never a password. */
function fields(kind: string, before: unknown, after: unknown): string {
  const old = before as Readonly<Record<string, unknown>>;
  const changed = Object.entries(after as object).filter(([key, value]) => !sameSettings(old[key], value));
  const words = changed.map(([key, value]) => {
    const name = keywordOf(kind, key);
    return isPlain(old[key]) && isPlain(value) ? `${name} ${shown(key, old[key])} → ${shown(key, value)}` : name;
  });
  return words.length === 0 ? "" : `: ${words.join(", ")}`;
}

/** The admin's keywords, where they are not ours in another spelling. */
const KEYWORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  instance: {
    vrid: "virtual_router_id",
    intervalMs: "advert_int",
    initial: "state",
    links: "interfaces",
    source: "source address",
    trackers: "what is tracked",
    excluded: "virtual_ipaddress_excluded",
    garp: "gratuitous ARP",
    downAdverts: "down_timer_adverts",
  },
};

function keywordOf(kind: string, key: string): string {
  const spelt = key.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return KEYWORDS[kind]?.[key] ?? spelt;
}

function shown(key: string, value: unknown): string {
  return key.endsWith("Ms") && typeof value === "number" ? formatDuration(value) : String(value);
}

function isPlain(value: unknown): boolean {
  return (typeof value === "string" && value.length < 40) || typeof value === "number" || typeof value === "boolean";
}

/** Addresses of instances that stay: those of the others come and go with them. */
function addresses(before: Config, after: Config): readonly string[] {
  const old = new Map(before.vrrp.routers.map((router) => [router.key, router]));
  return after.vrrp.routers.flatMap((router) => {
    const known = old.get(router.key);
    if (known === undefined) return [];
    const held = ({ addresses: own, excluded }: RouterSettings) => [...own, ...excluded];
    return compare(
      "address",
      held(known),
      held(router),
      ({ link, ip, length }) => `${link} ${ip}/${length}`,
      ({ link, ip, length }) => `${ip}/${length} on ${link} of ${router.name}`,
    );
  });
}

function services(before: readonly ServiceSettings[], after: readonly ServiceSettings[]): readonly string[] {
  const bare = (one: ServiceSettings) => ({ ...one, servers: undefined });
  const [old, now] = differing(before, after);
  const known = new Map(old.map((one) => [one.key, one]));
  return [
    ...compare(
      "virtual server",
      old.map(bare),
      now.map(bare),
      (one) => one.key,
      (one) => one.name,
    ),
    ...now.flatMap((one) => servers(one, known.get(one.key)?.servers ?? [])),
  ];
}

function servers(service: ServiceSettings, before: readonly ServerSettings[]): readonly string[] {
  if (before.length === 0) return [];
  // the ids of its checks are made of their settings: they are told with the checks
  const bare = (one: ServerSettings) => ({ ...one, checks: undefined });
  return compare(
    "real server",
    before.map(bare),
    service.servers.map(bare),
    (one) => one.key,
    (one) => `${one.name} of ${service.name}`,
  );
}

function checks(before: Config, after: Config): readonly string[] {
  const [former, now] = differing(before.checks.checks, after.checks.checks);
  const old = new Set(former.map((one) => one.id));
  const kept = new Set(now.map((one) => one.id));
  const servers = new Map(
    now.filter((one) => !old.has(one.id)).map((one) => [`${one.server} of ${one.service}`, true]),
  );
  const gone = former.filter((one) => !kept.has(one.id)).map((one) => `${one.server} of ${one.service}`);
  for (const name of gone) servers.set(name, true);
  return [...servers.keys()].map((name) => `checks of ${name} changed`);
}

/** Whose notifications change; those of what comes or goes do so with it. */
function notifications(before: NotifySettings, after: NotifySettings): readonly string[] {
  const names = [
    ...renewed(before.instances, after.instances, (one) => `${one.kind} ${one.name}`),
    ...renewed(before.services, after.services, (one) => `virtual server ${one.service}`),
    ...renewed(before.servers, after.servers, (one) => `real server ${one.server} of ${one.service}`),
  ];
  const rest = (all: NotifySettings) => ({ ...all, instances: undefined, services: undefined, servers: undefined });
  return [
    ...names.map((name) => `notifications of ${name} changed`),
    ...whole("notifications", rest(before), rest(after)),
  ];
}

/** Names of those that are in both and differ. */
function renewed<T extends object>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (one: T) => string,
): readonly string[] {
  const [former, now] = differing(before, after);
  const old = new Map(former.map((one) => [nameOf(one), one]));
  return now.map(nameOf).filter((name, at) => old.has(name) && !sameSettings(old.get(name), now[at]));
}

function whole(kind: string, before: unknown, after: unknown): readonly string[] {
  return sameSettings(before, after) ? [] : [`${kind} changed`];
}

/** Equal but for `at`, the place in the file, which moves when a line is added above. */
export function sameSettings(a: unknown, b: unknown): boolean {
  const unplaced = (key: string, value: unknown) => (key === "at" ? undefined : value);
  return isDeepStrictEqual(a, b) || JSON.stringify(a, unplaced) === JSON.stringify(b, unplaced);
}
