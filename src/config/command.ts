/** Commands of scripts: split as a shell would, in two passes (config-language 15, 16). */
import { failure, type Result, success } from "../base/result.ts";

export type Command = {
  readonly argv: readonly string[];
  readonly user: string | undefined;
  readonly group: string | undefined;
};

/** @param text what stands after the keyword, as written */
export function parseCommand(text: string): Result<Command, string> {
  const outer = splitWords(text, false);
  if (!outer.ok) return outer;
  const [command, user, group, ...extra] = outer.value;
  if (command === undefined) return failure("names no command");
  if (extra.length > 0) return failure(`has words after user and group: ${extra.join(" ")}`);
  const argv = splitWords(command, true);
  if (!argv.ok) return argv;
  return argv.value.length === 0 ? failure("names no command") : success({ argv: argv.value, user, group });
}

/**
 * Words with `'…'` and `"…"` joining their neighbours.
 * @param escapes whether `\X` outside single quotes is replaced by what it stands for; else it is kept as written
 */
export function splitWords(text: string, escapes: boolean): Result<readonly string[], string> {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < text.length; ) {
    const character = text.charAt(i);
    if (character === "\\" && quote !== "'" && i + 1 < text.length) {
      const meant = escapes ? readEscape(text, i + 1) : { value: text.slice(i, i + 2), end: i + 2 };
      word = (word ?? "") + meant.value;
      i = meant.end;
      continue;
    }
    if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (/[ \t-\r]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
    i++;
  }
  if (quote !== "") return failure(`lacks a closing ${quote}`);
  if (word !== undefined) words.push(word);
  return success(words);
}

const letters: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function readEscape(text: string, at: number): { readonly value: string; readonly end: number } {
  const rest = text.slice(at, at + 4);
  const octal = /^[0-7]{1,3}/.exec(rest)?.[0];
  if (octal !== undefined)
    return { value: String.fromCharCode(Number.parseInt(octal, 8) & 0xff), end: at + octal.length };
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(rest);
  if (hex !== null) return { value: String.fromCharCode(Number.parseInt(hex[1] ?? "0", 16)), end: at + hex[0].length };
  const control = /^c(.)/s.exec(rest)?.[1];
  if (control !== undefined) return { value: String.fromCharCode(control.charCodeAt(0) & 0x1f), end: at + 2 };
  const letter = text.charAt(at);
  return { value: letters[letter] ?? letter, end: at + 1 };
}
