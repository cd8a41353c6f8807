/**
 * Letters on disk: one file each, named so that their order is the order of the events. vipd writes them, the mailer removes
 * them when they are delivered, or moves them to `refused/` when a relay refused them for good.
 *
 * vipd is root and the folder is the mailer's, who reads bytes from strangers: nothing in it is given away by name, for the name may be
 * a link by then.
 */
import {
  closeSync,
  constants,
  fchownSync,
  fsync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "./errors.ts";

export type Owner = { readonly uid: number; readonly gid: number };

/**
 * Makes the spool, 0700 and owned by whom the mailer runs as.
 * @throws {Error} if the folder cannot be made: mail is then impossible, and the message says so
 */
export function prepareSpool(folder: string, owner: Owner | undefined): void {
  for (const path of [folder, join(folder, "refused")]) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      if (owner !== undefined) giveFolder(path, owner);
    } catch (error) {
      throw new Error(`Cannot make the mail spool ${path}: ${systemErrorCode(error)}; mails cannot be kept`, {
        cause: error,
      });
    }
  }
}

/** @throws the system error: ENOTDIR where a link stands at `path` */
function giveFolder(path: string, owner: Owner): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchownSync(fd, owner.uid, owner.gid);
  } finally {
    closeSync(fd);
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
  } catch (error) {
    closeSync(fd);
    unlinkSync(hidden);
    throw error;
  }
  renameSync(hidden, join(folder, name));
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

/** @returns the letter, or undefined where the file is gone or is no JSON. */
export function readLetter(folder: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  } catch {
    return undefined;
  }
}

export function removeLetter(folder: string, name: string): void {
  unlinkSync(join(folder, name));
}

export function refuseLetter(folder: string, name: string): void {
  renameSync(join(folder, name), join(folder, "refused", name));
}

/** Writes a letter anew in place: the recipients it is still owed to. */
export function rewriteLetter(folder: string, name: string, letter: unknown): void {
  const hidden = join(folder, `.${name}.new`);
  const fd = openSync(hidden, "w", 0o600);
  try {
    writeFileSync(fd, JSON.stringify(letter));
  } finally {
    closeSync(fd);
  }
  renameSync(hidden, join(folder, name));
}
