/** A pager for long answers on a terminal: `PAGER`, else less. */
import { spawnSync } from "node:child_process";
import type { CommandIo } from "./check.ts";

/** Collects what `run` says; on a terminal that is too low for it, the pager shows it. */
export function paged(io: CommandIo, run: (io: CommandIo) => number): number {
  const rows = process.stdout.rows ?? 0;
  if (io.isTerminal !== true || rows === 0) return run(io);
  const lines: string[] = [];
  const code = run({ ...io, out: (line) => void lines.push(...line.split("\n")) });
  if (lines.length < rows || !show(`${lines.join("\n")}\n`)) for (const line of lines) io.out(line);
  return code;
}

/** @returns whether there was a pager; PAGER may hold options and is what the user set for it, so a shell reads it, as man does */
function show(text: string): boolean {
  const pager = process.env["PAGER"] ?? "less";
  if (pager === "" || pager === "cat") return false;
  const env = { LESS: "FRX", ...process.env };
  const { status } = spawnSync("sh", ["-c", pager], { input: text, stdio: ["pipe", "inherit", "inherit"], env });
  return status !== null && status !== 127;
}
