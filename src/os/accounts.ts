/** Accounts by name, from /etc/passwd and /etc/group, and through `getent` where they come from a directory service. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export type Account = { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string };

/** @returns undefined where there is no such account on this machine; asks no directory service, so it never waits. */
export function localAccount(name: string): Account | undefined {
  return accountOf(lineOf("/etc/passwd", name));
}

/** The same, also asking the directory services that this machine uses (up to 2 s). */
export function findAccount(name: string): Account | undefined {
  return localAccount(name) ?? accountOf(getent("passwd", name));
}

/** @returns the number of a group, or undefined. A number as text is itself. */
export function findGroup(name: string): number | undefined {
  if (/^\d+$/.test(name)) return Number(name);
  const fields = (lineOf("/etc/group", name) ?? getent("group", name))?.split(":");
  return fields?.[2] === undefined ? undefined : Number(fields[2]);
}

/** @param user a name or a number @returns a message where there is no such account or group */
export function identityOf(
  user: string,
  group: string | undefined,
): { readonly uid: number; readonly gid: number } | string {
  const account = /^\d+$/.test(user) ? { uid: Number(user), gid: Number(user) } : findAccount(user);
  if (account === undefined) return `there is no user ${user} on this machine`;
  const gid = group === undefined ? account.gid : findGroup(group);
  return gid === undefined ? `there is no group ${group} on this machine` : { uid: account.uid, gid };
}

function accountOf(line: string | undefined): Account | undefined {
  const fields = line?.split(":");
  if (fields === undefined || fields.length < 6) return undefined;
  return { name: fields[0] ?? "", uid: Number(fields[2]), gid: Number(fields[3]), home: fields[5] ?? "/" };
}

function lineOf(file: string, name: string): string | undefined {
  return linesOf(file).find((line) => line.startsWith(`${name}:`));
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}

function getent(database: string, name: string): string | undefined {
  try {
    return execFileSync("getent", [database, name], {
      encoding: "utf8",
      timeout: 2000,
      stdio: ["ignore", "pipe", "ignore"],
    }).split("\n")[0];
  } catch {
    return undefined;
  }
}
