/**
 * Statements and braces become a tree. A brace belongs to the statement before it, on the same line or not. What is wrong with the
 * braces is reported where it went wrong; the rest of the file is still read.
 */
import { type Grammar, isBlock, type Rule } from "./grammar.ts";
import { type Line, placeIn } from "./lines.ts";
import { type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export type Tree = {
  statement(statement: Statement): void;
  /** A brace at this offset of the line's text. */
  open(line: Line, at: number): void;
  close(line: Line, at: number): void;
  /** Ends the file. @returns the statements outside every block */
  end(): readonly Statement[];
};

type Level = {
  /** Undefined outside every block, and for a brace that belongs to nothing: its content is read where it stands. */
  readonly owner: Statement | undefined;
  readonly body: Statement[];
  /** What may stand here; undefined in a block that is not known. */
  readonly inside: ReadonlyMap<string, Rule> | undefined;
  readonly brace: { readonly line: Line; readonly at: number } | undefined;
};

const NOTHING: ReadonlyMap<string, Rule> = new Map();

export function createTree(grammar: Grammar, report: Report): Tree {
  const root: Level = { owner: undefined, body: [], inside: grammar.root, brace: undefined };
  const stack: Level[] = [root];
  let level = root;
  /** The statement that an opening brace would belong to. */
  let last: Statement | undefined;

  return {
    statement(statement) {
      level.body.push(statement);
      last = statement;
    },
    open(line, at) {
      if (last === undefined) {
        const saying = wrong("VIPD005", "{ opens no block here", "remove it, or write the block's keyword before it");
        report.atPlace({ ...placeIn(line, at), text: "{" }, saying);
        enter({ owner: undefined, body: level.body, inside: level.inside, brace: { line, at } });
        return;
      }
      const rule = level.inside?.get(last.words[0] ?? "") ?? leaveForgotten(last);
      last.body = [];
      const inside = rule === undefined ? undefined : rule.entry.takes.form === "block" ? rule.inside : NOTHING;
      enter({ owner: last, body: last.body, inside, brace: { line, at } });
    },
    close(line, at) {
      last = undefined;
      if (stack.length > 1) {
        stack.pop();
        level = stack.at(-1) ?? root;
        return;
      }
      const saying = wrong(
        "VIPD005",
        "} closes nothing",
        "remove it, or look for a block above that was closed too early",
      );
      report.atPlace({ ...placeIn(line, at), text: "}" }, saying);
    },
    end() {
      for (const open of stack.slice(1)) unclosed(open, "the end of the file");
      return root.body;
    },
  };

  function enter(next: Level): void {
    stack.push(next);
    level = next;
    last = undefined;
  }

  /**
   * A block that means nothing here, but further outside: the blocks between were left open by mistake.
   * @returns its rule there, if there is such a place
   */
  function leaveForgotten(block: Statement): Rule | undefined {
    if (level.inside === undefined) return undefined;
    const name = block.words[0] ?? "";
    const depth = stack.findLastIndex(({ inside }) => isBlockIn(inside, name));
    if (depth === -1) return undefined;
    for (const open of stack.splice(depth + 1)) unclosed(open, `${name} in line ${block.line}`);
    level.body.pop();
    level = stack.at(-1) ?? root;
    level.body.push(block);
    return level.inside?.get(name);
  }

  function unclosed({ owner, brace }: Level, before: string): void {
    if (brace === undefined) return;
    const name = owner === undefined ? "this {" : owner.words.slice(0, 3).join(" ");
    const place = placeIn(brace.line, brace.at);
    report.atPlace(
      { ...place, text: "{" },
      wrong("VIPD005", `${name} is not closed before ${before}`, "add the missing }"),
    );
  }
}

function isBlockIn(inside: ReadonlyMap<string, Rule> | undefined, name: string): boolean {
  const rule = inside?.get(name);
  return rule !== undefined && isBlock(rule.entry);
}
