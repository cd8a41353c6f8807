/** Adverts at 10 ms while the machine is busy with something else: how even they are, and whether the backup is deceived. */

import type { DaemonName } from "./daemons.ts";
import { type Figures, sleep } from "./figures.ts";
import { advertOf, instance, openPair, settle } from "./pair.ts";
import { type Load, spreadOf, startLoad } from "./vrrp.ts";

const INTERVAL_MS = 10;
/** An instance of the same process whose address others take away, so that the daemon itself needs the lock. */
const SECOND = { name: "VI_2", vrid: 52, vip: "10.0.0.19", priority: 150, intervalMs: 1000 };

export async function measureSpacing(daemon: DaemonName, load: Load, forMs: number): Promise<Figures> {
  const more = load === "rtnl" ? { more: instance(SECOND) } : {};
  await using pair = await openPair(daemon, { intervalMs: INTERVAL_MS, ...more });
  const { a, b, wire } = pair;
  await b.start();
  await settle(pair, undefined, INTERVAL_MS);
  if (load === "rtnl") await sleep(4500); // the second instance is master
  const endLoad = await startLoad(load);
  await sleep(500);
  const from = wire.frames.length;
  const ending = Date.now() + forMs;
  while (Date.now() < ending) {
    if (load === "rtnl")
      await a.node.run(["ip", "address", "delete", `${SECOND.vip}/24`, "dev", "eth0"], { check: false });
    await sleep(Math.min(1000, Math.max(0, ending - Date.now())));
  }
  const frames = wire.frames.slice(from);
  await endLoad();
  const adverts = frames.filter(advertOf(a));
  const spacings = adverts.slice(1).map((advert, at) => advert.atMs - (adverts[at]?.atMs ?? 0));
  const { p50Ms, p99Ms, worstMs } = spreadOf(spacings.map((spacing) => Math.abs(spacing - INTERVAL_MS)));
  const latest = Math.max(...spacings) - INTERVAL_MS;
  return {
    adverts: adverts.length,
    p50: p50Ms,
    p99: p99Ms,
    worst: worstMs,
    latest,
    false: runs(frames.map(advertOf(b))),
  };
}

/** How often `true` begins. */
function runs(values: readonly boolean[]): number {
  return values.filter((value, at) => value && !values[at - 1]).length;
}
