/**
 * What one reading leaves for the next: the blocks of virtual servers, by their text. Of a file with ten thousand real servers a reload
 * changes a few; the others are then recognized instead of read, and whoever looks at them can remember by the block that there was
 * nothing to say (`createSilence`).
 *
 * Only a block that means the same wherever it stands is kept: whole lines, nothing substituted, nothing to report about its words
 * and braces.
 */
import type { Report } from "./problems.ts";
import type { Source, Statement } from "./statement.ts";

export type Memory = {
  /** A reading begins: what the last one kept can be recalled, each block once. */
  begin(): void;
  /**
   * The block whose lines stand here, moved to this place.
   * @param from where line `number` begins
   */
  recall(source: Source, number: number, from: number): Recalled | undefined;
  /** @param text all lines of the block, which begin with line `number` of its source at `from` */
  keep(block: Statement, text: string, lines: number, number: number, from: number): void;
};

export type Recalled = { readonly block: Statement; readonly lines: number; readonly length: number };

type Kept = { readonly block: Statement; readonly text: string; readonly lines: number; number: number; from: number };

export function createMemory(): Memory {
  /** By the first line. */
  let before = new Map<string, Kept[]>();
  let now = new Map<string, Kept[]>();

  function add(header: string, kept: Kept): void {
    const same = now.get(header);
    if (same === undefined) now.set(header, [kept]);
    else same.push(kept);
  }

  return {
    begin() {
      before = now;
      now = new Map();
    },
    recall(source, number, from) {
      if (before.size === 0) return undefined;
      const header = source.text.slice(from, source.text.indexOf("\n", from));
      const candidates = before.get(header);
      const at = candidates?.findIndex(({ text }) => source.text.startsWith(text, from)) ?? -1;
      const [kept] = at === -1 ? [] : (candidates?.splice(at, 1) ?? []);
      if (kept === undefined) return undefined;
      move(kept.block, source, number - kept.number, from - kept.from);
      kept.number = number;
      kept.from = from;
      add(kept.text.slice(0, header.length), kept);
      return { block: kept.block, lines: kept.lines, length: kept.text.length };
    },
    keep(block, slice, lines, number, from) {
      const text = detached(slice);
      const header = text.slice(0, text.indexOf("\n"));
      add(header, { block, text, lines, number, from });
    },
  };
}

function move(statement: Statement, source: Source, lines: number, offset: number): void {
  statement.source = source;
  statement.line += lines;
  statement.start += offset;
  statement.end += offset;
  if (statement.body !== undefined) for (const inner of statement.body) move(inner, source, lines, offset);
}

/** V8 makes no copy of a part of this length: it would keep the whole text that it was cut from. */
const LONGEST_COPY = 12;

/** The same text, with nothing behind it. */
export function detached(text: string): string {
  return text.length <= LONGEST_COPY ? text : Buffer.from(text).toString();
}

/** Looks at a block, unless it did before and nothing came of it. */
export type Silence = (block: Statement, report: Report, look: () => void) => void;

/** For one pass over blocks whose outcome depends on nothing but the block. */
export function createSilence(): Silence {
  const silent = new WeakSet<Statement>();
  return (block, report, look) => {
    if (silent.has(block)) return;
    const before = report.count();
    look();
    if (report.count() === before) silent.add(block);
  };
}
