/** Files and folders of vipd's own. */
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { systemErrorCode } from "./errors.ts";

/** Makes a folder, with those above it, and gives it this mode whatever the umask. */
export function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  chmodSync(path, mode);
}

/** Removes a file; that it is not there is no error. */
export function removeFile(path: string): void {
  rmSync(path, { force: true });
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

/** Writes a file as a whole: whoever reads it, also after a power cut, sees the old text or the new one. */
export function replaceFile(path: string, text: string, mode = 0o600): void {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, "w", mode);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, path);
}
