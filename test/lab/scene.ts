/**
 * The stage of the demonstration and of the lab's stories: a client, directors A and B, two real servers and one for apologies, a
 * mail relay; two LANs. The files of the directors are those of `etc/examples/demo`.
 *
 *     front 10.9.0.0/24   client .10   A .1   B .2   relay .25   virtual address .100
 *     back  10.9.1.0/24   A .1   B .2   r1 .11   r2 .12   sorry .13   gateway .254 (virtual)
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Capture } from "./capture.ts";
import { createLab, type LabNode, type Link } from "./net.ts";
import type { Process } from "./process.ts";
import {
  type HttpProbe,
  type SmtpServer,
  startHttpProbe,
  startSmtpServer,
  startWebServer,
  type WebServer,
} from "./services.ts";

const TOP = join(import.meta.dirname, "../..");
const NODE = join(TOP, "node_modules/.bin/node");
export const VIP = "10.9.0.100";

export type Director = {
  readonly name: "A" | "B";
  readonly node: LabNode;
  readonly front: Link;
  readonly back: Link;
  readonly address: string;
  /** The file it reads, free to be rewritten. */
  readonly config: string;
  /** Starts vipd, and resolves when it says that it is ready. `onLine` hears its log. */
  start(): Promise<Process>;
  /** Every process of it at once; its addresses and IPVS stay in the kernel. */
  kill(): Promise<void>;
  /** `vipd COMMAND …` against the running daemon. */
  command(
    ...words: readonly string[]
  ): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  holdsVip(): Promise<boolean>;
  /** `ipvsadm -Ln` as it prints. */
  ipvs(): Promise<string>;
};

export type Scene = {
  readonly a: Director;
  readonly b: Director;
  readonly client: LabNode;
  readonly r1: WebServer;
  readonly r2: WebServer;
  readonly sorry: WebServer;
  readonly relay: SmtpServer;
  /** The client's requests to the virtual address, one every 50 ms. */
  readonly probe: HttpProbe;
  /** Adverts and ARP on the front LAN. */
  readonly wire: Capture;
  close(): Promise<void>;
};

/** @param onLine every line of a director's log, as it comes */
export async function openScene(onLine: (director: "A" | "B", line: string) => void): Promise<Scene> {
  const lab = await createLab();
  try {
    const front = await lab.lan("front");
    const back = await lab.lan("back");
    const client = await lab.node("client");
    await client.attach(front, { addresses: ["10.9.0.10/24"] });
    await client.sysctl("net.ipv4.conf.all.arp_accept", 1);
    const director = async (name: "A" | "B", host: number): Promise<Director> => {
      const node = await lab.node(`director-${name.toLowerCase()}`);
      const frontLink = await node.attach(front, { addresses: [`10.9.0.${host}/24`] });
      const backLink = await node.attach(back, { addresses: [`10.9.1.${host}/24`] });
      await node.sysctl("net.ipv4.ip_forward", 1);
      return makeDirector(name, node, frontLink, backLink, `10.9.0.${host}`, onLine);
    };
    const a = await director("A", 1);
    const b = await director("B", 2);
    const server = async (name: string, host: number, page: string): Promise<WebServer> => {
      const node = await lab.node(name);
      await node.attach(back, { addresses: [`10.9.1.${host}/24`], gateway: "10.9.1.254" });
      return startWebServer(node, { address: `10.9.1.${host}`, port: 80, page });
    };
    const r1 = await server("r1", 11, "r1");
    const r2 = await server("r2", 12, "r2");
    const sorry = await server("sorry", 13, "sorry");
    const relayNode = await lab.node("relay");
    await relayNode.attach(front, { addresses: ["10.9.0.25/24"] });
    const relay = await startSmtpServer(relayNode, { address: "10.9.0.25", port: 25 });
    const wire = await front.capture("vrrp or arp");
    const probe = await startHttpProbe(client, { url: `http://${VIP}/`, intervalMs: 50, timeoutMs: 500 });
    return { a, b, client, r1, r2, sorry, relay, probe, wire, close: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

async function makeDirector(
  name: "A" | "B",
  node: LabNode,
  front: Link,
  back: Link,
  address: string,
  onLine: (director: "A" | "B", line: string) => void,
): Promise<Director> {
  const example = join(TOP, `etc/examples/demo/director-${name.toLowerCase()}.conf`);
  const config = await node.write("vipd.conf", readFileSync(example, "utf8"));
  const state = join(node.folder, "state");
  const vipd = [NODE, join(TOP, "dist/vipd.js")];
  const folders = ["--run-dir", "/run/vipd", "--state-dir", state];
  let heard = 0;
  return {
    name,
    node,
    front,
    back,
    address,
    config,
    async start() {
      const daemon = node.start([...vipd, "-f", config, "-n", "-l", ...folders]);
      heard = 0;
      const pump = setInterval(() => {
        for (const { text } of daemon.lines.slice(heard)) onLine(name, text);
        heard = daemon.lines.length;
      }, 20);
      void daemon.exited.finally(() => setTimeout(() => clearInterval(pump), 50));
      await daemon.line(/daemon\.ready/, { timeoutMs: 20_000 });
      return daemon;
    },
    kill: () => node.kill(),
    command: (...words) => node.run([...vipd, ...words, "--run-dir", "/run/vipd"], { check: false }),
    async holdsVip() {
      const { stdout } = await node.run(["ip", "-o", "address", "show", "to", VIP]);
      return stdout.includes(VIP);
    },
    ipvs: async () => (await node.run(["ipvsadm", "-Ln"])).stdout,
  };
}
