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
import type { Config, Loaded } from "./config.ts";
import { consolidate } from "./consolidate.ts";
import type { Surroundings } from "./expand.ts";
import { buildFurther } from "./further/build.ts";
import { grammar } from "./grammar.ts";
import { checkMachine, type MachineView, viewFor } from "./machine.ts";
import { checkMeaning } from "./meaning/meaning.ts";
import type { Memory } from "./memory.ts";
import { createReport, type Report, wrong } from "./problems.ts";
import { type Files, type ReadResult, readAll } from "./source.ts";
import type { Statement } from "./statement.ts";
import { validate } from "./validate.ts";
import { readWritten } from "./written/read.ts";

export type LoadOptions = Surroundings &
  Machine & {
    /** Use what can be used although there are errors: for the last good file, which an older version accepted. */
    readonly tolerant: boolean;
    /** Compare the file with this machine, too. */
    readonly view?: MachineView;
    /** Fill `written` and `further`, which the daemon has no use for. */
    readonly written?: true;
    /** What the last reading left: for one that follows another of the same file. */
    readonly memory?: Memory;
  };

/** @param path the main file, or a pattern for several */
export function loadConfig(files: Files, path: string, options: LoadOptions): Loaded {
  const { read, report } = readAtOnce(files, resolve(path), options, options.memory);
  validate(read.statements, grammar, report);
  checkLines(read.statements, report);
  const built = build(read.statements, options, report);
  const config = options.written === true ? withWritten(built, read.statements) : built;
  const view = options.view && viewFor(read.statements, options.view, report);
  checkMeaning(read.statements, config, view, report);
  if (view !== undefined) checkMachine(read.statements, view, report);
  refuseNothing(read, report);
  const problems = report.list();
  const usable = read.sources.length > 0 && (options.tolerant || !problems.some(({ level }) => level === "error"));
  return {
    config: usable ? config : undefined,
    problems,
    files: read.sources.map((source) => source.path),
    consolidated: consolidate(read),
  };
}

/**
 * A file that is just being written, or that a full disk cut off: to obey it would take the node out of service. keepalived does. Whoever
 * comments everything out means it.
 */
function refuseNothing({ sources }: ReadResult, report: Report): void {
  const file = sources[0]?.path;
  if (file === undefined || !sources.every(({ text }) => /^\ufeff?\s*$/.test(text))) return;
  const remedy = 'write what vipd shall do; to end what it does, "vipd stop"';
  const saying = wrong("VIPD027", `${file} is empty`, remedy);
  report.atPlace({ file, line: 1, column: 1 }, { ...saying, verdict: "none" });
}

const ATTEMPTS = 3;

/** Reads all files as they are at one moment: again when one was changed meanwhile; files that never rest are an error. */
function readAtOnce(
  files: Files,
  main: string,
  surroundings: Surroundings,
  memory: Memory | undefined,
): { readonly read: ReadResult; readonly report: Report } {
  for (let attempt = 1; ; attempt++) {
    const report = createReport();
    memory?.begin();
    const read = readAll(files, main, surroundings, grammar, report, memory);
    const changed = files.changed?.();
    if (changed === undefined) return { read, report };
    if (attempt < ATTEMPTS) continue;
    const message = `${changed} changes while it is read: it was read ${ATTEMPTS} times and never twice the same`;
    report.atPlace(
      { file: changed, line: 1, column: 1 },
      wrong("VIPD007", message, "read it again when it is written"),
    );
    return { read, report };
  }
}

function withWritten(config: Config, statements: readonly Statement[]): Config {
  const written = readWritten(statements);
  return { ...config, written, further: buildFurther(written) };
}
