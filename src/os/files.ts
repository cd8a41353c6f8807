/** Files and folders of vipd's own. */
import { chmodSync, mkdirSync, rmSync } from "node:fs";

/** Makes a folder, with those above it, and gives it this mode whatever the umask. */
export function makeFolder(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  chmodSync(path, mode);
}

/** Removes a file; that it is not there is no error. */
export function removeFile(path: string): void {
  rmSync(path, { force: true });
}
