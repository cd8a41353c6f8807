/** Deeds in another network namespace than that of the process: a socket stays in the one where it was opened. */
import { closeSync, existsSync, openSync } from "node:fs";
import { enterNamespace } from "dgram-ext";
import { systemErrorCode } from "./errors.ts";

/** @returns a path to the network namespace of now; it is good as long as the process lives, whatever it enters */
export function thisNetwork(): string {
  return `/proc/self/fd/${openSync("/proc/self/ns/net", "r")}`;
}

/** @param path undefined: here @throws {Error} it cannot be entered; then nothing was done */
export function inNetwork<T>(path: string | undefined, deed: () => T): T {
  if (path === undefined) return deed();
  const here = openSync("/proc/self/ns/net", "r");
  try {
    enter(path);
    try {
      return deed();
    } finally {
      enterNamespace(`/proc/self/fd/${here}`, "network");
    }
  } finally {
    closeSync(here);
  }
}

function enter(path: string): void {
  try {
    enterNamespace(path, "network");
  } catch (error) {
    const code = systemErrorCode(error);
    const remedy = existsSync(path) ? "start vipd as root" : "create it with ip netns add";
    throw new Error(`Cannot enter the network namespace ${path}: ${code}; ${remedy}`, { cause: error });
  }
}
