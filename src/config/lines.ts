/**
 * Text to statements: an index scanner over the file. Lines that hold nothing to substitute, which is nearly all, are read where
 * they stand; the others (`$`, `\`, `@`, `~`, include) go through `expand.ts` first and come back as text with columns.
 * Facts: config-language 8–14.
 */
import { type Report, wrong } from "./problems.ts";
import { isBlank, type Source, type Statement } from "./statement.ts";
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
  readonly columns: readonly number[] | undefined;
};

/** Reads the statements and braces of one line into the tree. Comments end it. */
export function scanLine(line: Line, tree: Tree, report: Report): void {
  const { text, to } = line;
  let words: string[] = [];
  let start = -1;
  let end = -1;
  let at = line.from;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (isBlank(code)) {
      at++;
      continue;
    }
    if (code === HASH || code === BANG) break;
    if (code === OPEN || code === CLOSE) {
      if (words.length > 0) tree.statement(statementOf(line, words, start, end));
      words = [];
      const place = { file: line.source.path, line: line.number, column: columnAt(line, at), text: text.charAt(at) };
      if (code === OPEN) tree.open(place);
      else tree.close(place);
      at++;
      continue;
    }
    if (words.length === 0) start = at;
    if (code === QUOTE) {
      const close = text.indexOf('"', at + 1);
      if (close === -1 || close >= to) {
        const place = {
          file: line.source.path,
          line: line.number,
          column: columnAt(line, at),
          text: text.slice(at, to).trimEnd(),
        };
        report.atPlace(
          place,
          wrong("VIPD006", "a quotation mark is not closed", 'add the second "; a quoted text ends on its line'),
        );
        end = trimmedEnd(text, at + 1, to);
        words.push(text.slice(at + 1, end));
        break;
      }
      words.push(text.slice(at + 1, close));
      at = close + 1;
    } else {
      const from = at;
      at = plainWordEnd(text, at, to);
      words.push(text.slice(from, at));
    }
    end = at;
  }
  if (words.length > 0) tree.statement(statementOf(line, words, start, end));
}

function statementOf(line: Line, words: readonly string[], start: number, end: number): Statement {
  return {
    words,
    source: line.source,
    line: line.number,
    text: line.text,
    start,
    end,
    columns: line.columns,
    body: undefined,
    rule: undefined,
    value: undefined,
  };
}

function plainWordEnd(text: string, from: number, to: number): number {
  let at = from + 1;
  while (at < to) {
    const code = text.charCodeAt(at);
    if (code <= QUOTE + 1) {
      if (isBlank(code) || code === QUOTE || code === HASH || code === BANG) break;
    } else if (code === OPEN || code === CLOSE) break;
    at++;
  }
  return at;
}

function columnAt(line: Line, at: number): number {
  return line.columns === undefined ? at - line.from + 1 : (line.columns[at] ?? 1);
}

function trimmedEnd(text: string, from: number, to: number): number {
  let end = to;
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  return end;
}
