/** Things to say about a configuration: one stable code each, a position, what is wrong and what to do. */
import type { Level, Problem } from "./config.ts";
import { meaningCodes } from "./meaning/codes.ts";
import type { Source, Statement } from "./statement.ts";
import { columnOf, wordText } from "./statement.ts";

/** What a code stands for, for `vipd explain CODE`. A code never changes its meaning. */
export const codes = {
  VIPD001: "A keyword that is not known where it stands",
  VIPD002: "A keyword lacks what it needs",
  VIPD003: "A value of the wrong kind or out of its range",
  VIPD004: "Words too many",
  VIPD005: "A brace is missing, left over or in the wrong place",
  VIPD006: "A quotation mark without its partner",
  VIPD007: "A file that cannot be read",
  VIPD008: "A keyword that vipd understands and does not honour yet",
  VIPD009: "A keyword that is accepted and has no effect in vipd",
  VIPD010: "An old spelling that still works",
  VIPD011: "A setting that stands twice",
  VIPD012: "A block lacks a keyword that it cannot be without",
  VIPD013: "A name that refers to nothing",
  VIPD014: "A name or an identity that is used twice",
  VIPD015: "Settings that contradict each other; one of them is changed",
  VIPD016: "A definition, condition or sequence that cannot be understood",
  VIPD017: "A line that no text file should hold",
  VIPD018: "A limit that protects against runaway files",
  VIPD019: "A part that is left out, because vipd cannot honour it yet",
  VIPD020: "A keyword of other releases or of other programs",
  VIPD021: "An address that cannot be understood or used",
  VIPD022: "A script that this machine cannot run as it is",
  VIPD023: "An account that this machine does not know",
  VIPD024: "An interface that this machine does not have",
  VIPD025: "Advice",
  VIPD026: "A placeholder of a template that was not filled in",
  VIPD027: "An empty file",
  VIPD028: "A network namespace that this machine does not have",
  ...meaningCodes,
} as const;

export type Code = keyof typeof codes;
export type Verdict = NonNullable<Problem["verdict"]>;

/** What is said, apart from where. */
export type Saying = {
  readonly level: Level;
  readonly code: Code;
  readonly message: string;
  readonly remedy: string;
  readonly verdict: Verdict;
};

/** The file is wrong (decision 10a): keepalived reports it, and vipd refuses a reload. */
export function wrong(code: Code, message: string, remedy: string): Saying {
  return { level: "error", code, message, remedy, verdict: "other" };
}

/** keepalived reports it and goes on; so does vipd. */
export function doubtful(code: Code, message: string, remedy: string): Saying {
  return { level: "warning", code, message, remedy, verdict: "other" };
}

/** vipd's own warning: keepalived has nothing to say. */
export function warning(code: Code, message: string, remedy: string): Saying {
  return { level: "warning", code, message, remedy, verdict: "none" };
}

export function hint(code: Code, message: string, remedy: string): Saying {
  return { level: "hint", code, message, remedy, verdict: "none" };
}

export type Place = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text?: string;
  readonly included?: readonly string[];
};

/** Collects problems; beyond `LIMIT` they are only counted. */
export type Report = {
  /** @param word index of the offending word in the statement, 0 = its keyword */
  at(statement: Statement, word: number, saying: Saying): void;
  atPlace(place: Place, saying: Saying): void;
  /** How many there are so far. */
  count(): number;
  list(): readonly Problem[];
};

/** For who looks at what is reported elsewhere. */
export const silent: Report = { at: () => undefined, atPlace: () => undefined, count: () => 0, list: () => [] };

const LIMIT = 2000;
const OF_WORDS: ReadonlySet<Code> = new Set(["VIPD001", "VIPD003", "VIPD015", "VIPD021"]);

export function createReport(): Report {
  const problems: Problem[] = [];
  /** `FILE:LINE` where a placeholder or an undefined name was told. */
  const unfilled = new Set<string>();
  let omitted = 0;
  const atPlace = (place: Place, saying: Saying) => {
    if (saying.code === "VIPD026" || (saying.code === "VIPD016" && saying.level === "error"))
      unfilled.add(`${place.file}:${place.line}`);
    if (problems.length < LIMIT) problems.push({ ...saying, ...place });
    else omitted++;
  };
  /** What is wrong with a word that was never filled in is told: no more need be said of it. */
  const isUnfilled = ({ source, line }: Statement, text: string, { code }: Saying) =>
    unfilled.size > 0 &&
    OF_WORDS.has(code) &&
    /\{[{%]|\$[A-Za-z_]/.test(text) &&
    unfilled.has(`${source.path}:${line}`);
  return {
    atPlace,
    count: () => problems.length + omitted,
    at(statement, word, saying) {
      const { source, line } = statement;
      if (isUnfilled(statement, wordText(statement, word), saying)) return;
      const column = columnOf(statement, word);
      const place = { file: source.path, line, column, ...includedOf(source) };
      const isSecret = statement.rule?.entry.secret === true;
      if (isSecret && word > 0) atPlace(place, saying);
      else atPlace({ ...place, text: wordText(statement, word), ...originOf(statement, column, isSecret) }, saying);
    },
    list() {
      const first = problems[0];
      if (omitted === 0 || first === undefined) return inOrder(problems);
      const more: Problem = {
        ...first,
        ...wrong("VIPD018", `${omitted} more problems are not listed`, "mend these first"),
      };
      return [...inOrder(problems), more];
    },
  };
}

function includedOf({ included }: Source): Pick<Problem, "included"> {
  return included === undefined || included.length === 0 ? {} : { included };
}

/** What substitution made of the line, and where the word in this column was defined. */
function originOf(
  { expanded, source, line }: Statement,
  column: number,
  isSecret: boolean,
): Pick<Problem, "expansion" | "defined"> {
  if (expanded?.origins === undefined) return {};
  const defined = expanded.origins.get(column);
  const elsewhere = defined === undefined || defined === `${source.path}:${line}` ? {} : { defined };
  return isSecret ? elsewhere : { ...elsewhere, expansion: expanded.text };
}

/** File by file, in the order in which something was first said about each; in a file by line and column. */
function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = new Map<string, number>();
  for (const { file } of problems) if (!files.has(file)) files.set(file, files.size);
  const rank = ({ file }: Problem) => files.get(file) ?? 0;
  return [...problems].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column);
}

/** The nearest of `known` to what was written, if it is near enough to be meant. */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  const limit = written.length <= 1 ? 0 : written.length <= 3 ? 1 : written.length <= 6 ? 2 : 3;
  let best: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - written.length) >= least) continue;
    const distance = editDistance(
      written.toLowerCase().replaceAll("-", "_"),
      candidate.toLowerCase().replaceAll("-", "_"),
    );
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
