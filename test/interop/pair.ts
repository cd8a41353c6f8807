/**
 * Two directors on a wire, one vipd and one Debian's keepalived, that read the same file: lines that begin with `@a` and `@b`
 * are for one of them (`-i`). A is the one with the higher priority.
 *
 *     front 10.0.0.0/24   a .1   b .2   client .10   virtual address .50
 */
import type { Capture } from "../lab/capture.ts";
import { claims, LATE_MS, startKeepalived, startVipd, untilHolds, type Vipd } from "../lab/daemons.ts";
import { createLab, type Lab, type LabNode, type Lan, type Link } from "../lab/net.ts";
import type { Process } from "../lab/process.ts";

export const VIP = "10.0.0.50";
export const PRIORITY = { a: 150, b: 100 } as const;

export type Kind = "vipd" | "keepalived";

export type Director = {
  readonly id: "a" | "b";
  readonly address: string;
  readonly node: LabNode;
  readonly link: Link;
  /** Starts the daemon of this kind. */
  start(kind: Kind, config: string): Promise<void>;
  vipd(): Vipd;
  /** SIGKILL to all of its processes at once. */
  kill(): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
};

export type Pair = {
  readonly lab: Lab;
  readonly front: Lan;
  readonly a: Director;
  readonly b: Director;
  readonly client: LabNode;
  readonly wire: Capture;
};

export async function openPair(): Promise<Pair> {
  const lab = await createLab();
  try {
    const front = await lab.lan("front");
    const a = await director(lab, front, "a", 1);
    const b = await director(lab, front, "b", 2);
    const client = await lab.node("client");
    await client.attach(front, { addresses: ["10.0.0.10/24"] });
    await client.sysctl("net.ipv4.conf.all.arp_accept", 1);
    return { lab, front, a, b, client, wire: await front.capture("vrrp or arp") };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function director(lab: Lab, front: Lan, id: "a" | "b", host: number): Promise<Director> {
  const node = await lab.node(id);
  const address = `10.0.0.${host}`;
  const link = await node.attach(front, { addresses: [`${address}/24`] });
  let running: { readonly process: Process; readonly vipd: Vipd | undefined } | undefined;
  return {
    id,
    address,
    node,
    link,
    async start(kind, config) {
      if (kind === "vipd") {
        const vipd = await startVipd(node, config, { args: ["-i", id] });
        running = { process: vipd.process, vipd };
      } else running = { process: await startKeepalived(node, config, ["-i", id]), vipd: undefined };
    },
    vipd() {
      if (running?.vipd === undefined) throw new Error(`there is no vipd on ${id}`);
      return running.vipd;
    },
    kill: () => node.kill(),
    stop: async () => void (await running?.process.stop("SIGTERM", 15_000)),
  };
}

const KEEPALIVED_LATE_MS = 1000;

/** How late a daemon may be: keepalived has no realtime priority, and waits while the other one starts or stops on the guest's one processor. */
export function lateMs(kind: Kind): number {
  return kind === "vipd" ? LATE_MS : KEEPALIVED_LATE_MS;
}

/** Who of the two has the virtual address. */
export async function settled({ a, b, wire }: Pair, master: Director, address = VIP): Promise<void> {
  const from = wire.frames.length;
  await untilHolds(master.node, address);
  await untilHolds((master === a ? b : a).node, address, false);
  await wire.frame(claims(master.address), { from });
}

/** Master_Down_Interval (RFC 9568 §6.1; RFC 3768 §6.1) of a router with this priority. */
export function downMs(version: 2 | 3, intervalMs: number, priority: number): number {
  return 3 * intervalMs + skewMs(version, intervalMs, priority);
}

export function skewMs(version: 2 | 3, intervalMs: number, priority: number): number {
  return ((256 - priority) / 256) * (version === 2 ? 1000 : intervalMs);
}

/** @param output of ping(8) */
export function lostPings(output: string): number {
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(output) ?? [];
  return Number(sent) - Number(received);
}
