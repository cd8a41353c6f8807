/** `vipd reload`: reads the file again, waits, and prints what changed, or every reason why nothing did. */
import type { ReloadResult } from "../daemon/control.ts";
import { askDaemon } from "./control-client.ts";
import { WRONG_WORDS } from "./exit.ts";

/** A reload of a large file in a slow place; the roles may take 20 s each to agree. */
const PATIENCE_MS = 90_000;

/** @returns 0 if it is in force, 1 if it was refused or vipd cannot be asked */
export async function runReload(words: readonly string[], runDir: string): Promise<number> {
  if (words.length > 0) {
    process.stderr.write(`vipd reload: unknown argument ${words[0]}; it takes none\n`);
    return WRONG_WORDS;
  }
  const asked = await askDaemon(runDir, "POST", "/reload", undefined, PATIENCE_MS);
  if (!asked.ok) {
    process.stderr.write(`${asked.problem}\n`);
    return 1;
  }
  const result = asked.answer.body as ReloadResult;
  if (result.ok) process.stdout.write(accepted(result));
  else process.stderr.write(refused(result));
  return result.ok ? 0 : 1;
}

export function accepted(result: Extract<ReloadResult, { readonly ok: true }>): string {
  const changes = result.changes.length === 0 ? ["nothing changed"] : result.changes;
  const title = `${result.file} is in force, generation ${result.generation}, after ${Math.round(result.tookMs)} ms`;
  return `${[title, ...changes.map((change) => `  ${change}`), ...result.warnings].join("\n")}\n`;
}

export function refused(result: Extract<ReloadResult, { readonly ok: false }>): string {
  return `${["The reload is refused; nothing was changed", ...result.problems].join("\n")}\n`;
}
