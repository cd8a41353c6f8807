/** How this program ends: after everything that was written has left, and for a defect with words to report. */

/** Exit codes (decision 11). */
export const FAILED = 1;
export const DEFECT = 70;

/** Whoever reads only the beginning, as `head` does, is no defect of ours: the rest is written to nobody. */
export function letReadersGo(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
}

/** What is written to a pipe is still on its way when the event loop turns; ending at once would lose it. A reader that is gone ends nothing. */
export function end(code: number): void {
  process.exitCode = code;
  const timer = setTimeout(() => process.exit(code), 1000);
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit(code));
  process.stdout.write("", () =>
    process.stderr.write("", () => {
      clearTimeout(timer);
      process.exit(code);
    }),
  );
}

/** @returns the exit code */
export function reportDefect(error: unknown): number {
  process.stderr.write(
    `vipd: this is a defect of vipd; please report it: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return DEFECT;
}
