/** The file system as the configuration sees it: whole texts read consistently, and patterns. */
import { closeSync, fstatSync, globSync, openSync, readFileSync, statSync } from "node:fs";
import { failure, type Result, success } from "../base/result.ts";
import type { Files, FileTrouble } from "../config/source.ts";

const ATTEMPTS = 5;

export function realFiles(): Files {
  return { read, glob: (pattern) => globSync(pattern).sort() };
}

/** A file that is written while it is read is read again; one that never rests is a trouble. */
function read(path: string): Result<string, FileTrouble> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const before = statSync(path);
      if (!before.isFile())
        return failure({ kind: "notFile", reason: before.isDirectory() ? "is a folder" : "is not a regular file" });
      if ((before.mode & 0o111) !== 0)
        return failure({ kind: "executable", reason: "is executable, and keepalived reads no executable file" });
      const text = readOpen(path);
      if (text !== undefined) return success(text);
    } catch (error) {
      return failure(troubleOf(error));
    }
  }
  return failure({ kind: "unreadable", reason: "changes while it is read" });
}

/** @returns undefined if the file changed meanwhile */
function readOpen(path: string): string | undefined {
  const descriptor = openSync(path, "r");
  try {
    const before = fstatSync(descriptor, { bigint: true });
    const text = readFileSync(descriptor, "utf8");
    const after = fstatSync(descriptor, { bigint: true });
    const now = statSync(path, { bigint: true });
    const same = before.mtimeNs === after.mtimeNs && before.size === after.size && now.ino === after.ino;
    return same ? text : undefined;
  } finally {
    closeSync(descriptor);
  }
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
