/** Asks everybody and makes one value of the answers. */
import { hostname } from "node:os";
import type { Context } from "./context.ts";
import type { Parts } from "./parts.ts";
import type { Keeper } from "./reload.ts";
import type { DaemonState, Status } from "./status.ts";

export async function collectStatus(
  context: Context,
  parts: Parts,
  keeper: Keeper,
  state: DaemonState,
): Promise<Status> {
  const { clock, options, events, log } = context;
  const [vrrp, checkers] = await Promise.all([
    options.only === "checkers" ? undefined : parts.vrrp.ask(),
    options.only === "vrrp" ? undefined : parts.checkers.ask(),
  ]);
  const told = parts.notifier.status();
  return {
    at: { wallMs: Math.round(clock.wall()), monotonicMs: clock.now() },
    version: context.version,
    host: hostname(),
    pid: process.pid,
    boot: events.boot,
    state,
    sinceMs: context.startedMs,
    dryRun: options.dryRun,
    config: keeper.status(),
    processes: [
      ...(options.only === "checkers" ? [] : [parts.vrrp.process()]),
      ...(options.only === "vrrp" ? [] : [parts.checkers.process()]),
    ],
    vrrp: vrrp && { routers: vrrp.routers, groups: vrrp.groups, lateness: vrrp.lateness },
    scripts: parts.scripts.status(),
    services: parts.services.status(checkers?.checks ?? []),
    ipvsProblem: parts.services.state().error,
    foreignServices: parts.services.state().foreign,
    mail: told.mail,
    notifyScriptsWaiting: told.scriptsWaiting,
    logLinesLost: log.lost(),
    lastSeq: events.since(Number.MAX_SAFE_INTEGER).last,
  };
}
