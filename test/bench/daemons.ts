/** The two daemons that are compared, started in a node of a lab with the same file. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { LabNode } from "../lab/net.ts";
import type { Process } from "../lab/process.ts";

const TOP = resolve(import.meta.dirname, "../..");
const NODE = join(TOP, "node_modules/.bin/node");
/** A copy that no build replaces while it is measured. */
const DIST = process.env["VIPD_BENCH_DIST"] ?? join(TOP, "dist");

export type DaemonName = "keepalived" | "vipd";
export const DAEMONS: readonly DaemonName[] = ["keepalived", "vipd"];

export type Daemon = {
  readonly process: Process;
  /** Time of day, just before the program was executed. */
  readonly execMs: number;
};

export type DaemonOptions = {
  /** No IPVS is touched; its changes are written to this file, `<unix ns> <genl command number> …` a line. */
  readonly ipvsLog?: string;
  /** Nothing but VRRP (keepalived ends where there is no IPVS). */
  readonly onlyVrrp?: boolean;
  /** The Node that runs vipd, default that of the checkout. */
  readonly node?: string;
};

/** Starts it on a file that lies in the node's folder. */
export async function startDaemon(
  name: DaemonName,
  at: LabNode,
  config: string,
  options: DaemonOptions = {},
): Promise<Daemon> {
  const argv = name === "vipd" ? vipdWords(at, config, options) : await keepalivedWords(at, config, options);
  const process = at.start(["sh", "-c", 'echo exec; exec "$@"', "sh", ...argv]);
  const { atMs } = await process.line(/^exec$/);
  return { process, execMs: atMs };
}

function vipdWords(at: LabNode, config: string, { ipvsLog, node = NODE }: DaemonOptions): readonly string[] {
  const dry = ipvsLog === undefined ? [] : ["--dry-run=ipvs", "--dry-run-log", ipvsLog];
  const folders = ["--run-dir", "/run/vipd", "--state-dir", join(at.folder, "state")];
  return [node, join(DIST, "vipd.js"), "-f", config, "-n", "-l", ...folders, ...dry];
}

/** Its pid files are removed first: after SIGKILL it takes them for those of a running one. */
async function keepalivedWords(
  at: LabNode,
  config: string,
  { ipvsLog, onlyVrrp = false }: DaemonOptions,
): Promise<readonly string[]> {
  const files = ["main", "vrrp", "checkers"].map((role) => `keepalived-${role}.pid`);
  for (const file of files) await rm(join(at.folder, "run", file), { force: true });
  const [main = "", vrrp = "", checkers = ""] = files.map((file) => `/run/${file}`);
  const shim = ipvsLog === undefined ? [] : ["env", `LD_PRELOAD=${noIpvs(at)}`, `NOIPVS_LOG=${ipvsLog}`];
  // -G: without a syslog daemon its lines would go to the console, at half a millisecond each
  const words = ["keepalived", "-n", "-l", "-D", "-G", "-f", config, "-p", main, "-r", vrrp, "-c", checkers];
  return [...shim, ...words, ...(onlyVrrp ? ["-P"] : [])];
}

/** Compiles `no-ipvs.c` beside the node's other files. */
function noIpvs(at: LabNode): string {
  const library = join(at.folder, "no-ipvs.so");
  const source = join(import.meta.dirname, "no-ipvs.c");
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", library, source]);
  return library;
}

/** The process and all below it. */
export function processTree(pid: number): readonly number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}

/** CPU time that the processes have used, every thread of them, in ms. */
export function cpuMs(pids: readonly number[]): number {
  return sum(pids.flatMap((pid) => threadsOf(pid).map((thread) => runMs(pid, thread))));
}

function runMs(pid: number, thread: number): number {
  return Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(" ")[0] || 0) / 1e6;
}

/** Proportional set size of the processes, in MB (of 1024 kB, as /proc counts). */
export function pssMb(pids: readonly number[]): number {
  return sum(pids.map((pid) => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024));
}

function threadsOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return []; // it has ended
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
