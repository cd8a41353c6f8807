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
  /** Whether words and texts of this reading are kept beside those of another, and must not hold on to the whole file. */
  isLater(): boolean;
  /**
   * The block whose lines stand here, moved to this place.
   * @param from where line `number` begins
   */
  recall(source: Source, number: number, from: number): Recalled | undefined;
  /** @param text all its lines, the first of which is line `number` of its source and begins at `from` */
  keep(block: Statement, text: string, lines: number, number: number, from: number): void;
};

export type Recalled = { readonly block: Statement; readonly lines: number; readonly length: number };

type Kept = { readonly block: Statement; readonly text: string; readonly lines: number; number: number; from: number };

export function createMemory(): Memory {
  let readings = 0;
  /** By the first line. */
  let before = new Map<string, Kept[]>();
  let now: Kept[] = [];
  return {
    begin() {
      readings++;
      before = Map.groupBy(now, ({ text }) => firstLine(text, 0));
      now = [];
    },
    isLater: () => readings > 1,
    recall(source, number, from) {
      if (before.size === 0) return undefined;
      const candidates = before.get(firstLine(source.text, from));
      const at = candidates?.findIndex(({ text }) => source.text.startsWith(text, from)) ?? -1;
      const [kept] = at === -1 ? [] : (candidates?.splice(at, 1) ?? []);
      if (kept === undefined) return undefined;
      move(kept.block, source, number - kept.number, from - kept.from);
      kept.number = number;
      kept.from = from;
      now.push(kept);
      return { block: kept.block, lines: kept.lines, length: kept.text.length };
    },
    keep(block, slice, lines, number, from) {
      now.push({ block, text: readings > 1 ? detached(slice) : slice, lines, number, from });
    },
  };
}

function firstLine(text: string, from: number): string {
  return text.slice(from, text.indexOf("\n", from));
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
