/**
 * Text to statements: an index scanner over the file. Lines that hold nothing to substitute, which is nearly all, are read where
 * they stand; the others (`$`, `\`, `@`, `~`, include) go through `expand.ts` first and come back as text with columns.
 * Facts: config-language 8–14.
 */
import { detached } from "./memory.ts";
import { type Place, type Report, wrong } from "./problems.ts";
import { type Expanded, isBlank, placeholderEnd, type Source, type Statement } from "./statement.ts";
import type { Tree } from "./tree.ts";

const QUOTE = 0x22;
const HASH = 0x23;
const BANG = 0x21;
const OPEN = 0x7b;
const CLOSE = 0x7d;

export type Line = {
  readonly source: Source;
  readonly number: number;
  readonly text: string;
  readonly from: number;
  readonly to: number;
  readonly expanded: Expanded | undefined;
};

/** Reads the statements and braces of a line into the tree. */
export type Scanner = (line: Line) => void;

/** @param lasting the words outlive the text that they are read from */
export function createScanner(tree: Tree, report: Report, lasting = false): Scanner {
  const cut = lasting
    ? (text: string, from: number, to: number) => detached(text.slice(from, to))
    : (text: string, from: number, to: number) => text.slice(from, to);
  const remember = createWordStore(cut);
  return (line) => {
    const { text, to } = line;
    const comments = line.expanded === undefined; // else they are gone already, and what looks like one is none
    let words: string[] = [];
    let start = -1;
    let end = -1;
    let at = line.from;
    while (at < to) {
      const code = text.charCodeAt(at);
      if (isBlank(code)) {
        at++;
      } else if (comments && (code === HASH || code === BANG)) {
        break;
      } else if (code === OPEN && placeholderEnd(text, at, to) !== -1) {
        let close = placeholderEnd(text, at, to);
        tellPlaceholder(line, at, text.slice(at, close), report);
        const next = close < to ? text.charCodeAt(close) : OPEN;
        if (!isBlank(next) && next !== OPEN && next !== CLOSE && next !== QUOTE)
          close = plainWordEnd(text, close - 1, to, comments);
        if (text.charCodeAt(at + 1) === OPEN) {
          if (words.length === 0) start = at;
          if (words.length > 0 && end === at) words.push(`${words.pop()}${text.slice(at, close)}`);
          else words.push(text.slice(at, close));
          end = close;
        }
        at = close;
      } else if (code === OPEN || code === CLOSE) {
        if (words.length > 0) tree.statement(statementOf(line, remember.words(words), start, end));
        words = [];
        if (code === OPEN) tree.open(line, at);
        else tree.close(line, at);
        at++;
      } else {
        if (words.length === 0) start = at;
        const close = code === QUOTE ? quoteEnd(line, at, report) : plainWordEnd(text, at, to, comments);
        words.push(code === QUOTE ? cut(text, at + 1, Math.max(at + 1, close - 1)) : remember.word(text, at, close));
        at = close;
        end = Math.min(close, to);
      }
    }
    if (words.length > 0) tree.statement(statementOf(line, remember.words(words), start, end));
  };
}

function statementOf(line: Line, words: readonly string[], start: number, end: number): Statement {
  return {
    words,
    source: line.source,
    line: line.number,
    expanded: line.expanded,
    start,
    end,
    body: undefined,
    rule: undefined,
    value: undefined,
  };
}

function tellPlaceholder(line: Line, at: number, text: string, report: Report): void {
  const message = `${text} is a placeholder of a template that was not filled in`;
  const remedy = "make the file from its template, or write the value";
  report.atPlace({ ...placeIn(line, at), text }, wrong("VIPD026", message, remedy));
}

/** Past the closing quotation mark; without one, past the end of what is there, as if it stood behind it. */
function quoteEnd(line: Line, at: number, report: Report): number {
  const { text, to } = line;
  const close = text.indexOf('"', at + 1);
  if (close !== -1 && close < to) return close + 1;
  const saying = wrong("VIPD006", "a quotation mark is not closed", 'add the second "; a quoted text ends on its line');
  report.atPlace({ ...placeIn(line, at), text: '"' }, saying);
  return trimmedEnd(text, at + 1, to) + 1;
}

function plainWordEnd(text: string, from: number, to: number, comments: boolean): number {
  let at = from + 1;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (code <= HASH) {
      if (isBlank(code) || code === QUOTE || (comments && code >= BANG)) break;
    } else if (code === OPEN || code === CLOSE) break;
    at++;
  }
  return at;
}

/** The place of a character of a line. */
export function placeIn(line: Line, at: number): Place {
  const column = line.expanded === undefined ? at - line.from + 1 : (line.expanded.columns[at] ?? 1);
  const { path, included } = line.source;
  return { file: path, line: line.number, column, ...(included === undefined ? {} : { included }) };
}

function trimmedEnd(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}

const SLOTS = 1 << 14;

/** A large file says the same few things again and again: equal words, and equal pairs of words, are kept once. */
function createWordStore(cut: (text: string, from: number, to: number) => string) {
  const singles = new Array<string>(SLOTS).fill("");
  const lists = new Array<readonly string[]>(SLOTS).fill([]);
  return {
    word(text: string, from: number, to: number): string {
      let hash = to - from;
      for (let i = from; i < to; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
      const slot = (hash ^ (hash >>> 14)) & (SLOTS - 1);
      const known = singles[slot] ?? "";
      if (known.length === to - from && text.startsWith(known, from)) return known;
      const word = cut(text, from, to);
      singles[slot] = word;
      return word;
    },
    words(words: readonly string[]): readonly string[] {
      const [first = "", second = ""] = words;
      if (words.length > 2 || first === "") return words;
      const hash =
        Math.imul(first.length * 64 + first.charCodeAt(first.length - 1), 31) +
        second.length * 256 +
        (second.charCodeAt(second.length - 1) | 0);
      const slot = hash & (SLOTS - 1);
      const known = lists[slot] ?? words;
      if (known.length === words.length && known[0] === first && known[1] === words[1]) return known;
      lists[slot] = words;
      return words;
    },
  };
}
