/**
 * The health of services: takes verdicts, says which servers and services went up or down, and what row of the kernel's table each
 * service should have now. Health lives here, in vipd: it outlives the checkers, a reload, and by the kernel's table even a crash.
 */
import type { CheckerSettings } from "../../check/settings.ts";
import type { EventBody, UpDown } from "../../events.ts";
import { desiredRow } from "../../ipvs/desired.ts";
import {
  firstQuorum,
  type HealthOf,
  inheritedHealth,
  isServerUp,
  quorumAfter,
  quorumText,
  wasUpFor,
} from "../../ipvs/pool.ts";
import { sameSettings } from "../../ipvs/same.ts";
import type { ServerSettings, ServiceSettings } from "../../ipvs/settings.ts";
import type { Row } from "../../ipvs/table.ts";
import type { CheckStatus } from "../messages.ts";
import type { ServiceStatus } from "../status.ts";
import { type Member, type Pool, poolStatus } from "./pool-status.ts";

/** The part of `FromCheckers` that says how a check ended. */
export type Verdict = { readonly id: string; readonly state: UpDown; readonly reason: string; readonly tookMs: number };
export type Failure = { readonly id: string; readonly reason: string; readonly attempt: number; readonly of: number };
export type Health = readonly (readonly [id: string, state: UpDown])[];
/** Whether a server of a service that is new here was in use already, as far as the kernel's table says. */
export type WasUp = (service: ServiceSettings, server: ServerSettings) => boolean | undefined;

export type Pools = {
  /** All that is known. */
  health(): Health;
  /** What is known of the checks of a configuration that is about to come, where it changes a service. */
  preview(services: readonly ServiceSettings[], checks: readonly CheckerSettings[], wasUp: WasUp): Health;
  /** @returns the keys of the services that are new, changed or gone; the others are not looked at again */
  configure(services: readonly ServiceSettings[], checks: readonly CheckerSettings[], wasUp: WasUp): readonly string[];
  verdict(verdict: Verdict): void;
  failure(failure: Failure): void;
  /** By the key of the kernel's table; undefined for what is not configured. */
  row(key: string): Row | undefined;
  nameOf(key: string): string;
  keys(): Iterable<string>;
  /** @param checkOf what the checkers say of a check */
  status(checkOf: (id: string) => CheckStatus | undefined): readonly ServiceStatus[];
  /** Everything goes down because vipd stops; said only where `omega` asks for it. */
  stop(): void;
};

type Deps = {
  readonly now: () => number;
  readonly emit: (body: EventBody) => void;
  /** The row of this service is another one now. */
  readonly changed: (key: string) => void;
};

export function createPools(deps: Deps): Pools {
  const { now, emit } = deps;
  let pools = new Map<string, Pool>();
  let checks = new Map<string, CheckerSettings>();
  const health = new Map<string, UpDown>();

  const healthOf: HealthOf = (id) => health.get(id);
  const isAlpha = (id: string) => checks.get(id)?.alpha === true;

  /** Services that are new here or configured otherwise. */
  function changedOf(services: readonly ServiceSettings[]): readonly ServiceSettings[] {
    return services.filter((service) => {
      const pool = pools.get(service.key);
      return pool === undefined || !sameSettings(pool.settings, service);
    });
  }

  function inherit(
    services: readonly ServiceSettings[],
    settings: ReadonlyMap<string, CheckerSettings>,
    wasUp: WasUp,
  ): Map<string, UpDown> {
    const next = new Map<string, UpDown>();
    for (const service of services) {
      const pool = pools.get(service.key);
      for (const server of service.servers) {
        const inTable = pool === undefined ? wasUp(service, server) : undefined;
        for (const id of server.checks) {
          const before =
            pool === undefined ? wasUpFor(settings.get(id)?.alpha === true, inTable) : pool.members.get(server.key)?.up;
          const state = inheritedHealth(health.get(id), before);
          if (state !== undefined) next.set(id, state);
        }
      }
    }
    return next;
  }

  function configure(
    services: readonly ServiceSettings[],
    settings: readonly CheckerSettings[],
    wasUp: WasUp,
  ): readonly string[] {
    const nowMs = now(); // once: in a virtual machine each look at the clock may cost 40 µs
    const changed = changedOf(services);
    const nextChecks = byId(settings);
    const known = inherit(changed, nextChecks, wasUp);
    const before = pools;
    const gone = new Map(pools);
    for (const { key } of services) gone.delete(key);
    for (const { key } of changed) forget(before.get(key));
    for (const pool of gone.values()) forget(pool);
    for (const [id, state] of known) health.set(id, state);
    checks = nextChecks;
    const renewed = new Map(changed.map((service) => [service.key, service]));
    pools = new Map();
    for (const { key } of services) {
      const old = before.get(key);
      const service = renewed.get(key);
      if (service !== undefined) pools.set(key, open(service, old, nowMs));
      else if (old !== undefined) pools.set(key, old);
    }
    return [...renewed.keys(), ...gone.keys()];
  }

  function forget(pool: Pool | undefined): void {
    for (const { settings } of pool?.members.values() ?? []) for (const id of settings.checks) health.delete(id);
  }

  function open(settings: ServiceSettings, before: Pool | undefined, nowMs: number): Pool {
    const members = new Map(
      settings.servers.map((server) => [server.key, join(server, before?.members.get(server.key), nowMs)]),
    );
    const weight = liveWeight(members.values());
    const quorum = before === undefined ? firstQuorum(settings, weight) : quorumAfter(settings, before.quorum, weight);
    const same = quorum === before?.quorum;
    const pool: Pool = {
      settings,
      members,
      quorum,
      sinceMs: same ? before.sinceMs : nowMs,
      weight,
      row: undefined,
    };
    for (const member of members.values()) {
      const was = before?.members.get(member.settings.key);
      if (was !== undefined && was.up !== member.up) tellServer(pool, member, nowMs - was.sinceMs, undefined);
    }
    if (!same) tellQuorum(pool, quorum === "up" ? "down" : "up", before === undefined);
    return pool;
  }

  function join(settings: ServerSettings, before: Member | undefined, nowMs: number): Member {
    const up = isServerUp(settings, healthOf, isAlpha);
    if (before !== undefined && before.up === up) return { ...before, settings };
    return {
      settings,
      up,
      sinceMs: nowMs,
      reason: before === undefined ? firstReason(settings) : "the configuration changed",
    };
  }

  function firstReason(settings: ServerSettings): string {
    if (settings.checks.length === 0) return "has no check";
    if (settings.checks.some((id) => isAlpha(id) && health.get(id) !== "up"))
      return "alpha: down until its checks have passed";
    if (settings.checks.some((id) => health.get(id) === "down")) return "was down before";
    return settings.checks.every((id) => health.has(id)) ? "was up before" : "not checked yet";
  }

  function verdict({ id, state, reason, tookMs }: Verdict): void {
    const check = checks.get(id);
    if (check === undefined) return;
    const from = health.get(id) ?? "unknown";
    health.set(id, state);
    if (from !== state) {
      const { service, server, probe } = check;
      emit({ type: "check.result", service, server, check: probe.type, from, to: state, reason, tookMs });
    }
    const pool = pools.get(check.serviceKey);
    const member = pool?.members.get(check.serverKey);
    if (pool !== undefined && member !== undefined) judge(pool, member, reason, check.probe.type);
  }

  function judge(pool: Pool, member: Member, reason: string, check: string): void {
    const up = isServerUp(member.settings, healthOf, isAlpha);
    if (up === member.up) {
      if (!up || member.reason === "not checked yet") member.reason = reason;
      return;
    }
    const nowMs = now();
    const afterMs = nowMs - member.sinceMs;
    member.up = up;
    member.sinceMs = nowMs;
    member.reason = reason;
    tellServer(pool, member, afterMs, check);
    pool.weight += up ? member.settings.weight : -member.settings.weight;
    const before = pool.quorum;
    pool.quorum = quorumAfter(pool.settings, before, pool.weight);
    if (pool.quorum !== before) {
      pool.sinceMs = nowMs;
      tellQuorum(pool, before, false);
    }
    pool.row = undefined;
    deps.changed(pool.settings.key);
  }

  function failure({ id, reason, attempt, of }: Failure): void {
    const check = checks.get(id);
    if (check === undefined) return;
    const { service, server, probe } = check;
    emit({ type: "check.failed", service, server, check: probe.type, reason, attempt, of });
  }

  function tellServer(pool: Pool, { settings, up, reason }: Member, afterMs: number, check: string | undefined): void {
    const [from, to] = up ? (["down", "up"] as const) : (["up", "down"] as const);
    const { name: server, weight } = settings;
    emit({ type: "server.state", service: pool.settings.name, server, from, to, reason, weight, afterMs, check });
  }

  function tellQuorum({ settings, quorum: to, weight }: Pool, from: UpDown, initial: boolean, reason?: string): void {
    const { name: service, quorum, hysteresis } = settings;
    const sorryServer = reason === STOPPING ? undefined : settings.sorryServer; // it goes with the service
    emit({
      type: "service.quorum",
      service,
      from,
      to,
      reason: reason ?? quorumText(settings, to, weight, initial),
      weight,
      quorum,
      hysteresis,
      sorryServer: sorryServer?.name,
      initial,
    });
  }

  function stop(): void {
    for (const pool of pools.values()) {
      if (!pool.settings.omega) continue;
      for (const member of pool.members.values()) {
        if (!member.up) continue;
        member.up = false;
        member.reason = STOPPING;
        tellServer(pool, member, now() - member.sinceMs, undefined);
      }
      pool.weight = 0;
      if (pool.quorum === "down") continue;
      pool.quorum = "down";
      tellQuorum(pool, "up", false, STOPPING);
    }
  }

  return {
    health: () => [...health],
    preview: (services, settings, wasUp) => [...inherit(changedOf(services), byId(settings), wasUp)],
    configure,
    verdict,
    failure,
    row(key) {
      const pool = pools.get(key);
      if (pool !== undefined) pool.row ??= desiredRow(pool.settings, pool.quorum, (one) => isUp(pool, one));
      return pool?.row;
    },
    nameOf: (key) => pools.get(key)?.settings.name ?? key,
    keys: () => pools.keys(),
    status: (checkOf) => Array.from(pools.values(), (pool) => poolStatus(pool, checkOf, healthOf)),
    stop,
  };
}

function byId(checks: readonly CheckerSettings[]): Map<string, CheckerSettings> {
  return new Map(checks.map((check) => [check.id, check]));
}

const STOPPING = "vipd is stopping";

function liveWeight(members: Iterable<Member>): number {
  let weight = 0;
  for (const { settings, up } of members) if (up) weight += settings.weight;
  return weight;
}

function isUp(pool: Pool, server: ServerSettings): boolean {
  return pool.members.get(server.key)?.up === true;
}
