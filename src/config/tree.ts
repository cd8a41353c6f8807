/**
 * Statements and braces become a tree. A brace belongs to the statement before it, on the same line or not. What is wrong with the
 * braces is reported where it went wrong; the rest of the file is still read.
 */
import type { Grammar } from "./grammar.ts";
import { fits } from "./grammar.ts";
import { type Place, type Report, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export type Tree = {
  statement(statement: Statement): void;
  open(place: Place): void;
  close(place: Place): void;
  /** Ends the file. @returns the statements outside every block */
  end(): Statement[];
};

/** `owner` undefined: a brace that belongs to nothing, whose content is read where it stands. */
type Level = { readonly owner: Statement | undefined; readonly body: Statement[]; readonly place: Place | undefined };

export function createTree(grammar: Grammar, report: Report): Tree {
  const root: Level = { owner: undefined, body: [], place: undefined };
  const stack: Level[] = [root];
  let level = root;
  /** The statement that an opening brace would belong to. */
  let last: Statement | undefined;

  const leave = () => {
    stack.pop();
    level = stack.at(-1) ?? root;
    last = undefined;
  };

  return {
    statement(statement) {
      if (level.owner !== undefined && grammar.onlyOutside(statement.words[0]) && !fitsHere(statement))
        leaveAll(statement);
      level.body.push(statement);
      last = statement;
    },
    open(place) {
      if (last === undefined) {
        report.atPlace(
          place,
          wrong("VIPD005", "{ opens no block here", "remove it, or write the block's keyword before it"),
        );
        level = { owner: undefined, body: level.body, place };
      } else {
        last.body = [];
        level = { owner: last, body: last.body, place };
      }
      stack.push(level);
      last = undefined;
    },
    close(place) {
      last = undefined;
      if (stack.length > 1) leave();
      else
        report.atPlace(
          place,
          wrong("VIPD005", "} closes nothing", "remove it, or look for a block above that was closed too early"),
        );
    },
    end() {
      for (const { owner, place } of stack.slice(1)) {
        if (place !== undefined) unclosed(owner, place, "the end of the file");
      }
      return root.body;
    },
  };

  function fitsHere(statement: Statement): boolean {
    return fits(
      grammar,
      stack.slice(1).map(({ owner }) => owner?.words[0] ?? ""),
      statement.words[0] ?? "",
    );
  }

  /** A block that only stands outside all others: the ones still open were left open by mistake. */
  function leaveAll(statement: Statement): void {
    for (const { owner, place } of stack.splice(1)) {
      if (place !== undefined) unclosed(owner, place, `${statement.words[0]} in line ${statement.line}`);
    }
    level = root;
  }

  function unclosed(owner: Statement | undefined, place: Place, before: string): void {
    const name = owner === undefined ? "this {" : owner.words.slice(0, 2).join(" ");
    const at = owner === undefined ? place : { ...place, line: owner.line };
    report.atPlace(at, wrong("VIPD005", `${name} is not closed before ${before}`, "add the missing }"));
  }
}
