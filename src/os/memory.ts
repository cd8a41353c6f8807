/** Gives back what is needed no more. V8 does so only when more is asked of it; a daemon at rest never asks. */
import { trimMemory } from "dgram-ext";
import type { Clock } from "../base/clock.ts";

/** Loaded when they are needed: a start does not wait for them. */
const v8 = () => process.getBuiltinModule("node:v8");
const vm = () => process.getBuiltinModule("node:vm");

/** What a start needed is needed no more then. */
const SETTLED_MS = 10_000;
/** V8 keeps the pages of a collection for 8 s, to use them again; those it has not used the next collection gives back. */
const POOL_MS = 10_000;
const EVERY_MS = 60_000;
/** Used bytes. A larger heap takes longer than a probe should wait, and what V8 lets lie is little beside it. */
const SMALL_BYTES = 48 * 1024 * 1024;

/** One whole collection: 10 to 30 ms for a small heap, more for a large one. Not for a process that has adverts to send. */
export function collectGarbage(): void {
  v8().setFlagsFromString("--expose-gc");
  const collect: unknown = vm().runInNewContext("gc");
  v8().setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") collect({ type: "major", execution: "sync", flavor: "last-resort" });
  trimMemory();
}

/**
 * Collects when the process has settled, and from then on every minute while the heap is small: else V8 lets it double first.
 * @param smallBytes a heap that uses more than this is not small
 */
export function keepSmall(clock: Clock, smallBytes = SMALL_BYTES): void {
  function again(): void {
    if (v8().getHeapStatistics().used_heap_size < smallBytes) collectGarbage();
    clock.after(EVERY_MS, again);
  }
  clock.after(SETTLED_MS, () => {
    collectGarbage();
    clock.after(POOL_MS, again);
  });
}
