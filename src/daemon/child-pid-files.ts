/** keepalived's pid files of the children, for scripts and monitoring that read them. */
import { join } from "node:path";
import { removeFile, replaceFile } from "../os/files.ts";
import type { Context } from "./context.ts";
import type { DaemonOptions } from "./daemon-options.ts";

/** Written as each child starts. @returns the function that removes them */
export function keepChildPidFiles({ options, events, warn }: Pick<Context, "options" | "events" | "warn">): () => void {
  const paths = pathsOf(options);
  events.onEvent((event) => {
    if (event.type !== "process.start") return;
    const path = paths.get(event.process);
    if (path === undefined) return;
    try {
      replaceFile(path, `${event.pid}\n`, 0o644);
    } catch (error) {
      warn(`Cannot write the pid file ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return () => {
    for (const path of paths.values()) removeFile(path);
  };
}

function pathsOf({ pidFiles, runDir }: DaemonOptions): ReadonlyMap<string, string> {
  return new Map([
    ["vrrp", pidFiles.vrrp ?? join(runDir, "vrrp.pid")],
    ["checkers", pidFiles.checkers ?? join(runDir, "checkers.pid")],
  ]);
}
