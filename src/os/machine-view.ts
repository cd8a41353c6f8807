/** This machine as the configuration asks about it: interfaces, accounts, what lies on the way to a script. */
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import type { MachineView } from "../config/machine.ts";
import type { PathEntry } from "../config/script-path.ts";
import { findAccount, findGroup } from "./accounts.ts";

/** Answers are remembered: make a new one for each reading. */
export function machineView(): MachineView {
  const interfaces = new Set(foldersOf("/sys/class/net"));
  return {
    hasInterface: (name) => interfaces.has(name),
    hasUser: remembered((name) => findAccount(name) !== undefined),
    hasGroup: remembered((name) => findGroup(name) !== undefined),
    entry: remembered(entryOf),
    searchPath: ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"],
  };
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

function foldersOf(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // no sysfs: nothing is known to exist
  }
}
