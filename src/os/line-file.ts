/** Lines appended to a file, or to standard output where none is named. */
import { openSync, writeSync } from "node:fs";
import { systemErrorCode } from "./errors.ts";

/**
 * @param failed is told once of what cannot be written
 * @throws {Error} if the file cannot be opened
 */
export function openLineFile(path: string | undefined, failed: (reason: string) => void): (lines: string) => void {
  if (path === undefined) return (lines) => void process.stdout.write(lines);
  const fd = opened(path);
  let working = true;
  return (lines) => {
    try {
      writeSync(fd, lines);
      working = true;
    } catch (error) {
      if (working) failed(`Cannot write ${path}: ${systemErrorCode(error)}`);
      working = false;
    }
  };
}

function opened(path: string): number {
  try {
    return openSync(path, "a", 0o644);
  } catch (error) {
    throw new Error(`Cannot open ${path}: ${systemErrorCode(error)}; name a file that can be written`, {
      cause: error,
    });
  }
}
