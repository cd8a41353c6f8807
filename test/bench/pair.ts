/** Two directors with the same daemon on one LAN, A preferred: takeovers after SIGKILL and SIGTERM, and the start of a lone node. */
import { type AdvertFrame, type AnyFrame, announces, type Capture, isAdvert } from "../lab/capture.ts";
import { createLab, type LabNode, type Link } from "../lab/net.ts";
import { type Daemon, type DaemonName, startDaemon } from "./daemons.ts";
import { type Figures, medianOf, sleep, worstOf } from "./figures.ts";
import { longest, stoodStill, watchStalls } from "./stalls.ts";

export const VIP = "10.0.0.9";
const A = { address: "10.0.0.1", priority: 150 };
const B = { address: "10.0.0.2", priority: 100 };

export type Director = {
  readonly node: LabNode;
  readonly link: Link;
  readonly address: string;
  start(): Promise<Daemon>;
};

export type Pair = {
  readonly a: Director;
  readonly b: Director;
  /** A node without a daemon, on the same LAN. */
  readonly client: LabNode;
  readonly wire: Capture;
  [Symbol.asyncDispose](): Promise<void>;
};

/** @param more further text of each configuration @param filter what the wire's capture keeps */
export async function openPair(
  daemon: DaemonName,
  options: { readonly intervalMs: number; readonly more?: string; readonly filter?: string },
): Promise<Pair> {
  const lab = await createLab();
  try {
    const lan = await lab.lan("front");
    const director = async (name: string, { address, priority }: typeof A): Promise<Director> => {
      const node = await lab.node(name);
      const link = await node.attach(lan, { addresses: [`${address}/24`] });
      const text = `${instance({ name: "VI_1", vrid: 51, vip: VIP, priority, ...options })}${options.more ?? ""}`;
      const config = await node.write("bench.conf", text);
      return { node, link, address, start: () => startDaemon(daemon, node, config, { onlyVrrp: true }) };
    };
    const a = await director("a", A);
    const b = await director("b", B);
    const client = await lab.node("client");
    await client.attach(lan, { addresses: ["10.0.0.10/24"] });
    await client.sysctl("net.ipv4.conf.all.arp_accept", 1);
    return { a, b, client, wire: await lan.capture(options.filter), [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

export type Instance = {
  readonly name: string;
  readonly vrid: number;
  readonly vip: string;
  readonly priority: number;
  readonly intervalMs: number;
};

export function instance({ name, vrid, vip, priority, intervalMs }: Instance): string {
  return `vrrp_instance ${name} {
    version 3
    state BACKUP
    interface eth0
    virtual_router_id ${vrid}
    priority ${priority}
    advert_int ${intervalMs / 1000}
    virtual_ipaddress {
        ${vip}/24
    }
}
`;
}

/** RFC 9568 §6.1 */
export function skewMs(priority: number, intervalMs: number): number {
  return ((256 - priority) * intervalMs) / 256;
}

/** A stall is told when it is over, through a pipe. */
const STALL_TOLD_MS = 50;

export function masterDownMs(priority: number, intervalMs: number): number {
  return 3 * intervalMs + skewMs(priority, intervalMs);
}

/** An advert of VI_1 by this director; `priority` 0 only if it is asked for. */
export function advertOf({ address }: Pick<Director, "address">, resigning = false) {
  return (frame: AnyFrame): frame is AdvertFrame =>
    isAdvert(frame) && frame.source === address && frame.vrid === 51 && (frame.priority === 0) === resigning;
}

/** A is master and B its backup, for some time. @returns A's daemon */
export async function settle(pair: Pair, daemon: Daemon | undefined, intervalMs: number): Promise<Daemon> {
  const { a, b, wire } = pair;
  const from = wire.frames.length;
  const running = daemon ?? (await a.start());
  await wire.frame(advertOf(a), { from, timeoutMs: 30_000 });
  for (;;) {
    const mark = wire.frames.length;
    await sleep(Math.max(300, 3 * intervalMs));
    const seen = wire.frames.slice(mark);
    if (seen.some(advertOf(a)) && !seen.some(advertOf(b))) return running;
  }
}

/**
 * How the master goes: every process of it killed at once, or told to stop. Where the machine itself stood still between the last advert and
 * the takeover, the round is told apart and made again (`raw…` has all of them).
 */
export async function measureTakeovers(
  daemon: DaemonName,
  {
    how,
    intervalMs,
    times,
  }: { readonly how: "SIGKILL" | "SIGTERM"; readonly intervalMs: number; readonly times: number },
): Promise<Figures> {
  await using pair = await openPair(daemon, { intervalMs });
  const { a, b, wire } = pair;
  await b.start();
  await using watch = await watchStalls();
  const over: number[] = [];
  const rawOver: number[] = [];
  const announced: number[] = [];
  while (over.length < times && rawOver.length < 2 * times) {
    const master = await settle(pair, undefined, intervalMs);
    await sleep(Math.random() * intervalMs);
    const from = wire.frames.length;
    if (how === "SIGKILL") await a.node.kill();
    else master.process.signal("SIGTERM");
    const taken = await wire.frame(advertOf(b), { from, timeoutMs: 30_000 });
    const first = await wire.frame(announces(VIP), { from: wire.frames.indexOf(taken) });
    const last = wire.frames.slice(0, wire.frames.indexOf(taken)).findLast(advertOf(a, how === "SIGTERM"));
    const allowed = how === "SIGKILL" ? masterDownMs(B.priority, intervalMs) : skewMs(B.priority, intervalMs);
    const overMs = taken.atMs - (last?.atMs ?? Number.NaN) - allowed;
    rawOver.push(overMs);
    await sleep(STALL_TOLD_MS);
    if (!stoodStill(watch.stalls(), (last?.atMs ?? 0) - intervalMs, first.atMs)) {
      over.push(overMs);
      announced.push(first.atMs - taken.atMs);
    }
    if (how === "SIGTERM") await master.process.exited;
  }
  return {
    times: over.length,
    overMedian: medianOf(over),
    overWorst: worstOf(over),
    rawWorst: worstOf(rawOver),
    stalled: rawOver.length - over.length,
    machine: longest(watch.stalls()),
    announcedMedian: medianOf(announced),
    announcedWorst: worstOf(announced),
  };
}

/** exec → first advert of a node that nobody answers, beyond Master_Down_Interval. */
export async function measureStart(daemon: DaemonName, intervalMs: number, times: number): Promise<Figures> {
  await using pair = await openPair(daemon, { intervalMs });
  const { a, wire } = pair;
  const over: number[] = [];
  for (let time = 0; time < times; time++) {
    const from = wire.frames.length;
    const { execMs } = await a.start();
    const first = await wire.frame(advertOf(a), { from, timeoutMs: 30_000 });
    over.push(first.atMs - execMs - masterDownMs(A.priority, intervalMs));
    await sleep(300);
    await a.node.kill();
  }
  return { times, overMedian: medianOf(over), overWorst: worstOf(over) };
}
