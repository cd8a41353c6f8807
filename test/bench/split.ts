/** A silent cut makes both directors masters; it heals; how long is a client without the address, whichever side is heard first? */

import type { AnyFrame } from "../lab/capture.ts";
import type { DaemonName } from "./daemons.ts";
import { type Figures, medianOf, sleep } from "./figures.ts";
import { advertOf, openPair, settle, VIP } from "./pair.ts";

const INTERVAL_MS = 100;
const PROBE_MS = 2;

export async function measureSplits(daemon: DaemonName, times: number): Promise<Figures> {
  await using pair = await openPair(daemon, { intervalMs: INTERVAL_MS, filter: "vrrp or arp or icmp" });
  const { a, b, client, wire } = pair;
  await b.start();
  await settle(pair, undefined, INTERVAL_MS);
  const ping = client.start(["ping", "-n", "-q", "-i", String(PROBE_MS / 1000), VIP]);
  const outages: { readonly aFirst: boolean; readonly ms: number }[] = [];
  for (let time = 0; time < times; time++) {
    const cut = wire.frames.length;
    await a.link.cut("silent");
    await wire.frame(advertOf(b), { from: cut });
    await sleep(1000 + Math.random() * INTERVAL_MS);
    const from = wire.frames.length;
    await a.link.heal();
    await sleep(7500);
    const seen = wire.frames.slice(from);
    // A's port was shut: its first advert is the first that B can have heard
    const first = seen.find((frame) => advertOf(a)(frame) || advertOf(b)(frame));
    const ms = handover(seen.filter(isReply), b.link.mac, a.link.mac);
    outages.push({ aFirst: first !== undefined && advertOf(a)(first), ms });
  }
  await ping.stop("SIGINT");
  const all = outages.map((one) => one.ms);
  return { times, aFirst: outages.filter((one) => one.aFirst).length, median: medianOf(all), worst: Math.max(...all) };
}

function isReply({ bytes }: AnyFrame): boolean {
  return bytes.length >= 42 && bytes.readUInt16BE(12) === 0x0800 && bytes[23] === 1 && bytes[34] === 0;
}

/** From the last answer of one side to the next of the other, beyond the probes' own spacing. */
function handover(replies: readonly AnyFrame[], from: string, to: string): number {
  const last = replies.findLastIndex((one) => one.sourceMac === from);
  const next = replies.slice(last + 1).find((one) => one.sourceMac === to);
  return (next?.atMs ?? Number.POSITIVE_INFINITY) - (replies[last]?.atMs ?? Number.NaN) - PROBE_MS;
}
