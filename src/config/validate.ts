/**
 * Walks the tree along the table: every statement finds its row, its words are read, and whatever does not fit is reported. What is
 * wrong loses its row, so that nothing behind this file looks at it.
 */
import { splitWords } from "./command.ts";
import { type Grammar, isBlock, type Rule } from "./grammar.ts";
import type { Entry, Takes } from "./keywords/entry.ts";
import { removedKeywords } from "./keywords/removed.ts";
import { createSilence } from "./memory.ts";
import { doubtful, hint, nearest, type Report, type Saying, warning, wrong } from "./problems.ts";
import { rawArguments, type Statement } from "./statement.ts";
import { type Reader, readerOf } from "./values.ts";

/** IFNAMSIZ of Linux, less its terminator. */
const LONGEST_INTERFACE = 15;

type Context = {
  readonly grammar: Grammar;
  readonly report: Report;
  /** By index of rule: the block in which it was seen last (a serial number), and the statement. */
  readonly seenIn: Int32Array;
  readonly seen: (Statement | undefined)[];
  readonly readers: (Reader | undefined)[];
  serial: number;
};

export function validate(statements: readonly Statement[], grammar: Grammar, report: Report): void {
  const context: Context = {
    grammar,
    report,
    seenIn: new Int32Array(grammar.size),
    seen: new Array<undefined>(grammar.size).fill(undefined),
    readers: new Array<undefined>(grammar.size).fill(undefined),
    serial: 0,
  };
  const serial = ++context.serial;
  for (const statement of statements)
    unlessSilent(statement, report, () => validateOne(statement, grammar.root, undefined, serial, context));
}

const unlessSilent = createSilence();

function validateBlock(
  body: readonly Statement[],
  inside: ReadonlyMap<string, Rule>,
  block: Rule,
  context: Context,
): void {
  const serial = ++context.serial;
  for (const statement of body) validateOne(statement, inside, block, serial, context);
}

function validateOne(
  statement: Statement,
  inside: ReadonlyMap<string, Rule>,
  block: Rule | undefined,
  serial: number,
  context: Context,
): void {
  const rule = inside.get(statement.words[0] ?? "");
  if (rule === undefined) {
    context.report.at(statement, 0, unknown(statement, inside, block, context.grammar));
    return;
  }
  statement.rule = rule;
  if (!checkWords(statement, rule, context)) statement.rule = undefined;
  else {
    if (rule.entry.repeat !== "all") repeated(statement, rule, serial, context);
    if (rule.entry.instead !== undefined) tellOld(statement, rule.entry, context.report);
    if (block === undefined || block.entry.support !== "not yet") tellSupport(statement, rule.entry, context.report);
  }
  if (statement.body !== undefined && rule.entry.takes.form === "block")
    validateBlock(statement.body, rule.inside, rule, context);
}

/** @returns whether the statement can be used */
function checkWords(statement: Statement, rule: Rule, context: Context): boolean {
  const { report } = context;
  const { words, body } = statement;
  const { takes } = rule.entry;
  if (body !== undefined && !isBlock(rule.entry)) {
    report.at(statement, 0, wrong("VIPD005", `${rule.name} takes no block`, `remove the { after it and its }`));
    return false;
  }
  switch (takes.form) {
    case "flag":
      return surplus(statement, 1, context);
    case "one":
      return readOne(statement, rule, takes, context);
    case "words":
      if (words.length - 1 < takes.least) return missing(statement, rule, context);
      return surplus(statement, takes.most + 1, context);
    case "command":
      return words.length > 1 || takes.optional === true || missing(statement, rule, context);
    case "block":
    case "lines":
      return checkBlock(statement, rule, takes, context);
  }
}

function checkBlock(
  statement: Statement,
  rule: Rule,
  takes: Takes & { form: "block" | "lines" },
  { report }: Context,
): boolean {
  const [least, most] = takes.names;
  const given = statement.words.length - 1;
  if (statement.body === undefined) {
    const surplus = statement.words.slice(takes.names[1] + 1).join(" ");
    const remedy = takes.form === "lines" && surplus !== "" ? `write ${rule.name} { ${surplus} }` : "write { after it";
    report.at(statement, statement.words.length, wrong("VIPD005", `${rule.name} lacks its {`, remedy));
    return false;
  }
  if (given < least) {
    report.at(
      statement,
      statement.words.length,
      wrong("VIPD002", `${rule.name} lacks its name`, `write ${rule.name} ${nameOf(rule.entry)} {`),
    );
    return false;
  }
  if (given <= most) return true;
  const extra = statement.words.slice(most + 1).join(" ");
  // keepalived refuses a second name, and reads past more words behind an address
  const saying = takes.names[1] > 1 ? warning : wrong;
  report.at(statement, most + 1, saying("VIPD004", `${rule.name} has words too many: ${extra}`, "remove them"));
  return takes.names[1] > 1;
}

function readOne(statement: Statement, rule: Rule, takes: Takes & { form: "one" }, context: Context): boolean {
  const text = statement.words[1];
  if (text === undefined) {
    if (takes.optional !== true) return missing(statement, rule, context);
    if (takes.value.type === "bool") statement.value = true;
    return true;
  }
  if (takes.value.type === "expression") return readExpression(statement, rule, context);
  let reader = context.readers[rule.index];
  if (reader === undefined) {
    reader = readerOf(takes.value);
    context.readers[rule.index] = reader;
  }
  const read = reader(text);
  if (!read.ok && rule.entry.zero !== undefined && Number(text) === 0) {
    const message = `${rule.name} ${text} is out of its range, and means what holds without it`;
    context.report.at(statement, 1, doubtful("VIPD003", message, "remove the line"));
    return false;
  }
  if (!read.ok) {
    const said = wrong(
      "VIPD003",
      `${rule.name} ${text} ${read.error.message}`,
      didYouMean(text, takes) ?? read.error.remedy,
    );
    context.report.at(statement, 1, said);
    return false;
  }
  if (rule.entry.args === "IF" && text.length > LONGEST_INTERFACE) {
    const saying = wrong(
      "VIPD003",
      `${rule.name} ${text} is longer than an interface's name can be`,
      `write a name of at most ${LONGEST_INTERFACE} characters`,
    );
    context.report.at(statement, 1, saying);
    return false;
  }
  statement.value = read.value;
  tooPrecise(statement, text, takes, context);
  if (takes.value.type === "ip" && text.includes("/")) {
    const message = `${rule.name} ${text} is an address, of which the length of its network is no part`;
    context.report.at(statement, 1, warning("VIPD004", message, `write ${text.split("/", 1)[0]}`));
  }
  return surplus(statement, 2, context);
}

/** Its value is what is written; escapes are for whoever uses it. */
function readExpression(statement: Statement, rule: Rule, { report }: Context): boolean {
  const written = rawArguments(statement);
  const split = splitWords(written, false);
  if (!split.ok) {
    report.at(statement, 1, wrong("VIPD006", `${rule.name} ${split.error}`, "add it"));
    return false;
  }
  statement.value = written;
  const [, ...surplus] = split.value;
  if (surplus.length > 0) {
    const message = `${rule.name} has words that mean nothing: ${surplus.join(" ")}`;
    report.at(statement, 1, warning("VIPD004", message, "put the expression in quotes, or remove them"));
  }
  return true;
}

function tooPrecise(statement: Statement, text: string, { value }: Takes & { form: "one" }, { report }: Context): void {
  if (value.type !== "seconds" && value.type !== "milliseconds") return;
  if (!text.includes(".")) return;
  const exact = text.replace(/0+$/, "");
  if (exact.length - 1 - exact.indexOf(".") <= value.places) return;
  report.at(
    statement,
    1,
    doubtful(
      "VIPD015",
      `${statement.words[0]} ${text} has more decimals than count`,
      `write at most ${value.places} decimals`,
    ),
  );
}

function didYouMean(text: string, { value }: Takes & { form: "one" }): string | undefined {
  const meant = value.type === "choice" ? nearest(text, value.of) : undefined;
  return meant === undefined ? undefined : `did you mean ${meant}?`;
}

function missing(statement: Statement, rule: Rule, { report }: Context): false {
  const args = rule.entry.args ?? "";
  report.at(
    statement,
    statement.words.length,
    wrong("VIPD002", `${rule.name} lacks what it needs: ${args}`, `write ${rule.name} ${args}`),
  );
  return false;
}

/** keepalived reads no further than it needs; so do we, and say so. */
function surplus(statement: Statement, most: number, { report }: Context): true {
  if (statement.words.length <= most) return true;
  const extra = statement.rule?.entry.secret === true ? "" : `: ${statement.words.slice(most).join(" ")}`;
  const saying = warning("VIPD004", `${statement.words[0]} has words that mean nothing${extra}`, "remove them");
  report.at(statement, most, saying);
  return true;
}

function repeated(statement: Statement, rule: Rule, serial: number, context: Context): void {
  const before = context.seenIn[rule.index] === serial ? context.seen[rule.index] : undefined;
  context.seenIn[rule.index] = serial;
  context.seen[rule.index] = statement;
  if (before === undefined) return;
  const first = rule.entry.repeat === "first";
  const what = first ? `the one in line ${before.line} counts` : `it replaces the one in line ${before.line}`;
  const saying = first || rule.name === "digest" ? doubtful : warning;
  context.report.at(statement, 0, saying("VIPD011", `${rule.name} stands twice; ${what}`, "keep one of them"));
  if (first) context.seen[rule.index] = before;
  (first ? statement : before).rule = undefined;
}

function tellOld(statement: Statement, { quiet, instead }: Entry, report: Report): void {
  const saying = quiet === true ? hint : doubtful;
  report.at(statement, 0, saying("VIPD010", `${statement.words[0]} is an old spelling`, `write ${instead} instead`));
}

function tellSupport(statement: Statement, entry: Entry, report: Report): void {
  const name = statement.words[0] ?? "";
  if (entry.support === "honoured") return;
  if (entry.support === "not yet") {
    report.at(
      statement,
      0,
      warning("VIPD008", `${name} is not honoured yet`, `vipd goes on without it; what it does: ${entry.meaning}`),
    );
  } else if ("without" in entry.support)
    report.at(
      statement,
      0,
      hint("VIPD009", `${name} has no effect: ${entry.support.without}`, "nothing needs to be done"),
    );
}

function unknown(
  statement: Statement,
  inside: ReadonlyMap<string, Rule>,
  block: Rule | undefined,
  grammar: Grammar,
): Saying {
  const name = statement.words[0] ?? "";
  const where = block === undefined ? "outside every block" : `in ${block.name}`;
  const skipped = statement.body === undefined ? "" : " (its block is skipped)";
  const removed = removedKeywords.find((row) => row.name === name);
  if (removed !== undefined) {
    const saying = removed.harmless === true ? doubtful : wrong;
    return saying("VIPD020", `${name} ${removed.what}${skipped}`, removed.remedy);
  }
  return wrong("VIPD001", `unknown keyword ${name} ${where}${skipped}`, remedyFor(name, inside, block, grammar));
}

function remedyFor(name: string, inside: ReadonlyMap<string, Rule>, block: Rule | undefined, grammar: Grammar): string {
  if (/[^\x20-\x7e]/.test(name))
    return "it holds a character that is no plain letter, perhaps a blank of a word processor; type it anew";
  if (
    block?.name === "vrrp_sync_group" &&
    nearest(name, inside.keys()) === undefined &&
    grammar.pathsOf(name).length === 0
  )
    return `write group { ${name} } if it is an instance`;
  const head = name.split(/[=<:,;]/, 1)[0] ?? "";
  if (head !== name && inside.has(head)) return `write a blank after ${head}`;
  const near = nearest(name, inside.keys());
  const elsewhere = grammar.pathsOf(name);
  if (elsewhere.length > 0) {
    const homes = [...new Set(elsewhere.map((path) => path.split("/").slice(0, -1).join(" / ")))];
    const home = homes.slice(0, 3).map((path) => (path === "" ? "outside every block" : `in ${path}`));
    return `it belongs ${home.join(" or ")}; look for a brace too many or too few above`;
  }
  if (near !== undefined) return `did you mean ${near}?`;
  const anywhere = nearest(name, [...grammar.root.keys()]);
  if (block !== undefined && anywhere !== undefined) return `did you mean ${anywhere}? It belongs outside every block`;
  return block === undefined
    ? "remove it, or comment it out with #"
    : `vipd explain ${block.name} lists what may stand here`;
}

function nameOf(entry: Entry): string {
  return (entry.args ?? "NAME").replace(/\s*\{.*$/, "");
}
