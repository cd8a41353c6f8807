/**
 * The configuration room: the text of files to one immutable `Config`, with everything there is to say about it.
 *
 * source.ts and expand.ts read lines, lines.ts and tree.ts make statements of them, validate.ts matches these with the table
 * (keywords/, grammar.ts, values.ts), build-*.ts makes settings for each room, meaning/ looks at what they
 * amount to, machine.ts compares them with this machine. It follows
 * keepalived's language as far as an admin can see it. Nothing here touches the system: files come through `Files`.
 */
import { resolve } from "node:path/posix";
import { build } from "./build.ts";
import type { Machine } from "./build-global.ts";
import { checkLines } from "./check-lines.ts";
import type { Loaded } from "./config.ts";
import { consolidate } from "./consolidate.ts";
import type { Surroundings } from "./expand.ts";
import { grammar } from "./grammar.ts";
import { checkMachine, type MachineView } from "./machine.ts";
import { checkMeaning } from "./meaning/meaning.ts";
import { createReport } from "./problems.ts";
import { type Files, readAll } from "./source.ts";
import { validate } from "./validate.ts";
import { readWritten } from "./written/read.ts";

export type LoadOptions = Surroundings &
  Machine & {
    /** Use what can be used although there are errors: for the last good file, which an older version accepted. */
    readonly tolerant: boolean;
    /** Compare the file with this machine, too. */
    readonly view?: MachineView;
    /** Fill `written`, which the daemon has no use for. */
    readonly written?: true;
  };

/** @param path the main file, or a pattern for several */
export function loadConfig(files: Files, path: string, options: LoadOptions): Loaded {
  const report = createReport();
  const read = readAll(files, resolve(path), options, grammar, report);
  validate(read.statements, grammar, report);
  checkLines(read.statements, report);
  const built = build(read.statements, options, report);
  const config = options.written === true ? { ...built, written: readWritten(read.statements) } : built;
  checkMeaning(read.statements, config, options.view, report);
  if (options.view !== undefined) checkMachine(read.statements, options.view, report);
  const problems = report.list();
  const usable = read.sources.length > 0 && (options.tolerant || !problems.some(({ level }) => level === "error"));
  return {
    config: usable ? config : undefined,
    problems,
    files: read.sources.map((source) => source.path),
    consolidated: consolidate(read),
  };
}
