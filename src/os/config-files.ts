/**
 * The file system as the configuration sees it. Each text is read as a whole; and whether all of them, and what patterns matched, are
 * still as they were read can be asked at the end, so that a reading is one moment of all files or none.
 */
import { type BigIntStats, closeSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import type { Files, FileTrouble } from "../config/source.ts";

const ATTEMPTS = 3;
/** Who writes a file does it in several pieces, soon after each other: one that is younger is watched for so long. */
const RESTING_MS = 20;

export function realFiles(): Files {
  const stamps = new Map<string, string>();
  const matches = new Map<string, string>();
  return {
    read(path) {
      const { result, stamp } = read(path);
      stamps.set(path, stamp);
      return result;
    },
    glob(pattern) {
      const found = globSync(pattern).sort();
      matches.set(pattern, found.join("\0"));
      return found;
    },
    changed() {
      rest(stamps.keys());
      const file = [...stamps].find(([path, stamp]) => stampOf(path) !== stamp)?.[0];
      const pattern = [...matches].find(([text, found]) => globSync(text).sort().join("\0") !== found)?.[0];
      stamps.clear();
      matches.clear();
      return file ?? pattern;
    },
  };
}

type Reading = { readonly result: Result<string, FileTrouble>; readonly stamp: string };

/** A file that is written while it is read is read again; one that never rests is a trouble. */
function read(path: string): Reading {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let stamp: string | undefined;
    try {
      const before = statSync(path, { bigint: true });
      stamp = stampFrom(before);
      if (!before.isFile()) {
        const reason = before.isDirectory() ? "is a folder" : "is not a regular file";
        return { result: failure({ kind: "notFile", reason }), stamp };
      }
      if ((before.mode & 0o111n) !== 0n) {
        const reason = "is executable, and keepalived reads no executable file";
        return { result: failure({ kind: "executable", reason }), stamp };
      }
      const text = textOf(path);
      if (stampOf(path) === stamp) return { result: success(text), stamp };
    } catch (error) {
      const trouble = troubleOf(error);
      return { result: failure(trouble), stamp: stamp ?? trouble.kind };
    }
  }
  return { result: failure({ kind: "unreadable", reason: "changes while it is read" }), stamp: "changing" };
}

function textOf(path: string): string {
  const descriptor = openSync(path, "r");
  try {
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}

/** What differs when a file was written, replaced, removed or made readable. */
function stampOf(path: string): string {
  try {
    return stampFrom(statSync(path, { bigint: true }));
  } catch (error) {
    return troubleOf(error).kind;
  }
}

function stampFrom({ dev, ino, size, mode, mtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mode} ${mtimeNs}`;
}

/** Waits until the youngest file has rested, at most `RESTING_MS`. */
function rest(paths: Iterable<string>): void {
  const now = Date.now();
  let waitMs = 0;
  for (const path of paths) {
    const ageMs = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    if (ageMs >= 0 && ageMs < RESTING_MS) waitMs = Math.max(waitMs, RESTING_MS - ageMs);
  }
  if (waitMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
}

function troubleOf(error: unknown): FileTrouble {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing", reason: "does not exist" };
  const reason = error instanceof Error ? error.message : String(error);
  return {
    kind: "unreadable",
    reason: code === "EACCES" ? "may not be read by this user" : `cannot be read: ${reason}`,
  };
}
