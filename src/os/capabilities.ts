/** What this process may do. */
import { readFileSync } from "node:fs";

/** The numbers (CAP_*) of the effective capabilities of the calling thread's process; empty where /proc says nothing. */
export function heldCapabilities(): ReadonlySet<number> {
  const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(statusText())?.[1];
  const mask = BigInt(`0x${hex ?? "0"}`);
  return new Set(Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n));
}

function statusText(): string {
  try {
    return readFileSync("/proc/self/status", "latin1");
  } catch {
    return "";
  }
}
