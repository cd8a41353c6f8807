/** This machine as the configuration asks about it: interfaces, accounts, what lies on the way to a script. */
import { lstatSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Prefix, parseIp } from "../base/address.ts";
import type { MachineView } from "../config/machine.ts";
import type { NetworkView } from "../config/meaning/view.ts";
import type { PathEntry } from "../config/script-path.ts";
import { findAccount, findGroup } from "./accounts.ts";
import { namespacePath } from "./namespaces.ts";

/** Answers are remembered: make a new one for each reading. */
export function machineView(): MachineView & NetworkView {
  const interfaces = new Set(interfaceNames());
  let addresses: ReadonlyMap<string, readonly Prefix[]> | undefined;
  return {
    hasInterface: (name) => interfaces.has(name),
    networkNamespace: whereIs,
    hasUser: remembered((name) => findAccount(name) !== undefined),
    hasGroup: remembered((name) => findGroup(name) !== undefined),
    entry: remembered(entryOf),
    addressesOf(device) {
      addresses ??= addressesByInterface();
      return addresses.get(device) ?? [];
    },
    latenessMs: () => measureLateness(LATENESS_TEST_MS),
    searchPath: ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
  };
}

function addressesByInterface(): ReadonlyMap<string, readonly Prefix[]> {
  const found = new Map<string, Prefix[]>();
  for (const [name, entries] of Object.entries(networkInterfaces())) {
    const device = name.split(":", 1)[0] ?? name; // an address with a label comes under its label
    for (const { address, cidr } of entries ?? []) {
      const ip = parseIp(address.split("%", 1)[0] ?? "");
      if (ip === undefined || cidr === null) continue;
      const list = found.get(device) ?? [];
      list.push({ ip, length: Number(cidr.slice(cidr.indexOf("/") + 1)) });
      found.set(device, list);
    }
  }
  return found;
}

const LATENESS_TEST_MS = 200;

/** Sleeps 1 ms again and again. @returns by how much the latest awakening was late, ms */
function measureLateness(forMs: number): number {
  const bell = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + forMs;
  let worst = 0;
  for (let before = performance.now(); before < end; ) {
    Atomics.wait(bell, 0, 0, 1);
    const now = performance.now();
    worst = Math.max(worst, now - before - 1);
    before = now;
  }
  return worst;
}

function remembered<T>(ask: (name: string) => T): (name: string) => T {
  const answers = new Map<string, { readonly value: T }>();
  return (name) => {
    const answer = answers.get(name) ?? { value: ask(name) };
    answers.set(name, answer);
    return answer.value;
  };
}

function entryOf(path: string): PathEntry | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { uid } = stat;
  const mode = stat.mode & 0o7777;
  if (stat.isSymbolicLink()) return { kind: "link", uid, mode, target: readlinkSync(path) };
  return { kind: stat.isFile() ? "file" : stat.isDirectory() ? "folder" : "other", uid, mode };
}

/** A network namespace is the file that stands for it. */
function whereIs(name: string): "here" | "elsewhere" | "missing" {
  const [named, own] = [namespacePath(name), "/proc/thread-self/ns/net"].map((path) => {
    try {
      return statSync(path);
    } catch {
      return undefined;
    }
  });
  if (named === undefined) return "missing";
  return named.ino === own?.ino && named.dev === own.dev ? "here" : "elsewhere";
}

/** By procfs: sysfs goes on showing the network namespace in which it was mounted. */
function interfaceNames(): readonly string[] {
  try {
    const lines = readFileSync("/proc/thread-self/net/dev", "utf8").split("\n");
    return lines.filter((line) => line.includes(":")).map((line) => line.slice(0, line.indexOf(":")).trim());
  } catch {
    return []; // no procfs: nothing is known to exist
  }
}
