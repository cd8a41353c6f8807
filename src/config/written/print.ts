/** The configuration as it was understood, as text again: it reads as the same value. */
import { grammar, isBlock, type Rule } from "../grammar.ts";
import type { Line, LineOption, Meaning, Setting, Written } from "./setting.ts";
import { commandText, decimalText, wordsText, wordText } from "./words.ts";

const INDENT = "    ";

export type PrintOptions = {
  /** Tell the defaults of what is not written, as comments. */
  readonly defaults: boolean;
};

/** One statement a line, in the order of the file; a blank line between blocks. */
export function printWritten(written: Written, options: PrintOptions): string {
  const lines: string[] = [];
  for (const setting of written) {
    const { type } = setting.value;
    if (lines.length > 0 && (type === "block" || type === "lines" || lines.at(-1) === "}")) lines.push("");
    printSetting(setting, "", grammar.root.get(setting.keyword), options, lines);
  }
  return lines.map((line) => `${line}\n`).join("");
}

function printSetting(
  { keyword, value }: Setting,
  indent: string,
  rule: Rule | undefined,
  options: PrintOptions,
  lines: string[],
): void {
  if (value.type !== "block" && value.type !== "lines") {
    lines.push(`${indent}${[keyword, ...argumentOf(value)].join(" ")}`);
    return;
  }
  lines.push(`${indent}${wordsText([keyword, ...value.names])} {`);
  const inner = `${indent}${INDENT}`;
  if (value.type === "lines") for (const line of value.lines) lines.push(`${inner}${lineText(line)}`);
  else {
    for (const setting of value.body) printSetting(setting, inner, rule?.inside.get(setting.keyword), options, lines);
    if (options.defaults) lines.push(...defaultLines(value.body, rule).map((line) => `${inner}${line}`));
  }
  lines.push(`${indent}}`);
}

function argumentOf(value: Exclude<Meaning, { type: "block" | "lines" }>): readonly string[] {
  switch (value.type) {
    case "flag":
      return [];
    case "switch":
      return value.on ? [] : ["false"];
    case "number":
      return [String(value.number)];
    case "duration":
      return [decimalText(value.unit === "s" ? value.ms / 1000 : value.ms)];
    case "ip":
      return [value.ip];
    case "text":
      return [wordText(value.text)];
    case "expression":
      return [value.written];
    case "words":
      return [wordsText(value.words)];
    case "weight":
      return value.reverse ? [String(value.weight), "reverse"] : [String(value.weight)];
    case "command":
      return [value.written ?? commandText(value.argv, value.user, value.group)];
  }
}

function lineText({ kind, subject, options }: Line): string {
  const head = [kind, subject].filter((word) => word !== undefined);
  return [...head.map(wordText), ...options.flatMap(optionWords)].join(" ");
}

function optionWords({ name, value, lock }: LineOption): readonly string[] {
  const words = lock === true ? [name, "lock"] : [wordText(name)];
  return value === undefined ? words : [...words, wordText(String(value))];
}

/** `# keyword default` for what the block does not say and the table has a default for. */
function defaultLines(body: readonly Setting[], rule: Rule | undefined): readonly string[] {
  const said = new Set(body.map(({ keyword }) => keyword));
  return [...(rule?.inside.values() ?? [])]
    .filter(({ name, entry }) => entry.default !== undefined && !said.has(name) && !isBlock(entry))
    .map(({ name, entry }) => `# ${name} ${entry.default}`);
}
