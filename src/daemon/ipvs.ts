/**
 * vipd's part in virtual services: the health of the pools (`ipvs/pools.ts`) joined with the kernel's table (`ipvs/table-keeper.ts`).
 *
 * At start: `open(config)` reads the table, which tells the first health of what a crash left; then the configuration is prepared and
 * committed like everybody's. A service that somebody else made is taken over only when the whole configuration is `accepted`, for one
 * that is refused must leave it as it is. `stop` removes what is ours, and nothing else.
 */
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { EventBody } from "../events.ts";
import type { IpvsIo } from "../ipvs/io.ts";
import type { ServerSettings, ServiceSettings } from "../ipvs/settings.ts";
import { destinationKey } from "../ipvs/table.ts";
import { createPools, type Failure, type Health, type Verdict } from "./ipvs/pools.ts";
import { createTableKeeper, type TableState } from "./ipvs/table-keeper.ts";
import type { CheckStatus } from "./messages.ts";
import type { ServiceStatus } from "./status.ts";
import type { Participant } from "./two-phases.ts";

/** What of a configuration matters here. */
export type IpvsConfig = Pick<Config, "services" | "checks" | "ipvs">;

export type IpvsDeps = {
  readonly io: IpvsIo;
  readonly clock: Clock;
  readonly emit: (body: EventBody) => void;
  /**
   * Keys of services that an earlier run may have left, by the journal. The caller writes those of a configuration there before it
   * calls `commit`, and may forget what `keys` no longer holds.
   */
  readonly ours: () => Iterable<string>;
  /** Calls back in a later turn of the event loop; the default is setImmediate. */
  readonly soon?: (fn: () => void) => void;
};

export type VirtualServices = Participant & {
  /** Before the first `prepare`: reads the table. Never rejects; without IPVS it is tried again every ten seconds. */
  open(config: IpvsConfig): Promise<void>;
  /** What was committed is in force: services in it that others made are ours from now on. */
  accepted(): Promise<void>;
  /**
   * For the checkers, who may just have been started anew: all that is known; between `prepare` and `commit` also of the checks that the
   * new configuration brings, which stand last and count.
   */
  health(): Health;
  verdict(verdict: Verdict): void;
  failure(failure: Failure): void;
  status(checks: readonly CheckStatus[]): readonly ServiceStatus[];
  state(): TableState;
  /** Keys of what is ours: configured and made or taken over, or not yet deleted. */
  keys(): readonly string[];
  /** Reads the whole table and puts right what differs. */
  compare(): Promise<void>;
  /** @param keep leave the table as it is: for upgrades */
  stop(options: { readonly keep: boolean }): Promise<void>;
};

export function createVirtualServices(deps: IpvsDeps): VirtualServices {
  const { io, clock, emit } = deps;
  const owned = new Set(deps.ours());
  let next: IpvsConfig | undefined;
  let current: IpvsConfig | undefined;
  let looksAt: ReadonlySet<string> = new Set();
  let inForce = false;
  let stopping = false;

  const pools = createPools({ now: clock.now, emit, changed: (key) => keeper.mark(key) });
  const keeper = createTableKeeper({
    io,
    clock,
    soon: deps.soon ?? setImmediate,
    emit,
    wanted: (key) => (stopping ? undefined : pools.row(key)),
    owned: () => owned,
    reads: (key) => looksAt.has(key),
    nameOf: pools.nameOf,
    released: (key) => void owned.delete(key),
    timeouts: () => (current ?? next)?.ipvs.timeouts,
  });

  /** Wanted keys to the front: what is new is there before what is old goes. */
  function own(services: readonly ServiceSettings[]): void {
    const before = [...owned];
    owned.clear();
    for (const { key } of services) owned.add(key);
    for (const key of before) owned.add(key);
  }

  /** A server that the kernel does not have, or holds at weight 0 against the configuration, was down. */
  function wasUp(service: ServiceSettings, server: ServerSettings): boolean | undefined {
    const row = keeper.actual(service.key);
    if (row === undefined) return undefined;
    const there = row.destinations.get(destinationKey(server));
    return there !== undefined && (there.weight > 0 || server.weight === 0);
  }

  async function commit(): Promise<void> {
    const config = next;
    next = undefined;
    if (config === undefined) return;
    const before = current;
    current = config;
    const foreign = new Set(keeper.state().foreign);
    own(config.services.filter(({ key }) => !foreign.has(key)));
    const changed = pools.configure(config.services, config.checks.checks, wasUp);
    if (before !== undefined && !isDeepStrictEqual(before.ipvs.timeouts, config.ipvs.timeouts)) keeper.setTimeouts();
    await settle(before === undefined ? owned : changed);
    if (before === undefined) keeper.watch();
  }

  async function accepted(): Promise<void> {
    if (current === undefined) return;
    if (!inForce && current.ipvs.flush) ownForeign();
    inForce = true;
    own(current.services);
    if (keeper.state().foreign.some((key) => owned.has(key))) await keeper.compare(false);
  }

  function settle(keys: Iterable<string>): Promise<void> {
    for (const key of keys) keeper.mark(key);
    return keeper.settled();
  }

  /** lvs_flush and its kin: the admin gives us the whole table. */
  function ownForeign(): void {
    for (const key of keeper.state().foreign) owned.add(key);
  }

  async function stop({ keep }: { readonly keep: boolean }): Promise<void> {
    pools.stop();
    stopping = !keep;
    if (!keep && inForce && current?.ipvs.flushOnStop === "all") {
      ownForeign();
      await keeper.compare(false);
    } else if (!keep) await settle(owned);
    keeper.stop();
  }

  return {
    name: "ipvs",
    async open(config) {
      looksAt = new Set(config.services.map(({ key }) => key));
      next = config;
      await keeper.open();
      next = undefined;
    },
    prepare(config) {
      next = config;
      return Promise.resolve(undefined);
    },
    commit,
    accepted,
    abandon() {
      next = undefined;
    },
    health() {
      const known = pools.health();
      return next === undefined ? known : [...known, ...pools.preview(next.services, next.checks.checks, wasUp)];
    },
    verdict: pools.verdict,
    failure: pools.failure,
    status(checks) {
      const byId = new Map(checks.map((check) => [check.id, check]));
      return pools.status((id) => byId.get(id));
    },
    state: keeper.state,
    keys: () => [...owned],
    compare: () => keeper.compare(true),
    stop,
  };
}
