/** Named pipes for notify_fifo: written without ever waiting for a reader. */
import { chownSync, closeSync, constants, fstatSync, lstatSync, openSync, unlinkSync, writeSync } from "node:fs";
import { makeFifo } from "dgram-ext";
import { systemErrorCode } from "./errors.ts";

/**
 * Opens (and creates, mode 0644, where it does not exist) a FIFO for writing; what was created is unlinked on close.
 * Opened for reading and writing, so that it exists without a reader and never raises SIGPIPE.
 *
 * @param owner uid and gid that a created FIFO is given
 * @throws {Error} if something else than a FIFO of ours stands at `path`
 */
export function openFifo(path: string, owner?: { readonly uid: number; readonly gid: number }) {
  const created = create(path);
  if (created && owner !== undefined) chownSync(path, owner.uid, owner.gid);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    throw new Error(`Cannot write state lines to ${path}: it is not a FIFO; remove it, or name another path`);
  }
  return {
    write(line: string): "written" | "full" | "failed" {
      try {
        writeSync(fd, line);
        return "written";
      } catch (error) {
        return systemErrorCode(error) === "EAGAIN" ? "full" : "failed";
      }
    },
    close(): void {
      closeSync(fd);
      if (created) removeIfThere(path);
    },
  };
}

function create(path: string): boolean {
  try {
    makeFifo(path, 0o644);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST")
      throw new Error(`Cannot create the FIFO ${path}: ${systemErrorCode(error)}`, { cause: error });
    if (!lstatSync(path).isFIFO()) {
      throw new Error(`Cannot write state lines to ${path}: it is not a FIFO; remove it, or name another path`);
    }
    return false;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  }
}
