/**
 * `vipd check --diff NEW [OLD]`: what a reload would change if NEW replaced OLD, or the configuration that vipd loaded last. It compares
 * what vipd acts upon: a comment, another order of words or an include makes no difference. Passwords are never shown.
 */
import { accessSync, constants } from "node:fs";
import { join, resolve } from "node:path";
import { describeChanges, sameSettings } from "../daemon/changes.ts";
import { systemErrorCode } from "../os/errors.ts";
import type { CommandIo } from "./check.ts";
import { readWhole, readWords, tell } from "./check-files.ts";
import { WRONG_WORDS } from "./exit.ts";

const USAGE = "vipd check --diff NEW [OLD] [--as ID]";

export function wantsDiff(argv: readonly string[]): boolean {
  return argv.includes("--diff");
}

/** As `diff` exits: 0 nothing would change, 1 something would, 2 a file cannot be used; 64 for a wrong command line. */
export function runDiff(argv: readonly string[], stateDir: string, io: CommandIo): number {
  const words = readWords(argv, ["--diff"]);
  const [next, before] = typeof words === "string" ? [] : words.files;
  if (typeof words === "string" || next === undefined || words.files.length > 2) {
    io.error(`vipd check: ${typeof words === "string" ? words : "--diff takes one file or two"}; ${USAGE}`);
    return WRONG_WORDS;
  }
  const old = before ?? join(stateDir, "last-good.conf");
  const trouble = before === undefined ? cannotRead(old) : undefined;
  if (trouble !== undefined) {
    io.error(`vipd check: Cannot read ${old}, the configuration that vipd loaded last: ${trouble}; ${remedy(trouble)}`);
    return 2;
  }
  const from = readWhole(resolve(old), words.as, true);
  const to = readWhole(resolve(next), words.as, false);
  tell(
    to.problems.filter(({ level }) => level === "error"),
    io,
  );
  if (from.config === undefined) tell(from.problems, io);
  if (to.config === undefined) io.error(`${next}: not usable; a reload would change nothing`);
  if (from.config === undefined || to.config === undefined) return 2;
  const changes = describeChanges(from.config, to.config, Number.POSITIVE_INFINITY);
  for (const line of changes) io.out(line);
  if (changes.length > 0) io.out("nothing else is touched");
  else if (sameSettings(from.config.written, to.config.written)) io.out("nothing changes");
  else io.out("nothing changes: the files differ in words that make no difference to vipd");
  return changes.length > 0 ? 1 : 0;
}

function cannotRead(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return systemErrorCode(error);
  }
}

function remedy(code: string): string {
  return code === "ENOENT"
    ? "name the file to compare with: vipd check --diff NEW OLD"
    : "be root, or name the file to compare with: vipd check --diff NEW OLD";
}
