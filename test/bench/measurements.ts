/** Every measurement by its name, with the place where it runs. */
import { availableParallelism } from "node:os";
import { measureConfigCheck } from "./check.ts";
import { measureCheckCost } from "./check-cost.ts";
import type { DaemonName } from "./daemons.ts";
import type { Extent, Figures } from "./figures.ts";
import { measureLarge } from "./large.ts";
import { measureChurn, measureMemory } from "./memory.ts";
import { measureStart, measureTakeovers } from "./pair.ts";
import { measureSpacing } from "./spacing.ts";
import { measureSplits } from "./split.ts";

const MINUTE_MS = 60_000;

/** `host`: network namespaces of this machine, as root. `lab`: a guest, which has IPVS but one slow processor. */
export type Place = "host" | "lab";

export type Measurement = {
  readonly place: Place;
  measure(daemon: DaemonName, extent: Extent): Promise<Figures>;
};

export const MEASUREMENTS = {
  kill: on("host", (daemon, { quick }) =>
    measureTakeovers(daemon, { how: "SIGKILL", intervalMs: 100, times: quick ? 5 : 20 }),
  ),
  kill1s: on("host", (daemon, { quick }) =>
    measureTakeovers(daemon, { how: "SIGKILL", intervalMs: 1000, times: quick ? 1 : 3 }),
  ),
  stop: on("host", (daemon, { quick }) =>
    measureTakeovers(daemon, { how: "SIGTERM", intervalMs: 100, times: quick ? 5 : 20 }),
  ),
  start: on("host", (daemon, { quick }) => measureStart(daemon, 100, quick ? 3 : 10)),
  rtnl: on("host", (daemon, { quick }) => measureSpacing(daemon, "rtnl", quick ? 8000 : 20_000)),
  busy: on("host", (daemon, { quick }) => measureSpacing(daemon, "busy", quick ? 10_000 : 60_000)),
  split: on("host", (daemon, { quick }) => measureSplits(daemon, quick ? 3 : 8)),
  tcp: on("host", (daemon, { quick }) => measureCheckCost(daemon, "TCP_CHECK", quick ? 5000 : 15_000)),
  http: on("host", (daemon, { quick }) => measureCheckCost(daemon, "HTTP_GET", quick ? 5000 : 15_000)),
  memory: on("host", (daemon, { quick }) => measureMemory(daemon, quick ? 8000 : 30_000)),
  churn: on("host", (daemon, { soak, quick }) =>
    // of keepalived it is known; it is there for comparison
    daemon === "keepalived" || quick
      ? measureChurn(daemon, 15_000, 10_000)
      : measureChurn(daemon, (soak ? 60 : 10) * MINUTE_MS, 10 * MINUTE_MS),
  ),
  large: on("host", (daemon, { quick }) => measureLarge(daemon, "host", quick ? 1 : 3)),
  check: on("host", (daemon, { quick }) => measureConfigCheck(daemon, quick ? 3 : 7)),
  largeLab: on("lab", (daemon, { quick }) => measureLarge(daemon, "lab", quick ? 1 : 3)),
} as const satisfies Readonly<Record<string, Measurement>>;

export type MeasurementName = keyof typeof MEASUREMENTS;

function on(place: Place, measure: Measurement["measure"]): Measurement {
  return { place, measure };
}

/** Why measurements of the host cannot be made here; undefined: they can. */
export function whyNotOnHost(namespaces: boolean): string | undefined {
  if (process.getuid?.() !== 0) return "it needs root";
  if (!namespaces) return "this machine lets us make no network namespaces";
  return availableParallelism() < 2 ? "it needs two processors" : undefined;
}
