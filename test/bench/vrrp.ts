/**
 * Figures of the vrrp process by itself, in network namespaces of this machine, as root: when adverts leave, how late a takeover is, how soon the
 * address is announced. Times are the kernel's, on the bridge between the nodes.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { RouterSettings } from "../../src/vrrp/settings.ts";
import { masterDownMs, skewMs } from "../../src/vrrp/timers.ts";
import { routerSettings } from "../daemon/vrrp/routers.ts";
import { bundleRole, startRole, type VrrpRole } from "../host/vrrp-role.ts";
import { type AdvertFrame, announces, type Capture, isAdvert } from "../lab/capture.ts";
import { createLab, type Lab, type LabNode } from "../lab/net.ts";
import { timeOfDayMs } from "../lab/process.ts";

const VIP = "10.0.0.9";

export type Spread = {
  readonly samples: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
};

/** What goes on meanwhile: nothing; a busy process on every core; the kernel's rtnl lock held by somebody else, nine tenths of the time. */
export type Load = "idle" | "busy" | "rtnl";

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { samples: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), worstMs: sorted.at(-1) ?? Number.NaN };
}

/** |spacing − interval| of a lone master's adverts, and by how much the latest of them was late. */
export async function measureSpacing(options: {
  readonly intervalMs: number;
  readonly forMs: number;
  readonly load: Load;
  readonly execArgv?: readonly string[];
}): Promise<{ readonly deviation: Spread; readonly latestMs: number; readonly lateness: Spread }> {
  await using lab = await createLab();
  const { nodes, wire } = await twoNodes(lab);
  const { intervalMs } = options;
  const settings = routerSettings({ version: 3, intervalMs, priority: 150 });
  await using role = await startRole({ namespace: nodes[0].namespace, ...argumentsOf(options) });
  await role.configure({ routers: [settings] });
  await role.becomes("MASTER");
  await sleep(1000);
  const endLoad = await startLoad(options.load);
  await sleep(300);
  const from = wire.frames.length;
  await sleep(options.forMs);
  const adverts = wire.frames.slice(from).filter(isAdvert);
  await endLoad();
  const { lateness } = await role.status();
  await role.stop();
  const spacings = adverts.slice(1).map((advert, at) => advert.atMs - (adverts[at]?.atMs ?? 0));
  return {
    deviation: spreadOf(spacings.map((spacing) => Math.abs(spacing - intervalMs))),
    latestMs: Math.max(...spacings) - intervalMs,
    lateness,
  };
}

/** From the start of the process to the first advert of a lone node, beyond its down interval, ms; it is told its configuration at once. */
export async function measureStart(options: { readonly intervalMs: number; readonly times: number }): Promise<Spread> {
  const { intervalMs } = options;
  await using lab = await createLab();
  const { nodes, wire } = await twoNodes(lab);
  const settings = routerSettings({ version: 3, intervalMs, priority: 150 });
  const found: number[] = [];
  for (let time = 0; time < options.times; time++) {
    const from = wire.frames.length;
    await bundleRole();
    const startedMs = timeOfDayMs();
    await using role = await startRole({ namespace: nodes[0].namespace });
    await role.configure({ routers: [settings] });
    const advert = await wire.frame(isAdvert, { from });
    found.push(advert.atMs - startedMs - masterDownMs(settings, intervalMs));
    await role.stop();
    await sleep(50);
  }
  return spreadOf(found);
}

/** How the master goes: killed without a word, or told to stop. */
export type Departure = "kill" | "stop";

export type Takeover = {
  /** First advert of the backup, after the last of the master, beyond what the protocol allows. */
  readonly overMs: number;
  /** From that advert to the first announcement of the address. */
  readonly announcedMs: number;
};

/** The master goes, `times` times; its backup of priority 100 takes over. */
export async function measureTakeovers(options: {
  readonly intervalMs: number;
  readonly times: number;
  readonly departure: Departure;
  readonly load?: Load;
  readonly execArgv?: readonly string[];
}): Promise<readonly Takeover[]> {
  const { intervalMs } = options;
  await using lab = await createLab();
  const { nodes, wire } = await twoNodes(lab);
  const [first, second] = [150, 100].map((priority) => routerSettings({ version: 3, intervalMs, priority }));
  if (first === undefined || second === undefined) throw new RangeError("two nodes");
  await using backup = await startRole({ namespace: nodes[1].namespace, ...argumentsOf(options) });
  const endLoad = await startLoad(options.load ?? "idle");
  const found: Takeover[] = [];
  for (let time = 0; time < options.times; time++) {
    await using master = await startRole({ namespace: nodes[0].namespace, ...argumentsOf(options) });
    await master.configure({ routers: [first] });
    await master.becomes("MASTER");
    if (time === 0) await backup.configure({ routers: [second] });
    await backup.becomes("BACKUP", { from: Math.max(0, backup.events.length - 3) });
    await sleep(300 + Math.random() * intervalMs);
    found.push(await depart(master, options.departure, { wire, second, nodes }));
    await sleep(50);
  }
  await endLoad();
  await backup.stop();
  return found;
}

type Scene = { readonly wire: Capture; readonly second: RouterSettings; readonly nodes: readonly LabNode[] };

async function depart(master: VrrpRole, departure: Departure, { wire, second }: Scene): Promise<Takeover> {
  const from = wire.frames.length;
  if (departure === "kill") master.signal("SIGKILL");
  else master.say({ type: "stop", hurry: false });
  const taken = await wire.frame((frame): frame is AdvertFrame => isAdvert(frame) && frame.source === "10.0.0.2", {
    from,
  });
  const last = wire.adverts().findLast((advert) => advert.source === "10.0.0.1" && advert.atMs < taken.atMs);
  const announced = await wire.frame(announces(VIP), { from: wire.frames.indexOf(taken) });
  const timing = { version: second.version, priority: second.priority, downAdverts: second.downAdverts };
  const allowedMs = departure === "kill" ? masterDownMs(timing, second.intervalMs) : skewMs(timing, second.intervalMs);
  return { overMs: taken.atMs - (last?.atMs ?? Number.NaN) - allowedMs, announcedMs: announced.atMs - taken.atMs };
}

async function twoNodes(lab: Lab): Promise<{ readonly nodes: readonly [LabNode, LabNode]; readonly wire: Capture }> {
  const lan = await lab.lan("front");
  const a = await lab.node("a");
  const b = await lab.node("b");
  await a.attach(lan, { addresses: ["10.0.0.1/24"] });
  await b.attach(lan, { addresses: ["10.0.0.2/24"] });
  return { nodes: [a, b], wire: await lan.capture() };
}

/** @returns what ends it */
export async function startLoad(load: Load): Promise<() => Promise<void>> {
  switch (load) {
    case "idle":
      return async () => {};
    case "busy": {
      const busy = Array.from({ length: availableParallelism() }, () => spawn("sh", ["-c", "while :; do :; done"]));
      return async () => endAll(busy);
    }
    case "rtnl":
      return holdRtnl();
  }
}

/** 200 ms at a time, with 20 ms between (`hold-rtnl.c`): without it no address can be set in any namespace. */
async function holdRtnl(): Promise<() => Promise<void>> {
  const program = join(tmpdir(), `hold-rtnl-${process.pid}`);
  execFileSync("cc", ["-O1", "-pthread", "-o", program, join(import.meta.dirname, "hold-rtnl.c")]);
  const holder = spawn(program, ["200", "20"], { stdio: ["ignore", "pipe", "inherit"] });
  await new Promise((held, failed) => {
    holder.stdout.once("data", held);
    holder.once("exit", () => failed(new Error("Cannot hold rtnl")));
  });
  return async () => {
    holder.kill("SIGKILL");
    await rm(program, { force: true });
  };
}

function endAll(children: readonly ChildProcess[]): void {
  for (const child of children) child.kill("SIGKILL");
}

function argumentsOf(options: { readonly execArgv?: readonly string[] }): { readonly execArgv?: readonly string[] } {
  return options.execArgv === undefined ? {} : { execArgv: options.execArgv };
}

function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
