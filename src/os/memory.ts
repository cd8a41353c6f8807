/** Gives back what is needed no more. V8 does so only when more is asked of it; a daemon at rest never asks. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** One whole collection: 30 ms for a small heap, more for a large one. Not for a process that has adverts to send. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
