/** The validated tree as values, by the table alone: no keyword is named here. */
import { ip as knownIp } from "../../base/address.ts";
import { parseCommand } from "../command.ts";
import { masked } from "../consolidate.ts";
import type { Entry } from "../keywords/entry.ts";
import { placeOf, rawArguments, type Statement } from "../statement.ts";
import { canonical, linesOf } from "./lines.ts";
import type { Meaning, Setting, Written } from "./setting.ts";
import { isPlainArgument } from "./words.ts";

/** @param statements validated; what is wrong, or replaced by another, has lost its row and is left out */
export function readWritten(statements: readonly Statement[]): Written {
  return statements.flatMap((statement) => {
    const { rule } = statement;
    if (rule === undefined) return [];
    const setting: Setting = { keyword: rule.name, value: meaningOf(statement, rule.entry), at: placeOf(statement) };
    return [setting];
  });
}

function meaningOf(statement: Statement, entry: Entry): Meaning {
  const { takes } = entry;
  const { words, value } = statement;
  switch (takes.form) {
    case "flag":
      return { type: "flag" };
    case "one":
      return value === undefined ? { type: "flag" } : oneOf(value, takes);
    case "words":
      return wordsOf(words.slice(1, Math.min(words.length, takes.most + 1)), entry);
    case "command":
      return commandOf(statement, entry);
    case "block":
      return {
        type: "block",
        names: namesOf(statement, entry, takes.names[1]),
        body: readWritten(statement.body ?? []),
      };
    case "lines":
      return {
        type: "lines",
        names: namesOf(statement, entry, takes.names[1]),
        lines: linesOf(takes.of, statement.body ?? []),
      };
  }
}

function oneOf(value: string | number | boolean, takes: Entry["takes"] & { form: "one" }): Meaning {
  if (typeof value === "boolean") return { type: "switch", on: value };
  if (typeof value === "number") {
    const kind = takes.value.type;
    if (kind === "seconds") return { type: "duration", ms: value, unit: "s" };
    return kind === "milliseconds" ? { type: "duration", ms: value, unit: "ms" } : { type: "number", number: value };
  }
  if (takes.value.type === "expression") return { type: "expression", written: masked(value) };
  return takes.value.type === "ip" ? { type: "ip", ip: knownIp(value) } : { type: "text", text: value };
}

function wordsOf(words: readonly string[], { args = "" }: Entry): Meaning {
  const [first = "", second] = words;
  if (args.startsWith("N [reverse") && /^[+-]?\d+$/.test(first))
    return { type: "weight", weight: Number(first), reverse: second === "reverse" };
  return words.length === 0
    ? { type: "flag" }
    : { type: "words", words: /\bIP\b/.test(args) ? words.map(canonical) : words };
}

function namesOf({ words }: Statement, { args = "" }: Entry, most: number): readonly string[] {
  const names = words.slice(1, most + 1);
  return args.startsWith("IP") ? names.map(canonical) : names;
}

/** A command line with arguments of its own is kept word by word. */
function commandOf(statement: Statement, { args = "" }: Entry): Meaning {
  const words = statement.words.slice(1);
  if (words.length === 0) return { type: "flag" };
  const command = args.startsWith("PATH") ? undefined : parseCommand(rawArguments(statement));
  if (command?.ok !== true) return { type: "words", words };
  const text = rawArguments(statement);
  const meaning = { type: "command", ...command.value } as const;
  // releases of keepalived differ in what they make of escapes
  const isPlain = !text.includes("\\") && command.value.argv.every(isPlainArgument);
  return isPlain ? meaning : { ...meaning, written: masked(text) };
}
