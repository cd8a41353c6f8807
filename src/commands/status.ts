/** `vipd status [--json]`: what the running vipd does, and why. */
import type { Status } from "../daemon/status.ts";
import { askDaemon } from "./control-client.ts";
import { WRONG_WORDS } from "./exit.ts";
import { COLOUR, PLAIN, renderStatus } from "./render-status.ts";

/** @returns the exit code: 0, or 1 where vipd cannot be asked */
export async function runStatus(words: readonly string[], runDir: string): Promise<number> {
  const unknown = words.find((word) => word !== "--json");
  if (unknown !== undefined) {
    process.stderr.write(`vipd status: unknown argument ${unknown}; there is only --json\n`);
    return WRONG_WORDS;
  }
  const asked = await askDaemon(runDir, "GET", "/status");
  if (!asked.ok) {
    process.stderr.write(`${asked.problem}\n`);
    return 1;
  }
  if (words.includes("--json")) process.stdout.write(`${JSON.stringify(asked.answer.body, null, 2)}\n`);
  else process.stdout.write(renderStatus(asked.answer.body as Status, process.stdout.isTTY ? COLOUR : PLAIN));
  return 0;
}
