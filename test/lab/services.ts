/** What stands around the directors: web servers, a mail relay, and a client that keeps asking. Each is a process in a node. */
import { join } from "node:path";
import { decodeMail, type Mail } from "./mail.ts";
import type { LabNode } from "./net.ts";
import { type Process, timeOfDayMs } from "./process.ts";

const PEERS = join(import.meta.dirname, "peers");
const NODE = join(import.meta.dirname, "../../node_modules/.bin/node");
const READY = { timeoutMs: 30_000 };

/** `ok`; a status; accepts and never answers; a byte in 200 ms; resets the connection. */
export type WebMode = "ok" | `${number}` | "stall" | "drip" | "reset";

export type WebServer = {
  readonly node: LabNode;
  readonly address: string;
  readonly port: number;
  /** Takes effect before it resolves. */
  setMode(mode: WebMode): Promise<void>;
  /** How many requests it has got since it was started. */
  requests(): number;
  /** SIGKILL: from now on connections are refused. Resolves when the process is gone. */
  kill(): Promise<void>;
  /** After `kill`, the same again. */
  start(): Promise<void>;
};

export async function startWebServer(
  node: LabNode,
  options: { readonly address: string; readonly port: number; readonly page: string },
): Promise<WebServer> {
  const { address, port, page } = options;
  const peer = await startPeer(node, "web.ts", [address, String(port), page]);
  return {
    node,
    address,
    port,
    setMode: peer.setMode,
    requests: () => peer.process().lines.filter((line) => line.text.startsWith("request ")).length,
    kill: peer.kill,
    start: peer.start,
  };
}

/** `ok`; takes a connection and is silent; 451; 550; hangs up in the middle. */
export type SmtpMode = "ok" | "stall" | "later" | "never" | "drop";

export type SmtpServer = {
  readonly node: LabNode;
  /** All that was received, in order, also before a restart. */
  mails(): readonly Mail[];
  /** The first mail that `wanted` accepts, of those from number `from` on (default: all); waits up to `timeoutMs` (default 10,000). */
  mail(
    wanted: (mail: Mail) => boolean,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<Mail>;
  /** How many connections it has seen since it was started. */
  connections(): number;
  setMode(mode: SmtpMode): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
};

export async function startSmtpServer(
  node: LabNode,
  { address, port = 25 }: { readonly address: string; readonly port?: number },
): Promise<SmtpServer> {
  const peer = await startPeer(node, "smtp.ts", [address, String(port)]);
  const mails = () => peer.lines().flatMap((line) => (line.text.startsWith("{") ? [decodeMail(line)] : []));
  return {
    node,
    mails,
    mail: (wanted, { from = 0, timeoutMs = 10_000 } = {}) => {
      const look = () => mails().slice(from).find(wanted);
      return eventually(
        look,
        timeoutMs,
        () =>
          `No such mail; received: ${mails()
            .map((one) => one.subject)
            .join(", ")}`,
      );
    },
    connections: () => peer.process().lines.filter((line) => line.text.startsWith("connection ")).length,
    setMode: peer.setMode,
    kill: peer.kill,
    start: peer.start,
  };
}

/** One request: when it began (time of day), how long it took, and who answered or why nobody did. */
export type Answer = {
  readonly atMs: number;
  readonly tookMs: number;
  /** The page, by which the servers are told apart. */
  readonly by: string | undefined;
  readonly why: string | undefined;
};

/** From the beginning of the first request that failed to the beginning of the next one that was answered. */
export type Outage = { readonly fromMs: number; readonly toMs: number; readonly failed: number };

export type HttpProbe = {
  /** In the order in which the requests began. */
  answers(): readonly Answer[];
  /** Those that began at or after `sinceMs`; the last one lasts until now if it is not over. */
  outages(sinceMs?: number): readonly Outage[];
  /** The first answer of a request that began at or after `sinceMs` and that `wanted` accepts; waits up to `timeoutMs` (default 10,000). */
  answer(
    wanted: (answer: Answer) => boolean,
    options?: { readonly sinceMs?: number; readonly timeoutMs?: number },
  ): Promise<Answer>;
  stop(): Promise<void>;
};

export async function startHttpProbe(
  node: LabNode,
  options: { readonly url: string; readonly intervalMs?: number; readonly timeoutMs?: number },
): Promise<HttpProbe> {
  const { url, intervalMs = 50, timeoutMs: patience = 1000 } = options;
  const { hostname, port, pathname } = new URL(url);
  const words = [hostname.replace(/[[\]]/g, ""), port || "80", pathname, String(intervalMs), String(patience)];
  const client = node.start([NODE, join(PEERS, "probe.ts"), ...words]);
  await client.line(/^asking/, READY);
  const decoded: Answer[] = [];
  let read = 0;
  const answers = () => {
    for (const { text } of client.lines.slice(read)) if (text.startsWith("{")) decoded.push(decodeAnswer(text));
    if (read !== client.lines.length) decoded.sort(byTime);
    read = client.lines.length;
    return decoded;
  };
  return {
    answers,
    outages: (sinceMs = 0) => outagesOf(answers().filter((one) => one.atMs >= sinceMs)),
    answer: (wanted, { sinceMs = 0, timeoutMs = 10_000 } = {}) => {
      const look = () => answers().find((one) => one.atMs >= sinceMs && wanted(one));
      return eventually(
        look,
        timeoutMs,
        () => `No such answer of ${url}; the last: ${JSON.stringify(answers().slice(-5))}`,
      );
    },
    stop: async () => void (await client.stop()),
  };
}

function decodeAnswer(text: string): Answer {
  const { at, took, by, why } = JSON.parse(text);
  return { atMs: at, tookMs: took, by, why };
}

function byTime(a: Answer, b: Answer): number {
  return a.atMs - b.atMs;
}

export function outagesOf(answers: readonly Answer[], nowMs = timeOfDayMs()): readonly Outage[] {
  const outages: Outage[] = [];
  let open: { readonly fromMs: number; readonly failed: number } | undefined;
  for (const { atMs, by } of answers) {
    if (by === undefined) open = { fromMs: open?.fromMs ?? atMs, failed: (open?.failed ?? 0) + 1 };
    else if (open !== undefined) {
      outages.push({ ...open, toMs: atMs });
      open = undefined;
    }
  }
  if (open !== undefined) outages.push({ ...open, toMs: nowMs });
  return outages;
}

/** Looks every 10 ms until there is something. @throws when `timeoutMs` are over */
export async function eventually<T>(
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  why: () => string,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`${why()} (waited ${timeoutMs} ms)`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

type Peer = {
  process(): Process;
  /** Of this process and those before it. */
  lines(): Process["lines"];
  setMode(mode: string): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
};

/** A server that can be told its mode, killed and started again. */
async function startPeer(node: LabNode, file: string, args: readonly string[]): Promise<Peer> {
  const before: Process["lines"][number][] = [];
  const launch = async () => {
    const server = node.start([NODE, join(PEERS, file), ...args]);
    await server.line(/^listening/, READY);
    return server;
  };
  let running = await launch();
  return {
    process: () => running,
    lines: () => [...before, ...running.lines],
    setMode: async (mode) => {
      const from = running.lines.length;
      running.say(mode);
      await running.line(/^mode /, { from });
    },
    kill: async () => {
      running.signal("SIGKILL");
      await running.exited;
    },
    start: async () => {
      before.push(...running.lines);
      running = await launch();
    },
  };
}
