/**
 * Reads the main file and everything that it includes into one tree. Files are reached through `Files` only. Facts: config-language
 * 1–7, 25–29. A file that vanishes, changes while it is read or includes itself is a problem with a position, never an exception.
 */
import { dirname, resolve as resolvePath } from "node:path/posix";
import type { Result } from "../base/result.ts";
import { watchBlocks } from "./blocks.ts";
import { createExpander, type Surroundings, withoutComment, written } from "./expand.ts";
import type { Grammar } from "./grammar.ts";
import {
  cannotInclude,
  cannotRead,
  type FileTrouble,
  filesOf,
  type Include,
  includeCheckOf,
  includeOf,
  isPattern,
  type Strict,
} from "./include.ts";
import { createScanner } from "./lines.ts";
import type { Memory } from "./memory.ts";
import { doubtful, type Place, type Report, warning, wrong } from "./problems.ts";
import { isBlank, type Source, type Statement } from "./statement.ts";
import { createTree } from "./tree.ts";

/** The file system as far as a configuration needs it. */
export type Files = {
  /** The whole text, read consistently, or why not. */
  read(path: string): Result<string, FileTrouble>;
  /** Absolute paths that match, sorted; `pattern` is absolute and may hold `*`, `?` and `[…]`. */
  glob(pattern: string): readonly string[];
  /** A file or pattern that is no longer as it was read; undefined if all are. Forgets what was read. Absent: nothing ever changes. */
  changed?(): string | undefined;
};
export type { FileTrouble };

export type ReadResult = {
  readonly statements: readonly Statement[];
  /** Every file read, in order. */
  readonly sources: readonly Source[];
  /** The text of the main file alone is the whole configuration: nothing was included, substituted or left out. */
  readonly plain: boolean;
};

const MAX_NESTING = 32;
const MAX_FILES = 20_000;
/** keepalived's line buffer, less its terminator (config-language 5). */
const LONGEST_LINE = 1023;

/** A line that must be looked at character by character. */
const LONGEST_SPECIAL = 100_000;

export function readAll(
  files: Files,
  main: string,
  surroundings: Surroundings,
  grammar: Grammar,
  report: Report,
  memory?: Memory,
): ReadResult {
  const tree = createTree(grammar, report);
  const scan = createScanner(tree, report, memory?.isLater());
  const known = memory === undefined ? undefined : watchBlocks(memory, tree, report);
  const sources: Source[] = [];
  let plain = true;
  let checks: ReadonlySet<Strict> = new Set();
  let here: Place = { file: main, line: 1, column: 1 };
  const expander = createExpander(surroundings, (message, remedy, column, mild) =>
    report.atPlace({ ...here, column }, (mild === true ? warning : wrong)("VIPD016", message, remedy)),
  );

  const mains = mainFiles(files, main, report);
  if (mains.length > 1) plain = false;
  for (const path of mains) {
    const text = files.read(path);
    if (text.ok) readText({ path, text: text.value }, [path]);
    else report.atPlace({ file: path, line: 1, column: 1 }, cannotRead(path, text.error));
  }
  return { statements: tree.end(), sources, plain };

  /** @param within the files that include each other down to this one */
  function readText(source: Source, within: readonly string[]): void {
    sources.push(source);
    const { text, path } = source;
    const folder = dirname(path);
    const dollar = finder(text, "$");
    const backslash = finder(text, "\\");
    const nul = finder(text, "\0");
    let from = text.charCodeAt(0) === 0xfeff ? byteOrderMark(path, report) : 0;
    let number = 1;
    for (; from < text.length; number++) {
      const newline = text.indexOf("\n", from);
      const to = newline === -1 ? text.length : newline;
      if (to - from > LONGEST_LINE) tooLong(path, number, to - from, report);
      let first = from;
      while (first < to && isBlank(text.charCodeAt(first))) first++;
      const recalled = expander.collecting() ? undefined : known?.line(source, number, from, first);
      if (recalled !== undefined) {
        number += recalled.lines - 1;
        from += recalled.length;
        continue;
      }
      if (nul(from) < to) {
        const saying = wrong(
          "VIPD017",
          "this line holds a NUL character and is not read",
          "remove it: a configuration is text",
        );
        report.atPlace({ file: path, line: number, column: nul(from) - from + 1 }, saying);
      } else if (
        expander.collecting() ||
        (first < to && (dollar(from) < to || backslash(from) < to || isSpecial(text, first)))
      ) {
        here = {
          file: path,
          line: number,
          column: 1,
          ...(source.included === undefined ? {} : { included: source.included }),
        };
        if (to - from > LONGEST_SPECIAL) tooLongToExpand(here, report);
        else readSpecial(source, number, text.slice(from, to), folder, within);
        known?.forget();
      } else if (first < to) scan({ source, number, text, from, to, expanded: undefined });
      from = to + 1;
    }
    if (from === text.length) known?.end(source, number, from);
  }

  /** A line that may hold an include, a condition, a definition, a sequence or a reference. */
  function readSpecial(source: Source, number: number, text: string, folder: string, within: readonly string[]): void {
    const raw = written(text);
    const direct = expander.collecting() ? undefined : includeOf(withoutComment(raw).text, checks);
    if (direct !== undefined) {
      include(direct, folder, within);
      return;
    }
    let emitted = 0;
    expander.line(
      raw,
      folder,
      (piece) => {
        emitted++;
        const conditional = includeOf(piece.text, checks);
        if (conditional !== undefined) include(conditional, folder, within);
        else {
          checks = includeCheckOf(piece.text, checks) ?? checks;
          scan({ source, number, text: piece.text, from: 0, to: piece.text.length, expanded: piece });
        }
        if (piece.text !== text.trim()) plain = false;
      },
      `${source.path}:${number}`,
    );
    if (emitted !== 1) plain = false;
  }

  function include(found: Include, folder: string, within: readonly string[]): void {
    plain = false;
    const at: Place = { ...here, column: found.column, text: found.pattern };
    const { paths, sayings } = filesOf(found, folder, files.glob);
    for (const saying of sayings) report.atPlace(at, saying);
    for (const path of paths) {
      if (sources.length >= MAX_FILES) {
        report.atPlace(at, wrong("VIPD018", `more than ${MAX_FILES} files are included`, "include fewer"));
        return;
      }
      if (within.includes(path) || within.length >= MAX_NESTING) {
        report.atPlace(
          at,
          wrong("VIPD007", `${path} includes itself`, "remove one of the include lines of the circle"),
        );
        continue;
      }
      const text = files.read(path);
      const included = [`${at.file}:${at.line}`, ...(at.included ?? [])];
      const before = checks;
      if (text.ok) readText({ path, text: text.value, included }, [...within, path]);
      else report.atPlace(at, cannotInclude(path, text.error, found));
      checks = before; // what an included file says ends with it
      here = at;
    }
  }
}

/** Whether a line that begins like this needs more than splitting: `@`, `~`, `include`. */
function isSpecial(text: string, first: number): boolean {
  const code = text.charCodeAt(first);
  return code === 0x40 || code === 0x7e || (code === 0x69 && text.startsWith("include", first));
}

/** The position of the next such character at or behind `from`, or past every line. Asked with rising positions only. */
function finder(text: string, character: string): (from: number) => number {
  let next = -1;
  return (from) => {
    if (next >= from) return next;
    const at = text.indexOf(character, from);
    next = at === -1 ? Number.MAX_SAFE_INTEGER : at;
    return next;
  };
}

function mainFiles(files: Files, main: string, report: Report): readonly string[] {
  if (!isPattern(main)) return [main];
  const found = filesOf({ keyword: "-f", pattern: main, strict: new Set(), column: 1 }, "/", files.glob);
  if (found.paths.length > 1) {
    const saying = warning(
      "VIPD007",
      `${main} matches ${found.paths.length} files, which are read as one`,
      "name one file if that is not meant",
    );
    report.atPlace({ file: found.paths[0] ?? main, line: 1, column: 1 }, saying);
  }
  if (found.paths.length > 0) return found.paths;
  report.atPlace(
    { file: resolvePath(main), line: 1, column: 1 },
    cannotRead(main, { kind: "missing", reason: "matches no file" }),
  );
  return [];
}

function byteOrderMark(file: string, report: Report): number {
  const saying = doubtful("VIPD017", "the file begins with a byte order mark", "save it as UTF-8 without one");
  report.atPlace({ file, line: 1, column: 1 }, saying);
  return 1;
}

function tooLong(file: string, line: number, length: number, report: Report): void {
  const remedy = `keep lines below ${LONGEST_LINE + 1} characters: keepalived drops the first ${LONGEST_LINE}, vipd reads them all`;
  report.atPlace(
    { file, line, column: LONGEST_LINE + 1 },
    doubtful("VIPD017", `this line has ${length} characters`, remedy),
  );
}

function tooLongToExpand(place: Place, report: Report): void {
  const message = `a line with $, \\, @ or ~ has more than ${LONGEST_SPECIAL} characters and is not read`;
  report.atPlace(place, wrong("VIPD018", message, "make several lines of it"));
}
