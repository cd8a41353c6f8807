/** Problems of a configuration for people: the line, a caret under the words that offend, where they come from, and what to do. */
import type { Level, Problem } from "../config/config.ts";
import { table } from "../config/keywords/table.ts";

/** The text of a line of a file, without its end; undefined if it cannot be read any more. */
export type LineOf = (file: string, line: number) => string | undefined;

/** `file:line:column: level: what is wrong; what to do [CODE]`, for editors and logs. */
export function problemText({ level, file, line, column, message, remedy, code }: Problem): string {
  return `${file}:${line}:${column}: ${level}: ${message}${remedy === "" ? "" : `; ${remedy}`} [${code}]`;
}

/** @param colour with escape sequences for a terminal @returns some lines */
export function renderProblem(problem: Problem, lineOf: LineOf, colour: boolean): readonly string[] {
  const { level, file, line, column, message, remedy, code } = problem;
  const paint = colour ? painted : (text: string) => text;
  const lines = [`${paint(`${level}[${code}]`, colours[level])}${paint(`: ${message}`, BOLD)}`];
  const text = lineOf(file, line);
  const margin = " ".repeat(String(line).length);
  lines.push(`${margin}--> ${file}:${line}:${column}`);
  if (text !== undefined) lines.push(...excerpt(problem, text, margin, paint));
  for (const note of notesOn(problem)) lines.push(`${margin} = ${note}`);
  if (remedy !== "") lines.push(`${margin} = ${paint("help", HELP)}: ${remedy}`);
  return lines;
}

/** What stands where the file includes others, or substitutes. */
function notesOn({ expansion, defined, included }: Problem): readonly string[] {
  const notes: string[] = [];
  if (expansion !== undefined) notes.push(`after substitution: ${cut(withoutSecrets(expansion), 0).text}`);
  if (defined !== undefined) notes.push(`the text was defined at ${defined}`);
  for (const place of included ?? []) notes.push(`included from ${place}`);
  return notes;
}

type Paint = (text: string, code: string) => string;

function excerpt(
  { line, column, text: offending }: Problem,
  raw: string,
  margin: string,
  paint: Paint,
): readonly string[] {
  const { text, shift } = cut(withoutSecrets(raw), column - 1);
  const at = Math.min(Math.max(0, column - 1 - shift), text.length);
  const isThere = offending !== undefined && raw.startsWith(offending, column - 1);
  const length = isThere ? offending.trimEnd().length : wordLength(raw, column - 1);
  const blanks = text.slice(0, at).replace(/[^\t]/g, " ");
  const carets = "^".repeat(Math.max(1, Math.min(length, text.length - at)));
  return [`${line} | ${text}`, `${margin} | ${blanks}${paint(carets, CARET)}`];
}

function wordLength(text: string, at: number): number {
  return /^(?:"[^"]*"|[^\s{}]+)/.exec(text.slice(at))?.[0].length ?? 1;
}

const WIDTH = 160;

/** A part of a long line, around the place; control characters do nothing to the terminal. */
function cut(line: string, at: number): { readonly text: string; readonly shift: number } {
  const clean = line
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (one) => (one === "\r" ? " " : "?"))
    .trimEnd();
  const shift = at < WIDTH - 20 ? 0 : at - 40;
  return { text: clean.slice(shift, shift + WIDTH), shift };
}

const secretWords = [...new Set(table.filter(({ secret }) => secret).map(({ path }) => path.split("/").at(-1) ?? ""))];
const secretLine = new RegExp(`(^|[\\s{;])(${secretWords.join("|")})([ \\t]+)([^#!]*[^#!\\s])`, "g");

/** No password is ever shown, also where another word of its line is wrong. */
export function withoutSecrets(line: string): string {
  return line.replace(secretLine, (_, before: string, name: string, blank: string, value: string) => {
    return `${before}${name}${blank}${"*".repeat(value.length)}`;
  });
}

const BOLD = "1";
const CARET = "1;31";
const HELP = "1;32";
const colours: Readonly<Record<Level, string>> = { error: "1;31", warning: "1;33", hint: "1;36" };

function painted(text: string, code: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}

/** Colour on a terminal only, and not where NO_COLOR is set to something (no-color.org). */
export function wantsColour(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
}
