/**
 * `vipd check --print [FILE…]`: the configuration as it was understood, as configuration again. Includes, conditions and definitions are
 * resolved, and values stand in one form; it reads as the same value, which `--print=json` shows for programs. Passwords are printed: whoever may read the file
 * may read them there.
 */
import { resolve } from "node:path";
import { printWritten } from "../config/written/print.ts";
import { defaultConfigFile } from "../os/default-file.ts";
import type { CommandIo } from "./check.ts";
import { readWhole, readWords, tell } from "./check-files.ts";
import { WRONG_WORDS } from "./exit.ts";

const USAGE = "vipd check --print[=all|=json] [FILE…] [--as ID]";
const FLAGS = ["--print", "--print=all", "--print=json"];

export function wantsPrint(argv: readonly string[]): boolean {
  return argv.some((word) => FLAGS.includes(word));
}

/** @returns 0, or 1 if a file has errors and is not printed, 64 for a wrong command line */
export function runPrint(argv: readonly string[], io: CommandIo): number {
  const words = readWords(argv, FLAGS);
  if (typeof words === "string") {
    io.error(`vipd check: ${words}; ${USAGE}`);
    return WRONG_WORDS;
  }
  const files = words.files.length === 0 ? [defaultConfigFile()] : words.files;
  let code = 0;
  for (const file of files.map((path) => resolve(path))) {
    const { config, problems } = readWhole(file, words.as, false);
    tell(problems, io);
    if (config?.written === undefined) {
      code = 1;
      continue;
    }
    if (words.flags.has("--print=json")) {
      io.out(JSON.stringify(config, null, 2));
      continue;
    }
    if (files.length > 1) io.out(`# ${file}`);
    const text = printWritten(config.written, { defaults: words.flags.has("--print=all") });
    if (text !== "") io.out(text.replace(/\n$/, ""));
  }
  return code;
}
