/** `~SEQ(V, 1, 10) text` and `~LST({V,W},{a,1},{b,2}) text` at the start of a line (config-language 38, 39). */
import { failure, type Result, success } from "../base/result.ts";

export type Sequence = {
  readonly names: readonly string[];
  readonly rounds: readonly (readonly string[])[];
  /** Where the text to repeat begins. */
  readonly end: number;
};
export type Trouble = { readonly message: string; readonly remedy: string };

const MAX_ROUNDS = 100_000;

/** @param resolve substitutes definitions in the parameters */
export function parseSequence(text: string, resolve: (text: string) => string): Result<Sequence, Trouble> {
  const head = /^~(SEQx?|LST)\s*\(([^)]*)\)/.exec(text);
  if (head === null)
    return trouble(`${text.split(/\s/, 1)[0]} is no sequence`, "write ~SEQ(NAME, START, END) or ~LST(NAME, A, B)");
  const parameters = resolve(head[2] ?? "");
  const end = head[0].length;
  return head[1] === "LST" ? list(parameters, end) : numbers(parameters, end, head[1] === "SEQx");
}

function numbers(parameters: string, end: number, hex: boolean): Result<Sequence, Trouble> {
  const [name = "", ...texts] = parameters.split(",").map((part) => part.trim());
  const values = texts.map(integer);
  if (!isName(name) || values.length < 1 || values.length > 3 || values.includes(undefined)) {
    return trouble(
      `~SEQ(${parameters}) is not a name and one to three numbers`,
      "write ~SEQ(NAME, START, STEP, END), ~SEQ(NAME, START, END) or ~SEQ(NAME, END)",
    );
  }
  const last = values.at(-1) ?? 0;
  const first = values.length > 1 ? (values[0] ?? 0) : last < 0 ? -1 : 1;
  const step = values.length === 3 ? (values[1] ?? 0) : last >= first ? 1 : -1;
  if (step === 0 || (last - first) * step < 0)
    return trouble(`~SEQ(${parameters}) never ends`, "give a step that leads from the first to the last number");
  if (hex && Math.min(first, last) < 0)
    return trouble(`~SEQx(${parameters}) has a negative number`, "use numbers from 0");
  const count = Math.floor((last - first) / step) + 1;
  if (count > MAX_ROUNDS) return trouble(`~SEQ(${parameters}) has ${count} rounds`, `at most ${MAX_ROUNDS} are read`);
  const rounds = Array.from({ length: count }, (_, i) => [(first + i * step).toString(hex ? 16 : 10)]);
  return success({ names: [name], rounds, end });
}

function list(parameters: string, end: number): Result<Sequence, Trouble> {
  const items = splitOutsideBraces(parameters).map(members);
  const [names = [], ...rounds] = items;
  if (names.length === 0 || !names.every(isName))
    return trouble(`~LST(${parameters}) names no variable`, "write ~LST(NAME, A, B) or ~LST({X, Y}, {a, 1}, {b, 2})");
  if (rounds.some((round) => round.length > names.length))
    return trouble(
      `~LST(${parameters}) has more values than names`,
      "give each round as many values as there are names",
    );
  return success({ names, rounds, end });
}

function splitOutsideBraces(text: string): readonly string[] {
  return text.trim() === "" ? [] : text.split(/,(?![^{]*\})/);
}

function members(text: string): readonly string[] {
  const inner = /^\s*\{(.*)\}\s*$/.exec(text)?.[1];
  return inner === undefined ? [text.trim()] : inner.split(",").map((part) => part.trim());
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}

/** Decimal, 0x… or octal with a leading zero, as strtol with base 0. */
function integer(text: string): number | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)$/.exec(text);
  if (match === null) return undefined;
  const digits = match[2] ?? "0";
  const size = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return match[1] === "-" ? -size : size;
}

function trouble(message: string, remedy: string): Result<Sequence, Trouble> {
  return failure({ message, remedy });
}
