/**
 * Adverts at 10 ms while the machine is busy with something else: how even they are, and whether the backup is deceived. Where the machine
 * itself stood still (a virtual one without its processor), that is told apart: a span with such a stall in it or in the one before (whose
 * delay the next one makes good) counts in `raw…` only, and so does one in which a backup is answered that such a stall deceived.
 */
import type { DaemonName } from "./daemons.ts";
import { type Figures, sleep } from "./figures.ts";
import { advertOf, instance, openPair, settle } from "./pair.ts";
import { longest, stoodStill, watchStalls } from "./stalls.ts";
import { type Load, spreadOf, startLoad } from "./vrrp.ts";

const INTERVAL_MS = 10;
/** An instance of the same process whose address others take away, so that the daemon itself needs the lock. */
const SECOND = { name: "VI_2", vrid: 52, vip: "10.0.0.19", priority: 150, intervalMs: 1000 };
/** A backup that takes over acts on what was up to so long before. */
const BLAME_MS = 60;

export async function measureSpacing(daemon: DaemonName, load: Load, forMs: number): Promise<Figures> {
  const more = load === "rtnl" ? { more: instance(SECOND) } : {};
  await using pair = await openPair(daemon, { intervalMs: INTERVAL_MS, ...more });
  const { a, b, wire } = pair;
  await b.start();
  await settle(pair, undefined, INTERVAL_MS);
  await sleep(load === "rtnl" ? 4500 : 1500); // the second instance is master; a start is over
  await using watch = await watchStalls();
  const endLoad = await startLoad(load);
  await sleep(500);
  const from = wire.frames.length;
  const ending = Date.now() + forMs;
  while (Date.now() < ending) {
    if (load === "rtnl")
      void a.node.run(["ip", "address", "delete", `${SECOND.vip}/24`, "dev", "eth0"], { check: false });
    await sleep(Math.min(1000, Math.max(0, ending - Date.now())));
  }
  const frames = wire.frames.slice(from);
  await endLoad();
  const stalls = watch.stalls();
  const adverts = frames.filter(advertOf(a));
  const spans = adverts.slice(1).map((advert, at) => ({ fromMs: adverts[at]?.atMs ?? 0, untilMs: advert.atMs }));
  const takeovers = beginnings(frames.map(advertOf(b))).map((at) => frames[at]?.atMs ?? 0);
  const excused = takeovers.filter((atMs) => stoodStill(stalls, atMs - BLAME_MS, atMs));
  const own = spans
    .filter(({ fromMs, untilMs }) => !stoodStill(stalls, fromMs - INTERVAL_MS, untilMs))
    .filter(({ fromMs, untilMs }) => !excused.some((atMs) => atMs > fromMs - BLAME_MS && atMs < untilMs))
    .map(deviation);
  const { p50Ms, p99Ms, worstMs } = spreadOf(own.map(Math.abs));
  return {
    adverts: adverts.length,
    p50: p50Ms,
    p99: p99Ms,
    worst: worstMs,
    latest: Math.max(...own),
    false: takeovers.length - excused.length,
    rawP99: spreadOf(spans.map(deviation).map(Math.abs)).p99Ms,
    rawWorst: Math.max(...spans.map(deviation)),
    rawFalse: takeovers.length,
    stalled: spans.length - own.length,
    machine: longest(stalls),
  };
}

function deviation({ fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number }): number {
  return untilMs - fromMs - INTERVAL_MS;
}

/** Where `true` begins. */
function beginnings(values: readonly boolean[]): readonly number[] {
  return values.flatMap((value, at) => (value && !values[at - 1] ? [at] : []));
}
