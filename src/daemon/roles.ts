/**
 * The vrrp and the checkers process: what is particular to each. When the vrrp process is not back in time, the addresses are removed by
 * the journal: a node that cannot speak VRRP must not answer for them.
 */
import type { Clock } from "../base/clock.ts";
import type { Config } from "../config/config.ts";
import type { EventBody, UpDown } from "../events.ts";
import type { Fact } from "../vrrp/settings.ts";
import type { AddressKey, FromCheckers, FromVrrp, Happened, ToCheckers, ToVrrp } from "./messages.ts";
import { createRole, type Role } from "./role.ts";
import { checkerSlices, vrrpSlices } from "./slices.ts";
import type { Child } from "./supervisor.ts";

export type VrrpStatus = Extract<FromVrrp, { readonly type: "status" }>;
export type CheckersStatus = Extract<FromCheckers, { readonly type: "status" }>;
export type VrrpRole = Role<ToVrrp, VrrpStatus>;
export type CheckersRole = Role<ToCheckers, CheckersStatus> & {
  /** Loads what checks its messages, and starts it: adverts shall not wait for either. */
  begin(): Promise<void>;
};

type Common = {
  readonly clock: Clock;
  readonly fork: () => Child;
  readonly respawn: boolean;
  readonly emit: (body: EventBody) => void;
  readonly namespaceOf: (config: Config) => string | undefined;
  /** It is not started again. */
  readonly gaveUp: () => void;
};

export type VrrpDeps = Common & {
  readonly dryRun: boolean;
  readonly ours: () => readonly AddressKey[];
  readonly facts: () => readonly Fact[];
  readonly happened: (event: Happened) => void;
  /** promote_secondaries of this link was switched on. */
  readonly promoted: (link: string) => void;
  /** Takes our addresses away. @returns how many there were */
  readonly removeAddresses: () => number;
};

export function createVrrpRole(deps: VrrpDeps): VrrpRole {
  const { clock, emit } = deps;
  let limitMs = LONGEST_ABSENCE_MS;
  let absence: Disposable | undefined;
  const startedMs = clock.now();
  /** Names of the instances that are master, or were when the process died. */
  const masters = new Set<string>();
  let aliveMs: number | undefined;

  function giveUpAddresses(why: string): void {
    absence?.[Symbol.dispose]();
    masters.clear();
    if (deps.dryRun) return;
    const removed = deps.removeAddresses();
    emit({ type: "warning", reason: `${why}: ${removedWords(removed)}` });
  }

  function note(body: EventBody): void {
    if (body.type !== "vrrp.transition") return;
    if (body.to === "MASTER") masters.add(body.instance);
    else masters.delete(body.instance);
  }

  function mastersIn({ vrrp }: Config): readonly string[] {
    return vrrp.routers.filter(({ name }) => masters.has(name)).map(({ key }) => key);
  }

  const role: VrrpRole = createRole<ToVrrp, FromVrrp, VrrpStatus>({
    ...deps,
    name: "vrrp",
    // trusted like vipd itself, for it holds the same power over the network
    parse: (message) =>
      typeof message === "object" && message !== null && "type" in message ? (message as FromVrrp) : undefined,
    slices(config, generation) {
      limitMs = absenceLimitMs(config);
      return vrrpSlices(config, generation, {
        ours: deps.ours(),
        dryRun: deps.dryRun,
        namespace: deps.namespaceOf(config),
        upMs: clock.now() - startedMs,
        former: aliveMs === undefined ? undefined : { masters: mastersIn(config), aliveMs, facts: deps.facts() },
      });
    },
    message(message) {
      if (message.type === "event") note(message.event.body);
      if (message.type === "event") deps.happened(message.event);
      else if (message.type === "promoted") deps.promoted(message.link);
    },
    working() {
      absence?.[Symbol.dispose]();
      role.send({ type: "facts", facts: deps.facts() });
    },
    ended(failing, lastMs) {
      aliveMs = lastMs ?? aliveMs;
      absence?.[Symbol.dispose]();
      if (failing) giveUpAddresses("the vrrp process cannot be kept running");
      else
        absence = clock.after(limitMs, () =>
          giveUpAddresses(`the vrrp process was not back after ${Math.round(limitMs)} ms`),
        );
      if (!deps.respawn) deps.gaveUp();
    },
  });
  return role;
}

function removedWords(count: number): string {
  if (count === 0) return "no virtual address was here";
  const what = count === 1 ? "its virtual address is" : `its ${count} virtual addresses are`;
  return `${what} removed, so that the other node can serve ${count === 1 ? "it" : "them"}`;
}

const LONGEST_ABSENCE_MS = 1000;

/** As long as the other node would wait before it takes over, at most a second (decision 13). */
function absenceLimitMs(config: Config): number {
  const waits = config.vrrp.routers.map(
    ({ intervalMs, downAdverts, priority }) => intervalMs * (downAdverts + (256 - priority) / 256),
  );
  return Math.min(LONGEST_ABSENCE_MS, ...waits);
}

export type CheckersDeps = Common & {
  readonly health: () => readonly (readonly [id: string, state: UpDown])[];
  readonly verdict: (message: Extract<FromCheckers, { readonly type: "verdict" }>) => void;
  readonly failure: (message: Extract<FromCheckers, { readonly type: "failure" }>) => void;
};

export function createCheckersRole(deps: CheckersDeps): CheckersRole {
  let parse: ((message: unknown) => FromCheckers | undefined) | undefined;
  const role = createRole<ToCheckers, FromCheckers, CheckersStatus>({
    ...deps,
    name: "checkers",
    parse: (message) => parse?.(message),
    slices: (config, generation, before) =>
      checkerSlices(config, generation, deps.namespaceOf(config), deps.health(), before),
    message(message) {
      if (message.type === "verdict") deps.verdict(message);
      else if (message.type === "failure") deps.failure(message);
      else if (message.type === "warning") deps.emit({ type: "warning", reason: message.reason });
    },
    working: () => {},
    ended() {
      if (!deps.respawn) deps.gaveUp();
    },
  });
  async function begin(): Promise<void> {
    parse = (await import("./from-checkers.ts")).parseFromCheckers;
    role.start(undefined);
  }
  return { ...role, begin };
}
