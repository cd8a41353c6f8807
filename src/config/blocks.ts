/** Finds the blocks of virtual servers in a file as its lines are read, recalls those of the last reading, and keeps the others. */
import type { Memory, Recalled } from "./memory.ts";
import type { Report } from "./problems.ts";
import { isBlank, type Source } from "./statement.ts";
import type { Tree } from "./tree.ts";

export type BlockWatch = {
  /**
   * A line begins at `from`, its text at `first`.
   * @returns the block that stands here, which is in the tree now
   */
  line(source: Source, number: number, from: number, first: number): Recalled | undefined;
  /** The file ends at `from`, where line `number` would begin. */
  end(source: Source, number: number, from: number): void;
  /** The line was one that may mean something else the next time. */
  forget(): void;
};

/** A block that is being read. */
type Pending = {
  readonly source: Source;
  readonly number: number;
  readonly from: number;
  /** What there was before it. */
  readonly statements: number;
  readonly reports: number;
  readonly doubts: number;
};

const KEYWORD = "virtual_server";

export function watchBlocks(memory: Memory, tree: Tree, report: Report): BlockWatch {
  let pending: Pending | undefined;

  /** @returns whether it is still being read */
  function goesOn(block: Pending, source: Source, number: number, from: number): boolean {
    const outside = tree.outside();
    if (source !== block.source) return false;
    if (outside === undefined) return true;
    if (outside.statements.length !== block.statements + 1) return false;
    if (!outside.isClosed) return true; // its brace may follow
    const statement = outside.statements.at(-1);
    const isSilent = report.count() === block.reports && outside.doubts === block.doubts;
    if (statement !== undefined && isSilent)
      memory.keep(statement, source.text.slice(block.from, from), number - block.number, block.number, block.from);
    return false;
  }

  return {
    line(source, number, from, first) {
      if (pending !== undefined && goesOn(pending, source, number, from)) return undefined;
      pending = undefined;
      const { text } = source;
      if (!text.startsWith(KEYWORD, first) || !isBlank(text.charCodeAt(first + KEYWORD.length))) return undefined;
      const outside = tree.outside();
      if (outside === undefined) return undefined;
      const recalled = memory.recall(source, number, from);
      if (recalled !== undefined) tree.whole(recalled.block);
      else {
        const { statements, doubts } = outside;
        pending = { source, number, from, statements: statements.length, reports: report.count(), doubts };
      }
      return recalled;
    },
    end(source, number, from) {
      if (pending !== undefined) goesOn(pending, source, number, from);
      pending = undefined;
    },
    forget() {
      pending = undefined;
    },
  };
}
