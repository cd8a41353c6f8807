/** vipd and keepalived in nodes of the lab: started, asked, told apart from what is said on the wire. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AdvertFrame, type AnyFrame, type ArpFrame, announces, type Capture, isAdvert } from "./capture.ts";
import type { LabNode, Link, Output } from "./net.ts";
import { type Line, type Process, timeOfDayMs } from "./process.ts";
import { eventually } from "./services.ts";

const TOP = join(import.meta.dirname, "../..");
export const NODE = join(TOP, "node_modules/.bin/node");
export const VIPD = [NODE, join(TOP, "dist/vipd.js")] as const;

/** How late something may be that the protocol times to the millisecond: the guest has one slow processor. */
export const LATE_MS = 100;
/** Programs start slowly in the guest. */
const START_MS = 30_000;

export type Role = "vipd" | "vrrp" | "checkers" | "mailer";

export type Vipd = {
  readonly node: LabNode;
  readonly process: Process;
  /** The file it reads, free to be rewritten. */
  readonly file: string;
  readonly stateDir: string;
  /** The first line of the log that matches, of those that came after `sinceMs` (default: all); waits up to `timeoutMs` (default 10,000). */
  said(pattern: RegExp, options?: { readonly sinceMs?: number; readonly timeoutMs?: number }): Promise<Line>;
  /** What the log has said since then, that matches. */
  lines(pattern: RegExp, sinceMs?: number): readonly string[];
  /** The process of a role, or undefined where there is none. */
  pid(role: Role): Promise<number | undefined>;
  /** Sends it SIGHUP, and waits until the file is in force. */
  reload(text?: string): Promise<void>;
  /** `vipd COMMAND …` */
  command(...words: readonly string[]): Promise<Output>;
  /** SIGTERM. Resolves at its end. */
  stop(): Promise<void>;
};

export type VipdOptions = {
  /** Further words of the command line. */
  readonly args?: readonly string[];
  /** Default true: wait until it says that it is ready. */
  readonly ready?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

/** @param config the text of its file */
export async function startVipd(node: LabNode, config: string, options: VipdOptions = {}): Promise<Vipd> {
  const file = await node.write("vipd.conf", config);
  const stateDir = join(node.folder, "state");
  const folders = ["--run-dir", "/run/vipd", "--state-dir", stateDir];
  const process = node.start([...VIPD, "-f", file, "-n", "-l", ...folders, ...(options.args ?? [])], options.env);
  if (options.ready !== false) await process.line(/daemon\.ready/, { timeoutMs: START_MS });
  const said: Vipd["said"] = (pattern, { sinceMs = 0, timeoutMs = 10_000 } = {}) =>
    eventually(
      () => process.lines.find(({ atMs, text }) => atMs >= sinceMs && pattern.test(text)),
      timeoutMs,
      () => `vipd on ${node.name} did not say ${pattern}; it said:\n${process.output().slice(-4000)}`,
    );
  return {
    node,
    process,
    file,
    stateDir,
    said,
    lines: (pattern, sinceMs = 0) =>
      process.lines.flatMap(({ atMs, text }) => (atMs >= sinceMs && pattern.test(text) ? [text] : [])),
    pid: (role) => (role === "vipd" ? Promise.resolve(process.pid) : pidOf(node, `vipd: ${role}`)),
    async reload(text) {
      if (text !== undefined) await node.write("vipd.conf", text);
      const sinceMs = timeOfDayMs();
      process.signal("SIGHUP");
      await said(/config\.loaded/, { sinceMs, timeoutMs: START_MS });
    },
    command: (...words) => node.run([...VIPD, ...words], { check: false }),
    stop: async () => void (await process.stop("SIGTERM", 15_000)),
  };
}

/** A vipd that is expected not to start: what it says, and its exit code. */
export async function refusedVipd(node: LabNode, args: readonly string[]): Promise<Output> {
  return node.run([...VIPD, ...args], { check: false });
}

async function pidOf(node: LabNode, title: string): Promise<number | undefined> {
  for (const pid of await node.pids()) {
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (command.replaceAll("\0", " ").trim() === title) return pid;
  }
  return undefined;
}

/** @param name of its file; pid files of an earlier one that was killed are removed, for they may stop it */
export async function startKeepalived(node: LabNode, config: string, args: readonly string[] = []): Promise<Process> {
  const file = await node.write("keepalived.conf", config);
  await node.shell("rm -f /run/keepalived.pid /run/vrrp.pid /run/checkers.pid /run/keepalived/*.pid");
  const pids = ["-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid", "-c", "/run/checkers.pid"];
  const keepalived = node.start(["keepalived", "-n", "-l", "-D", "-G", "-f", file, ...pids, ...args]);
  await keepalived.line(/Entering BACKUP STATE|Entering FAULT STATE/, { timeoutMs: START_MS });
  return keepalived;
}

export async function holds(node: LabNode, address: string): Promise<boolean> {
  const { stdout } = await node.run(["ip", "-o", "address", "show", "to", address]);
  return stdout.includes(` ${address}/`);
}

/** Waits until it is so. */
export async function untilHolds(node: LabNode, address: string, yes = true, timeoutMs = 15_000): Promise<void> {
  await eventually(
    async () => ((await holds(node, address)) === yes ? true : undefined),
    timeoutMs,
    () => `${node.name} should ${yes ? "" : "not "}have ${address}`,
  );
}

/** `ipvsadm -Sn`, one command a line, sorted. */
export async function ipvsOf(node: LabNode): Promise<readonly string[]> {
  const { stdout } = await node.run(["ipvsadm", "-S", "-n"]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

/** Adverts of this address that claim mastership: not a resignation. @param vrid only of this one */
export function claims(source: string, vrid?: number): (frame: AnyFrame) => frame is AdvertFrame {
  return (frame): frame is AdvertFrame =>
    isAdvert(frame) && frame.source === source && frame.priority > 0 && (vrid === undefined || frame.vrid === vrid);
}

export function resigns(source: string, vrid?: number): (frame: AnyFrame) => frame is AdvertFrame {
  return (frame): frame is AdvertFrame =>
    isAdvert(frame) && frame.source === source && frame.priority === 0 && (vrid === undefined || frame.vrid === vrid);
}

/** A gratuitous ARP for the address, sent by this link. */
export function announcedBy(link: Link, address: string): (frame: AnyFrame) => frame is ArpFrame {
  return (frame): frame is ArpFrame => announces(address)(frame) && frame.sourceMac === link.mac;
}

/** The last advert that claims mastership of `source` before `beforeMs`. */
export function lastClaim(wire: Capture, source: string, beforeMs: number): AdvertFrame {
  const last = wire.adverts().findLast((frame) => claims(source)(frame) && frame.atMs < beforeMs);
  if (last === undefined) throw new Error(`${source} has sent no advert`);
  return last;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
