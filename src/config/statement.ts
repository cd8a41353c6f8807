/**
 * One statement of a configuration: a keyword, its words, and where they stand. There may be hundreds of thousands, so a statement
 * holds its words and little else; columns and raw text are worked out when somebody asks.
 */
import type { Rule } from "./grammar.ts";

/** A file that was read. */
export type Source = {
  readonly path: string;
  readonly text: string;
  /** `FILE:LINE` of the include lines that led here, the nearest first; none for the main file. */
  readonly included?: readonly string[];
};

/** What a keyword's words were understood as; what each kind of value becomes is said in `values.ts`. */
export type Understood = string | number | boolean | undefined;

/** A line made by substitution, with the column in the file of each of its characters. */
export type Expanded = {
  readonly text: string;
  readonly columns: readonly number[];
  /** What was substituted, by the column of the reference: `FILE:LINE` of the definition. */
  readonly origins?: ReadonlyMap<number, string>;
};

export type Statement = {
  readonly words: readonly string[];
  /** Where it stands; a block that the next reading recognizes moves (`memory.ts`). */
  source: Source;
  /** From 1. */
  line: number;
  /** The line that it stands on after substitution; undefined: as it stands in the file. */
  readonly expanded: Expanded | undefined;
  /** Its extent in the text that holds it. */
  start: number;
  end: number;
  /** The statements between its braces. */
  body: Statement[] | undefined;
  /** The row of the table that it matched, with the value of its only argument. */
  rule: Rule | undefined;
  value: Understood;
};

/** The column, from 1, at which a word begins; for a word that is missing, the column after the last. */
export function columnOf(statement: Statement, word: number): number {
  const { expanded, start, end, source } = statement;
  const offset = wordOffset(statement, word) ?? end;
  if (expanded !== undefined) return expanded.columns[Math.min(offset, expanded.columns.length - 1)] ?? 1;
  return Math.min(offset, end) - lineStart(source.text, start) + 1;
}

/** The word as written, or the whole statement if there is no such word. */
export function wordText(statement: Statement, word: number): string {
  return statement.words[word] ?? rawText(statement);
}

/** The text of the statement as it was written, quotes and escapes included. */
export function rawText(statement: Statement): string {
  return textOf(statement).slice(statement.start, statement.end);
}

/** The text that holds the statement. */
function textOf({ expanded, source }: Statement): string {
  return expanded === undefined ? source.text : expanded.text;
}

/** The text of the statement after its keyword. */
export function rawArguments(statement: Statement): string {
  const offset = wordOffset(statement, 1);
  return offset === undefined ? "" : textOf(statement).slice(offset, statement.end).trimEnd();
}

/** `FILE:LINE` */
export function placeOf(statement: Statement): string {
  return `${statement.source.path}:${statement.line}`;
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

function wordOffset(statement: Statement, word: number): number | undefined {
  const { start, end } = statement;
  const text = textOf(statement);
  let index = -1;
  let before = -1;
  for (let at = start; at < end; ) {
    while (at < end && isBlank(text.charCodeAt(at))) at++;
    if (at >= end) return undefined;
    const placeholder = placeholderEnd(text, at, end);
    const isWord = placeholder === -1 || (text.charCodeAt(at + 1) === OPEN && (index === -1 || before !== at));
    if (isWord && ++index === word) return at;
    at = placeholder === -1 ? wordEnd(text, at, end) : gluedEnd(text, placeholder, end);
    before = at;
  }
  return undefined;
}

const QUOTE = 0x22;
const PERCENT = 0x25;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Where `{{ … }}` or `{% … %}` of a template ends that begins at `at`, or -1: no configuration has two braces side by side. */
export function placeholderEnd(text: string, at: number, to: number): number {
  if (text.charCodeAt(at) !== OPEN) return -1;
  const next = text.charCodeAt(at + 1);
  if (next !== OPEN && next !== PERCENT) return -1;
  const close = text.indexOf(next === OPEN ? "}}" : "%}", at + 2);
  return close === -1 || close + 2 > to ? -1 : close + 2;
}

/** Text directly behind a placeholder belongs to it. */
function gluedEnd(text: string, close: number, end: number): number {
  const next = close < end ? text.charCodeAt(close) : OPEN;
  return isBlank(next) || next === OPEN || next === CLOSE || next === QUOTE ? close : wordEnd(text, close, end);
}

/** Where the word that begins at `at` ends, its closing quotation mark included. */
function wordEnd(text: string, at: number, end: number): number {
  if (text.charCodeAt(at) === QUOTE) {
    const close = text.indexOf('"', at + 1);
    return close === -1 || close >= end ? end : close + 1;
  }
  let next = at + 1;
  while (
    next < end &&
    !isBlank(text.charCodeAt(next)) &&
    text.charCodeAt(next) !== QUOTE &&
    text.charCodeAt(next) !== OPEN
  )
    next++;
  return next;
}

/** Space, tab, CR, VT, FF: what separates words (config-language 12). */
export function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d && code !== 0x0a);
}
