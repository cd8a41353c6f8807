/**
 * 1,000 virtual services with 10 real servers each: from exec until all are programmed, and from SIGHUP until the one server whose weight
 * was changed has it. In the lab the kernel's IPVS is asked; where there is none, the daemons write down what they would have changed.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openIpvs, type ServiceId } from "netlink/ipvs";
import { inside } from "../lab/namespace.ts";
import { createLab, type LabNode } from "../lab/net.ts";
import { timeOfDayMs } from "../lab/process.ts";
import { type Daemon, type DaemonName, startDaemon } from "./daemons.ts";
import { type Figures, medianOf, sleep } from "./figures.ts";
import { serverAddress, serviceAddress, startAnswerer, virtualServers } from "./services.ts";

const SERVICES = 1000;
const EACH = 10;
const PORT = 8080;
const LIMIT_MS = 90_000;
/** Of the last service, so that a look at one service tells. */
const CHANGED = SERVICES * EACH - 5;

/** What became of the table, wherever it is. */
type Table = {
  /** Resolves when all is there. @returns times of day of the first and the last change */
  complete(): Promise<{ readonly firstMs: number; readonly lastMs: number }>;
  /** Resolves when the server has this weight. @returns the time of day, and how many changes there were (where they can be counted) */
  changed(weight: number): Promise<{ readonly atMs: number; readonly changes: number }>;
};

/** @param reloads how often the weight is changed */
export async function measureLarge(daemon: DaemonName, place: "host" | "lab", reloads: number): Promise<Figures> {
  await using lab = await createLab();
  const node = await lab.node("director");
  await startAnswerer(node, PORT);
  const log = join(node.folder, "ipvs.log");
  const config = await write(node, 1);
  const table = place === "lab" ? kernelTable(node) : writtenTable(log);
  const running = await startDaemon(daemon, node, config, place === "lab" ? {} : { ipvsLog: log });
  const { firstMs, lastMs } = await table.complete();
  const started = { total: lastMs - running.execMs, ipvs: lastMs - firstMs };
  await sleep(place === "lab" ? 5000 : 3000);
  const times: number[] = [];
  let changes = 0;
  for (let reload = 0; reload < reloads; reload++) {
    const found = await reloadOnce(running, node, table, reload + 2);
    times.push(found.tookMs);
    changes = Math.max(changes, found.changes);
    await sleep(1500);
  }
  return { ...started, reload: medianOf(times), changes };
}

async function reloadOnce({ process }: Daemon, node: LabNode, table: Table, weight: number) {
  await write(node, weight);
  const sentMs = timeOfDayMs();
  process.signal("SIGHUP");
  const { atMs, changes } = await table.changed(weight);
  return { tookMs: atMs - sentMs, changes };
}

/** @param weight of the one server that changes */
function write(node: LabNode, weight: number): Promise<string> {
  const text = virtualServers({
    services: SERVICES,
    serversEach: EACH,
    probe: "TCP_CHECK",
    everySeconds: 60,
    port: () => PORT,
    weight: (index) => (index === CHANGED ? weight : 1),
  });
  return node.write("bench.conf", text);
}

function kernelTable(node: LabNode): Table {
  const ipvs = inside(node, openIpvs);
  const idOf = (service: number): ServiceId => ({
    type: "address",
    protocol: "tcp",
    ip: serviceAddress(service),
    port: 80,
  });
  const count = (service: number) => {
    try {
      return ipvs.destinations(idOf(service)).length;
    } catch {
      return 0; // it is not there yet
    }
  };
  return {
    async complete() {
      const firstMs = await until(() => count(0) > 0);
      const lastMs = await until(() => count(SERVICES - 1) === EACH && count(0) === EACH);
      const all = Array.from({ length: SERVICES }, (_, service) => count(service));
      if (all.every((one) => one === EACH)) return { firstMs, lastMs };
      return { firstMs, lastMs: await until(() => all.every((_, service) => count(service) === EACH)) };
    },
    async changed(weight) {
      const find = () => ipvs.destinations(idOf(SERVICES - 1)).find((one) => one.ip === serverAddress(CHANGED));
      return { atMs: await until(() => find()?.weight === weight), changes: Number.NaN };
    },
  };
}

function writtenTable(path: string): Table {
  let read = 0;
  const lines = async () => (existsSync(path) ? (await readFile(path, "latin1")).split("\n").slice(0, -1) : []);
  const atMs = (line = "") => Number(line.split(" ", 1)[0]) / 1e6;
  /** New lines, once there are this many. */
  const take = async (number: number) => {
    const limit = Date.now() + LIMIT_MS;
    for (;;) {
      const found = (await lines()).slice(read);
      if (found.length >= number) {
        await sleep(300);
        const all = (await lines()).slice(read);
        read += all.length;
        return all;
      }
      if (Date.now() > limit) throw new Error(`Only ${found.length} of ${number} changes after ${LIMIT_MS} ms`);
      await sleep(20);
    }
  };
  return {
    async complete() {
      const all = (await take(SERVICES * (EACH + 1))).filter((line) => / [15]( |$)/.test(line));
      return { firstMs: atMs(all[0]), lastMs: atMs(all.at(-1)) };
    },
    async changed() {
      const all = await take(1);
      return { atMs: atMs(all[0]), changes: all.length };
    },
  };
}

/** @returns the time of day when it was so for the first time */
async function until(holds: () => boolean): Promise<number> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const atMs = timeOfDayMs();
    if (holds()) return atMs;
    if (Date.now() > limit) throw new Error(`Not so after ${LIMIT_MS} ms: ${holds}`);
    await sleep(10);
  }
}
