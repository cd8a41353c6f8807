/**
 * Memory of all processes of a daemon with two instances and ten real servers: at rest, and under churn.
 *
 * Garbage comes and goes, so the rise is that of the least that is seen in each minute: the straight line through these points, with the
 * standard error of its slope.
 */
import { copyFile, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createLab, type Lab } from "../lab/net.ts";
import { type DaemonName, processTree, pssMb, startDaemon } from "./daemons.ts";
import { type Figures, medianOf, sleep } from "./figures.ts";
import { instance } from "./pair.ts";
import { startAnswerer, virtualServers } from "./services.ts";

const NODE = join(resolve(import.meta.dirname, "../.."), "node_modules/.bin/node");
const STEADY = 8080;
const FLAPPING = 8081;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A second of the warm-up: what V8 compiles and remembers depends on how often it was done. The last minute of it goes at the usual pace. */
const HASTY_MS = 100;

/** After half a minute, as if it were alone on the machine. */
export async function measureMemory(daemon: DaemonName, settleMs: number): Promise<Figures> {
  await using lab = await createLab();
  const { pid } = await startAll(daemon, lab);
  await sleep(settleMs);
  const tree = processTree(pid);
  return { mb: pssMb(tree), processes: tree.length };
}

/** Three of the ten servers go and come back every few seconds; a reload with a change every 5 s; an address is taken away every 3 s. */
export async function measureChurn(daemon: DaemonName, forMs: number, warmUpMs: number): Promise<Figures> {
  await using lab = await createLab();
  const { pid, node, flapping, config, signal, output } = await startAll(daemon, lab);
  const samples: Sample[] = [];
  const before = processTree(pid).join(" ");
  const started = performance.now();
  for (let second = 0; performance.now() - started < warmUpMs + forMs; second++) {
    if (second % 4 === 0) flapping.say(second % 8 === 0 ? "close" : "open");
    if (second % 3 === 0) await node.run(["ip", "address", "delete", "10.0.0.9/24", "dev", "eth0"], { check: false });
    if (second % 5 === 0) {
      await node.write("bench.conf", config(1 + ((second / 5) % 2)));
      signal("SIGHUP");
    }
    await sleep(performance.now() - started < warmUpMs - MINUTE_MS ? HASTY_MS : 1000);
    const atMs = performance.now() - started;
    const mb = pssMb(processTree(pid));
    if (mb === 0) throw new Error(`It ended under churn after ${Math.round(atMs / 1000)} s: ${output().slice(-1500)}`);
    if (atMs > warmUpMs) samples.push({ atMs, mb });
  }
  if (processTree(pid).join(" ") !== before) throw new Error(`A process died under churn: ${output().slice(-1500)}`);
  const { slope, error } = lineThrough(leastOfMinutes(samples).map(({ atMs, mb }) => [atMs / HOUR_MS, mb]));
  return { minutes: forMs / MINUTE_MS, mb: medianOf(samples.map((one) => one.mb)), perHour: slope, error };
}

type Sample = { readonly atMs: number; readonly mb: number };

function leastOfMinutes(samples: readonly Sample[]): readonly Sample[] {
  const minutes = Map.groupBy(samples, ({ atMs }) => Math.floor((atMs - (samples[0]?.atMs ?? 0)) / MINUTE_MS));
  return [...minutes.values()].map((those) => those.reduce((least, one) => (one.mb < least.mb ? one : least)));
}

async function startAll(daemon: DaemonName, lab: Lab) {
  const node = await lab.node("director");
  const lan = await lab.lan("front");
  await node.attach(lan, { addresses: ["10.0.0.1/24"] });
  await startAnswerer(node, STEADY);
  const flapping = (await startAnswerer(node, FLAPPING)).process;
  const path = await node.write("bench.conf", config(1));
  // a copy of Node for vipd alone: pages that it shares with this very program would count half
  const own = join(lab.folder, "node");
  await copyFile(await realpath(NODE), own);
  const { process } = await startDaemon(daemon, node, path, { ipvsLog: join(node.folder, "ipvs.log"), node: own });
  await sleep(3000); // a signal before it listens would end it
  return { node, flapping, config, pid: process.pid, signal: process.signal, output: process.output };
}

/** @param weight of one server */
function config(weight: number): string {
  const instances = ["VI_1", "VI_2"].map((name, at) =>
    instance({ name, vrid: 51 + at, vip: `10.0.0.${at + 9}`, priority: 150, intervalMs: 1000 }),
  );
  const servers = virtualServers({
    services: 2,
    serversEach: 5,
    probe: "HTTP_GET",
    everySeconds: 1,
    port: (index) => (index < 3 ? FLAPPING : STEADY),
    weight: (index) => (index === 9 ? weight : 1),
  });
  return `${instances.join("")}${servers}`;
}

/** The straight line through the points with the least squares: its slope, and the standard error of that (NaN for fewer than three points). */
function lineThrough(points: readonly (readonly [number, number])[]): {
  readonly slope: number;
  readonly error: number;
} {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  const slope = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread;
  const off = points.reduce((sum, point) => sum + (point[1] - y - slope * (point[0] - x)) ** 2, 0);
  return { slope, error: points.length < 3 ? Number.NaN : Math.sqrt(off / (points.length - 2) / spread) };
}
