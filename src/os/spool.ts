/**
 * Letters on disk: one file each, named so that their order is the order of the events. vipd writes them, the mailer removes
 * them when they are delivered, or moves them to `refused/` when a relay refused them for good.
 *
 * vipd is root and the folder is the mailer's, who reads bytes from strangers: nothing in it is given away by name, for the name may be
 * a link by then.
 */
import {
  accessSync,
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "./errors.ts";
import { makeFolder, removeFile } from "./files.ts";
import { ANOTHER_STATE_DIR, causeAndRemedy } from "./remedies.ts";

export type Owner = { readonly uid: number; readonly gid: number };

/**
 * Makes the spool, 0700 and owned by whom the mailer runs as. Letters that were written for another account are handed over with it.
 * To be called while no mailer runs.
 * @throws {Error} if it cannot be made: mail is then impossible, and the message says so
 */
export function prepareSpool(folder: string, owner: Owner | undefined): void {
  try {
    for (const path of [folder, join(folder, REFUSED)]) {
      makeFolder(path, 0o700);
      if (owner !== undefined) giveFolder(path, owner);
    }
    for (const name of readdirSync(folder)) if (HALF_WRITTEN.test(name)) removeLetter(folder, name);
  } catch (error) {
    throw new Error(`Cannot make the mail spool ${folder}: ${causeAndRemedy(error, ANOTHER_STATE_DIR)}`, {
      cause: error,
    });
  }
}

/** What was being written when vipd or the mailer died. */
const HALF_WRITTEN = /^\..*\.json(?:\.new)?$/;
const REFUSED = "refused";

/**
 * It is ours alone while its letters are given away, so that nobody puts anything in their places meanwhile.
 * @throws the system error: ENOTDIR where a link stands at `path`
 */
function giveFolder(path: string, owner: Owner): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { uid, gid } = fstatSync(fd);
    if (uid === owner.uid && gid === owner.gid) return;
    if (uid !== process.getuid?.()) fchownSync(fd, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    for (const name of readdirSync(`/proc/self/fd/${fd}`)) giveLetter(`/proc/self/fd/${fd}/${name}`, owner);
    fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
  }
}

/** A plain file with one name: whatever else an earlier owner may have left there stays as it is. */
function giveLetter(path: string, owner: Owner): void {
  if (!lstatSync(path).isFile()) return;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const file = fstatSync(fd);
    if (file.isFile() && file.nlink === 1) fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
  }
}

/** Why letters could not be removed after they were sent, so that they would be sent again and again; undefined: they can. */
export function spoolTrouble(folder: string): string | undefined {
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined; // then there is nothing in it
    return `Cannot change the mail spool ${folder}: ${causeAndRemedy(error, ANOTHER_STATE_DIR)}`;
  }
}

/**
 * Writes a letter: it exists whole or not at all, and survives the end of this process at once, a power cut a moment later.
 * @param name sorts by time
 */
export function putLetter(folder: string, name: string, letter: unknown, owner: Owner | undefined): void {
  const hidden = join(folder, `.${name}`);
  const fd = openSync(hidden, "wx", 0o600);
  try {
    if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
    writeFileSync(fd, JSON.stringify(letter));
    renameSync(hidden, join(folder, name));
  } catch (error) {
    closeSync(fd);
    removeLetter(folder, `.${name}`);
    throw error;
  }
  fsync(fd, () => closeSync(fd));
}

/** Names of the letters, oldest first; an absent spool holds none. */
export function listLetters(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json") && !name.startsWith("."))
      .sort();
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return [];
    throw error;
  }
}

/** When a letter was written, ms since 1970, by its name; undefined where vipd did not choose it. */
export function writtenMs(name: string | undefined): number | undefined {
  const ms = Number.parseInt(name ?? "", 10);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** `gone`: somebody removed it; `broken`: no letter, and never will be; `unreadable`: it may be one. */
export type Reading =
  | { readonly ok: true; readonly letter: unknown }
  | { readonly ok: false; readonly why: "gone" | "broken" }
  | { readonly ok: false; readonly why: "unreadable"; readonly reason: string };

export function readLetter(folder: string, name: string): Reading {
  const path = join(folder, name);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT") return { ok: false, why: "gone" };
    return { ok: false, why: "unreadable", reason: `Cannot read the mail ${path}: ${code}` };
  }
  try {
    return { ok: true, letter: JSON.parse(text) };
  } catch {
    return { ok: false, why: "broken" };
  }
}

/** @throws the system error; that it is not there is none */
export function removeLetter(folder: string, name: string): void {
  removeFile(join(folder, name));
}

/** Sets a letter aside; the oldest of them make room. */
export function refuseLetter(folder: string, name: string): void {
  const aside = join(folder, REFUSED);
  renameSync(join(folder, name), join(aside, name));
  for (const old of listLetters(aside).slice(0, -MOST_REFUSED)) removeLetter(aside, old);
}

const MOST_REFUSED = 1000;

/** Writes a letter anew in place: the recipients it is still owed to. */
export function rewriteLetter(folder: string, name: string, letter: unknown): void {
  const hidden = join(folder, `.${name}.new`);
  const fd = openSync(hidden, "w", 0o600);
  try {
    writeFileSync(fd, JSON.stringify(letter));
    renameSync(hidden, join(folder, name));
  } catch (error) {
    removeLetter(folder, `.${name}.new`);
    throw error;
  } finally {
    closeSync(fd);
  }
}
