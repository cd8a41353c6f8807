/** When the machine itself stood still while something was measured: what no daemon can help. See `stalls.c`. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProcess } from "../lab/process.ts";

export type Stall = { readonly fromMs: number; readonly untilMs: number };

export type Watch = {
  /** Stalls so far, of any processor. */
  stalls(): readonly Stall[];
  [Symbol.asyncDispose](): Promise<void>;
};

export async function watchStalls(): Promise<Watch> {
  const folder = await mkdtemp(join(tmpdir(), "vipd-stalls-"));
  const program = join(folder, "stalls");
  execFileSync("cc", ["-O1", "-pthread", "-o", program, join(import.meta.dirname, "stalls.c")]);
  const process = startProcess([program]);
  await process.line(/^watching$/);
  return {
    stalls: () =>
      process.lines.slice(1).flatMap(({ text }) => {
        const [fromMs, untilMs] = text.split(" ").map(Number);
        return fromMs === undefined || untilMs === undefined ? [] : [{ fromMs, untilMs }];
      }),
    async [Symbol.asyncDispose]() {
      await process.stop("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function longest(stalls: readonly Stall[]): number {
  return Math.max(0, ...stalls.map(({ fromMs, untilMs }) => untilMs - fromMs));
}

/** Whether the machine stood still at some time of a span. */
export function stoodStill(stalls: readonly Stall[], fromMs: number, untilMs: number): boolean {
  return stalls.some((stall) => stall.fromMs < untilMs && stall.untilMs > fromMs);
}
