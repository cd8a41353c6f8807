/**
 * Statements and braces become a tree. A brace belongs to the statement before it, on the same line or not. What is wrong with the
 * braces is reported where it went wrong; the rest of the file is still read.
 */
import { type Grammar, isBlock, type Rule } from "./grammar.ts";
import { type Line, placeIn } from "./lines.ts";
import { type Report, wrong } from "./problems.ts";
import { isBlank, type Statement } from "./statement.ts";

export type Tree = {
  statement(statement: Statement): void;
  /** A brace at this offset of the line's text. */
  open(line: Line, at: number): void;
  close(line: Line, at: number): void;
  /** What stands outside every block so far; undefined within one. */
  outside(): Outside | undefined;
  /** A block outside every other that was read before. */
  whole(block: Statement): void;
  /** Ends the file. @returns the statements outside every block */
  end(): readonly Statement[];
};

export type Outside = {
  readonly statements: readonly Statement[];
  /** The last thing was a closing brace. */
  readonly isClosed: boolean;
  /** Braces that may be told to stand in the wrong place, if it turns out that they do not add up. */
  readonly doubts: number;
};

type Level = {
  /** Undefined outside every block, and for a brace that belongs to nothing: its content is read where it stands. */
  readonly owner: Statement | undefined;
  readonly body: Statement[];
  /** What may stand here; undefined in a block that is not known. */
  readonly inside: ReadonlyMap<string, Rule> | undefined;
  readonly brace: Brace | undefined;
  /** Columns before the line that opened it. */
  readonly indent: number;
};

type Brace = { readonly line: Line; readonly at: number };

/** A closing brace that stands like one of another block than it closes: only told where the braces do not add up. */
type Suspicion = {
  readonly kind: "left open" | "too early";
  readonly closed: Level;
  readonly brace: Brace;
};

const NOTHING: ReadonlyMap<string, Rule> = new Map();

export function createTree(grammar: Grammar, report: Report): Tree {
  const root: Level = { owner: undefined, body: [], inside: grammar.root, brace: undefined, indent: -1 };
  const stack: Level[] = [root];
  let level = root;
  /** The statement that an opening brace would belong to. */
  let last: Statement | undefined;
  let suspicions: Suspicion[] = [];

  return {
    statement(statement) {
      level.body.push(statement);
      last = statement;
    },
    open(line, at) {
      if (last === undefined) {
        const saying = wrong("VIPD005", "{ opens no block here", "remove it, or write the block's keyword before it");
        report.atPlace({ ...placeIn(line, at), text: "{" }, saying);
        enter({
          owner: undefined,
          body: level.body,
          inside: level.inside,
          brace: { line, at },
          indent: indentOf(line),
        });
        return;
      }
      const rule = level.inside?.get(last.words[0] ?? "") ?? leaveForgotten(last);
      last.body = [];
      const inside = rule === undefined ? undefined : rule.entry.takes.form === "block" ? rule.inside : NOTHING;
      enter({ owner: last, body: last.body, inside, brace: { line, at }, indent: indentOfStatement(last, line) });
    },
    close(line, at) {
      last = undefined;
      if (stack.length > 1) {
        suspect({ line, at });
        stack.pop();
        level = stack.at(-1) ?? root;
        return;
      }
      const early = suspicions.find(({ kind }) => kind === "too early");
      if (early !== undefined) tooEarly(early, line.number);
      const remedy =
        early === undefined
          ? "remove it, or look for a block above that was closed too early"
          : `remove it, or the } in line ${early.brace.line.number}`;
      suspicions = [];
      report.atPlace({ ...placeIn(line, at), text: "}" }, wrong("VIPD005", "} closes nothing", remedy));
    },
    outside: () =>
      level === root ? { statements: root.body, isClosed: last === undefined, doubts: suspicions.length } : undefined,
    whole(block) {
      root.body.push(block);
      last = undefined;
    },
    end() {
      for (const open of stack.slice(1)) unclosed(open, "the end of the file");
      return root.body;
    },
  };

  /** Remembers a brace that stands at the depth of another block. */
  function suspect(brace: Brace): void {
    const indent = indentOf(brace.line);
    if (indent === level.indent || !isFirst(brace)) return;
    if (indent > level.indent) suspicions.push({ kind: "too early", closed: level, brace });
    else if (stack.slice(1, -1).some((outer) => outer.indent === indent))
      suspicions.push({ kind: "left open", closed: level, brace });
  }

  function tooEarly({ closed, brace }: Suspicion, leftOver: number): void {
    const message = `this } closes ${nameOf(closed)} of line ${closed.brace?.line.number ?? 1} too early`;
    const remedy = `it stands deeper than that block: remove it, since the } in line ${leftOver} is one too many`;
    report.atPlace({ ...placeIn(brace.line, brace.at), text: "}" }, wrong("VIPD005", message, remedy));
  }

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

  /** By indentation it may be a block inside this one that was left open, so that its } closed the wrong one. */
  function unclosed(open: Level, before: string): void {
    const at = suspicions.findIndex(({ kind, closed }) => kind === "left open" && isInside(closed, open));
    const [found] = at === -1 ? [] : suspicions.splice(at, 1);
    const until = found === undefined ? before : `the } in line ${found.brace.line.number}`;
    const { brace } = found === undefined ? open : found.closed;
    if (brace === undefined) return;
    const place = placeIn(brace.line, brace.at);
    const message = `${nameOf(found?.closed ?? open)} is not closed before ${until}`;
    report.atPlace({ ...place, text: "{" }, wrong("VIPD005", message, "add the missing }"));
  }
}

function nameOf({ owner }: Level): string {
  return owner === undefined ? "this {" : owner.words.slice(0, 3).join(" ");
}

/** Whether a block was opened behind another one, in the same file. */
function isInside(inner: Level, outer: Level): boolean {
  const [a, b] = [outer.brace, inner.brace];
  if (a === undefined || b === undefined) return false;
  return (
    a.line.source === b.line.source &&
    (a.line.number < b.line.number || (a.line.number === b.line.number && a.at < b.at))
  );
}

const TAB = 8;

/** Columns before the first character of a line. */
function indentOf({ text, from, to, expanded }: Line): number {
  if (expanded !== undefined) return (expanded.columns[0] ?? 1) - 1;
  let columns = 0;
  for (let at = from; at < to && isBlank(text.charCodeAt(at)); at++)
    columns = text.charCodeAt(at) === 0x09 ? columns + TAB - (columns % TAB) : columns + 1;
  return columns;
}

/** Of the line on which a block's keyword stands; its brace may follow on the next. */
function indentOfStatement({ source, expanded, line, start }: Statement, brace: Line): number {
  if (line === brace.number || expanded !== undefined) return indentOf(brace);
  const from = source.text.lastIndexOf("\n", start - 1) + 1;
  return indentOf({ ...brace, text: source.text, from, to: start, expanded: undefined });
}

/** Nothing stands before it on its line. */
function isFirst({ line, at }: Brace): boolean {
  return line.text.slice(line.from, at).trim() === "";
}

function isBlockIn(inside: ReadonlyMap<string, Rule> | undefined, name: string): boolean {
  const rule = inside?.get(name);
  return rule !== undefined && isBlock(rule.entry);
}
