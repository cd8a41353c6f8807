/** Named pipes for notify_fifo: written without ever waiting for a reader. */
import { closeSync, constants, fchownSync, fstatSync, lstatSync, openSync, unlinkSync, writeSync } from "node:fs";
import { makeFifo } from "dgram-ext";
import { systemErrorCode } from "./errors.ts";

/**
 * Opens (and creates, mode 0644, where it does not exist) a FIFO for writing; what was created is unlinked on close.
 * Opened for reading and writing, so that it exists without a reader and never raises SIGPIPE.
 *
 * @param owner uid and gid that a created FIFO is given
 * @throws {Error} if something else than a FIFO of ours or of `owner` stands at `path`
 */
export function openFifo(path: string, owner?: Owner) {
  const created = create(path);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    settle(path, fd, created, owner);
  } catch (error) {
    closeSync(fd);
    throw error;
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

type Owner = { readonly uid: number; readonly gid: number };

/** Who owns a FIFO reads what is written to it, or lets it fill up: one that a stranger has made in our place is not used. */
function settle(path: string, fd: number, created: boolean, owner: Owner | undefined): void {
  const found = fstatSync(fd);
  if (!found.isFIFO()) throw notOurs(path, "it is not a FIFO");
  const trusted = [process.getuid?.(), 0, owner?.uid];
  if (!trusted.includes(found.uid)) throw notOurs(path, `it belongs to uid ${found.uid}`);
  if (created && owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
}

function notOurs(path: string, why: string): Error {
  return new Error(`Cannot write state lines to ${path}: ${why}; remove it, or name another path`);
}

function create(path: string): boolean {
  try {
    makeFifo(path, 0o644);
    return true;
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST")
      throw new Error(`Cannot create the FIFO ${path}: ${systemErrorCode(error)}`, { cause: error });
    if (!lstatSync(path).isFIFO()) throw notOurs(path, "it is not a FIFO");
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
