/** What must hold on this machine before vipd does anything: privileges, folders, nobody else at the same work. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { CAP, capabilities, enterNamespace } from "dgram-ext";
import { systemErrorCode } from "../os/errors.ts";
import { makeFolder } from "../os/files.ts";
import { namespacePath } from "../os/namespaces.ts";
import { causeAndRemedy } from "../os/remedies.ts";
import type { DaemonOptions } from "./daemon-options.ts";

/** A start that is refused: one line for people, and the exit code. */
export class Refusal extends Error {
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** 1 fatal or already running, 2 configuration, 4 permission, 70 our bug (decision 11). */
export const EXIT = { stopped: 0, fatal: 1, configuration: 2, permission: 4, bug: 70 } as const;

/** @throws {Refusal} */
export function checkPrivileges(options: DaemonOptions): void {
  if (options.dryRun === "all") return;
  const held = new Set(capabilities());
  const missing = (["NET_ADMIN", "NET_RAW"] as const).filter((name) => !held.has(CAP[name]));
  if (missing.length === 0) return;
  const names = missing.map((name) => `CAP_${name}`).join(" and ");
  throw new Refusal(
    EXIT.permission,
    `Cannot run without ${names}: start vipd as root, or with --dry-run, which changes nothing`,
  );
}

/** @throws {Refusal} */
export function makeRunDir(options: DaemonOptions): void {
  try {
    makeFolder(options.runDir, 0o755);
  } catch (error) {
    const asRoot = process.getuid?.() === 0 ? "" : "start vipd as root, or ";
    const why = causeAndRemedy(error, `${asRoot}name a folder of yours with --run-dir`);
    throw new Refusal(EXIT.permission, `Cannot make the folder ${options.runDir}: ${why}`);
  }
}

/** Moves vipd, and the processes it starts from now on, into a network namespace. @throws {Refusal} */
export function enterNetwork(name: string): void {
  try {
    enterNamespace(namespacePath(name), "network");
  } catch (error) {
    const code = systemErrorCode(error);
    const remedy = code === "ENOENT" ? `create it with "ip netns add ${name}"` : "start vipd as root";
    throw new Refusal(EXIT.fatal, `Cannot enter the network namespace ${name}: ${code}; ${remedy}`);
  }
}

/** What people and another vipd see in the list of processes: at most 15 characters (TASK_COMM_LEN). */
export function processName({ dryRun, only }: Pick<DaemonOptions, "dryRun" | "only">): string {
  if (dryRun === "all") return "vipd: dry run";
  return only === "vrrp" ? "vipd -P" : only === "checkers" ? "vipd -C" : "vipd";
}

/** Each would sweep what the other made. @param name what this one is called @throws {Refusal} */
export function refuseBesideVipd(name: string): void {
  const rivals = name === "vipd" ? ["vipd", "vipd -P", "vipd -C"] : ["vipd", name];
  // a command of vipd is called so, too, while the shell that starts it runs; a daemon's whole title is its name
  const found = rivals
    .flatMap(processesNamed)
    .find(({ pid, command }) => pid !== process.pid && rivals.includes(command) && isTrusted(pid) && sameNetwork(pid));
  if (found === undefined) return;
  throw new Refusal(
    EXIT.fatal,
    `Cannot start: another vipd works in this network namespace (pid ${found.pid}), and each would take away what the other holds; ` +
      "stop it, start this one in a namespace of its own (-s NAME), or try it with --dry-run",
  );
}

/** Whoever has no privilege may call a process what he likes, and run what has some: its real user tells. */
function isTrusted(pid: number): boolean {
  const real = /^Uid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`) ?? "")?.[1];
  return real === "0" || real === String(process.getuid?.());
}

/** Both daemons would be master: neither hears the other on one machine. @throws {Refusal} */
export function refuseBesideKeepalived(): void {
  const found = processesNamed("keepalived").find(({ pid }) => sameNetwork(pid));
  if (found === undefined) return;
  throw new Refusal(
    EXIT.fatal,
    `Cannot start: keepalived runs in this network namespace (pid ${found.pid}: ${found.command}), and both would hold the same addresses; ` +
      'stop it with "systemctl disable --now keepalived", or try vipd beside it with --dry-run',
  );
}

type Found = { readonly pid: number; readonly command: string };

function processesNamed(name: string): readonly Found[] {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.flatMap((pid) => {
    if (textOf(`/proc/${pid}/comm`) !== `${name}\n`) return [];
    const command = textOf(`/proc/${pid}/cmdline`)?.replaceAll("\0", " ").trim() ?? name;
    return [{ pid: Number(pid), command: command.slice(0, 200) }];
  });
}

function sameNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync("/proc/self/ns/net");
  } catch (error) {
    systemErrorCode(error);
    return false;
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // it has ended meanwhile
  }
}
