/**
 * Reads the main file and everything that it includes into one tree. Files are reached through `Files` only. Facts: config-language
 * 1–7, 25–29. A file that vanishes, changes while it is read or includes itself is a problem with a position, never an exception.
 */
import { dirname, resolve as resolvePath } from "node:path/posix";
import type { Result } from "../base/result.ts";
import { createExpander, type Surroundings, withoutComment, written } from "./expand.ts";
import type { Grammar } from "./grammar.ts";
import { scanLine } from "./lines.ts";
import { doubtful, type Report, warning, wrong } from "./problems.ts";
import { isBlank, type Source, type Statement } from "./statement.ts";
import { createTree } from "./tree.ts";

/** The file system as far as a configuration needs it. */
export type Files = {
  /** The whole text, read consistently, or why not. */
  read(path: string): Result<string, FileTrouble>;
  /** Absolute paths that match, sorted; `pattern` is absolute and may hold `*`, `?`, `[…]` and `{a,b}`. */
  glob(pattern: string): readonly string[];
};
export type FileTrouble = {
  readonly kind: "missing" | "unreadable" | "executable" | "notFile";
  readonly reason: string;
};

export type ReadResult = {
  readonly statements: readonly Statement[];
  /** Every file read, in order. */
  readonly sources: readonly Source[];
  /** Every line stood in the main file as it is parsed: its text is the whole configuration. */
  readonly plain: boolean;
};

const MAX_NESTING = 32;
const MAX_FILES = 20_000;
/** keepalived's line buffer, less its terminator (config-language 5). */
const LONGEST_LINE = 1023;

export function readAll(
  files: Files,
  main: string,
  surroundings: Surroundings,
  grammar: Grammar,
  report: Report,
): ReadResult {
  const tree = createTree(grammar, report);
  const sources: Source[] = [];
  let plain = true;
  let here = { source: { path: main, text: "" }, line: 1 };
  const expander = createExpander(surroundings, (message, remedy, column) =>
    report.atPlace({ file: here.source.path, line: here.line, column }, wrong("VIPD016", message, remedy)),
  );

  for (const [index, path] of mainFiles(files, main, report).entries()) {
    if (index > 0) plain = false;
    readFile(path, [], { file: path, line: 1, column: 1 });
  }
  return { statements: tree.end(), sources, plain };

  function readFile(path: string, within: readonly string[], at: { file: string; line: number; column: number }): void {
    if (sources.length >= MAX_FILES)
      return report.atPlace(at, wrong("VIPD018", `more than ${MAX_FILES} files are included`, "include fewer"));
    const text = files.read(path);
    if (!text.ok) return unreadable(path, text.error, at, within.length === 0);
    const source: Source = { path, text: text.value };
    sources.push(source);
    const outer = here;
    scanFile(source, [...within, path]);
    here = outer;
  }

  function unreadable(
    path: string,
    trouble: FileTrouble,
    at: { file: string; line: number; column: number },
    isMain: boolean,
  ): void {
    const saying = wrong("VIPD007", `${path} ${trouble.reason}`, remedyFor(path, trouble));
    report.atPlace(at, { ...saying, verdict: isMain ? "security" : "notFound" });
  }

  function scanFile(source: Source, within: readonly string[]): void {
    const { text } = source;
    const folder = dirname(source.path);
    let dollar = find(text, "$", 0);
    let backslash = find(text, "\\", 0);
    let nul = find(text, "\0", 0);
    let from = text.charCodeAt(0) === 0xfeff ? byteOrderMark(source) : 0;
    for (let number = 1; from < text.length; number++) {
      const newline = text.indexOf("\n", from);
      const to = newline === -1 ? text.length : newline;
      if (dollar < from) dollar = find(text, "$", from);
      if (backslash < from) backslash = find(text, "\\", from);
      if (nul < from) nul = find(text, "\0", from);
      if (to - from > LONGEST_LINE) tooLong(source, number, to - from);
      let first = from;
      while (first < to && isBlank(text.charCodeAt(first))) first++;
      here = { source, line: number };
      if (nul < to) notText(source, number, nul - from + 1);
      else if (first < to) {
        const code = text.charCodeAt(first);
        const special =
          dollar < to ||
          backslash < to ||
          code === 0x40 ||
          code === 0x7e ||
          (code === 0x69 && text.startsWith("include", first));
        if (special || expander.collecting()) slowLine(source, number, text.slice(from, to), folder, within);
        else scanLine({ source, number, text, from, to, columns: undefined }, tree, report);
      }
      from = to + 1;
    }
  }

  function slowLine(source: Source, number: number, text: string, folder: string, within: readonly string[]): void {
    const raw = written(text);
    const direct = expander.collecting() ? undefined : includeOf(withoutComment(raw).text);
    if (direct !== undefined) return include(direct, source, number, folder, within);
    let line = { source, number };
    expander.line(raw, folder, (piece) => {
      const conditional = includeOf(piece.text);
      if (conditional !== undefined) return include(conditional, source, number, folder, within);
      if (piece.text !== raw.text.trim()) plain = false;
      line = { source, number };
      scanLine({ ...line, text: piece.text, from: 0, to: piece.text.length, columns: piece.columns }, tree, report);
    });
    if (text.trimStart().startsWith("$") || /^\s*[@~]/.test(text)) plain = false;
  }

  function include(found: Include, source: Source, line: number, folder: string, within: readonly string[]): void {
    plain = false;
    const at = { file: source.path, line, column: found.column, text: found.pattern };
    if (found.pattern === "")
      return report.atPlace(at, wrong("VIPD002", "include names no file", "write include FILE"));
    const pattern = resolvePath(folder, found.pattern);
    const paths = /[*?[{]/.test(pattern) ? files.glob(pattern) : [pattern];
    if (paths.length === 0) return report.atPlace(at, nothingMatches(found));
    for (const path of paths) {
      if (within.includes(path) || within.length >= MAX_NESTING) {
        report.atPlace(
          at,
          wrong("VIPD007", `${path} includes itself`, "remove one of the include lines of the circle"),
        );
      } else if (!files.read(path).ok) missingInclude(files, path, found, at);
      else readFile(path, within, at);
    }
  }

  function missingInclude(
    from: Files,
    path: string,
    found: Include,
    at: { file: string; line: number; column: number },
  ): void {
    const text = from.read(path);
    if (text.ok) return;
    const saying =
      found.strict.has("read") || (found.strict.has("match") && text.error.kind === "missing") ? wrong : warning;
    const said = saying("VIPD007", `${path} ${text.error.reason}`, remedyFor(path, text.error));
    report.atPlace(at, { ...said, verdict: said.level === "error" ? "security" : "none" });
  }

  function nothingMatches(found: Include) {
    const strict = found.strict.has("wildcard");
    const said = (strict ? wrong : warning)(
      "VIPD007",
      `${found.pattern} matches no file`,
      "correct the pattern, or remove the line",
    );
    return { ...said, verdict: strict ? ("security" as const) : ("none" as const) };
  }

  function byteOrderMark(source: Source): number {
    report.atPlace(
      { file: source.path, line: 1, column: 1 },
      doubtful("VIPD017", "the file begins with a byte order mark", "save it as UTF-8 without one"),
    );
    return 1;
  }

  function tooLong(source: Source, line: number, length: number): void {
    const remedy = `keep lines below ${LONGEST_LINE + 1} characters: keepalived drops the first ${LONGEST_LINE}, vipd reads them all`;
    report.atPlace(
      { file: source.path, line, column: LONGEST_LINE + 1 },
      doubtful("VIPD017", `this line has ${length} characters`, remedy),
    );
  }

  function notText(source: Source, line: number, column: number): void {
    report.atPlace(
      { file: source.path, line, column },
      wrong("VIPD017", "this line holds a NUL character and is not read", "remove it: a configuration is text"),
    );
  }
}

/** The position of the next such character, or past every line. */
function find(text: string, character: string, from: number): number {
  const at = text.indexOf(character, from);
  return at === -1 ? Number.MAX_SAFE_INTEGER : at;
}

function mainFiles(files: Files, main: string, report: Report): readonly string[] {
  if (!/[*?[{]/.test(main)) return [main];
  const paths = files.glob(resolvePath(main));
  if (paths.length > 0) return paths;
  const saying = wrong("VIPD007", `${main} matches no file`, "name an existing file");
  report.atPlace({ file: main, line: 1, column: 1 }, { ...saying, verdict: "security" });
  return [];
}

type Strict = "read" | "match" | "wildcard" | "braces";
type Include = { readonly pattern: string; readonly strict: ReadonlySet<Strict>; readonly column: number };

const includes: Readonly<Record<string, readonly Strict[]>> = {
  include: [],
  includer: ["read"],
  includem: ["read", "match"],
  includew: ["read", "match", "wildcard"],
  includeb: ["read", "braces"],
  includea: ["read", "match", "wildcard", "braces"],
};

function includeOf(text: string): Include | undefined {
  const match = /^(\s*)(include\w?)(?:\s+(.*))?$/s.exec(text);
  const strict = includes[match?.[2] ?? ""];
  if (match === null || strict === undefined) return undefined;
  const pattern = (match[3] ?? "").trim().replace(/^"(.*)"$/, "$1");
  return { pattern, strict: new Set(strict), column: (match[1] ?? "").length + 1 };
}

function remedyFor(path: string, { kind }: FileTrouble): string {
  switch (kind) {
    case "missing":
      return "create it, or name another";
    case "unreadable":
      return `make it readable: chmod u+r ${path}`;
    case "executable":
      return `remove the execute bits: chmod a-x ${path}`;
    case "notFile":
      return "name a regular file";
  }
}
