/** Files and folders of vipd's own: they exist whole or not at all. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { systemErrorCode } from "./errors.ts";

/**
 * Makes a folder and those above it, unless it is there. (`recursive` of Node's mkdir never ends where the kernel forbids folders, as
 * in /proc.)
 * @throws the system error of what could not be made
 */
export function makeFolder(path: string, mode: number): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolder(above, 0o755);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
  }
}

/** Removes a file; that it is not there is no error. */
export function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
}

/** @returns the text, or undefined where there is no such file */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Writes a file as a whole: whoever reads it, also after a power cut, sees the old text or the new one. Also in folders of others, such
 * as /tmp: a link that somebody put there is replaced, not followed.
 * @param mode permission bits, less the umask @throws the system error of what failed
 */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  const hidden = `${path}.${process.pid}.new`;
  removeFile(hidden);
  const fd = openSync(hidden, "wx", mode);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } catch (error) {
    removeFile(hidden);
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(hidden, path);
}
