/**
 * What happens to a line before it is parsed: comments, conditions (`@id`), definitions (`$NAME=`), sequences (`~SEQ`, `~LST`) and
 * substitution. Works on pieces of text that remember the column in the file of each of their characters. Facts: config-language 8–11,
 * 30–40. Text can multiply here, so everything is bounded.
 */
import type { Random } from "../base/random.ts";
import { parseSequence, type Sequence } from "./sequence.ts";
import { isBlank } from "./statement.ts";

/** A text with the column in the file, from 1, of each character. */
export type Piece = {
  readonly text: string;
  readonly columns: readonly number[];
  /** By the column of a reference: where its definition stands. */
  readonly origins?: ReadonlyMap<number, string>;
};

/** Lines of a definition, and `FILE:LINE` where it stands. */
type Definition = { readonly lines: readonly string[]; readonly at: string };

export type Surroundings = {
  /** `-i`, else the host name up to its first dot. */
  readonly configId: string;
  readonly environment: (name: string) => string | undefined;
  readonly random: Random;
};

export type Expander = {
  /**
   * Gives every line that this one becomes to `emit`; none while a definition over several lines is collected.
   * @param at `FILE:LINE` of the line
   */
  line(piece: Piece, folder: string, emit: Emit, at?: string): void;
  /** A definition is being collected: the next line belongs to it. */
  collecting(): boolean;
};
export type Emit = (piece: Piece) => void;
/** @param mild it may be meant so */
export type Complain = (message: string, remedy: string, column: number, mild?: true) => void;

const MAX_LENGTH = 100_000;
const MAX_ROUNDS = 200;
const MAX_LINES = 500_000;
const MAX_DEPTH = 40;

/** @param complain is told what cannot be understood, with the column */
export function createExpander(surroundings: Surroundings, complain: Complain): Expander {
  const definitions = new Map<string, Definition>();
  let open: { readonly name: string; readonly lines: string[]; readonly at: string } | undefined;
  let here = "";
  /** Of the line at hand. */
  let origins = new Map<number, string>();
  let lines = 0;
  /** Definitions found to use themselves: nothing stands for them any more, so that each costs its expansion once. */
  const endless = new Set<string>();

  return {
    collecting: () => open !== undefined,
    line(piece, folder, emit, at = "") {
      here = at;
      origins = new Map();
      const plain = withoutComment(piece);
      if (open === undefined) process(plain, folder, emit, 0);
      else if (piece.text.trim() !== "") {
        checkQuotes(plain);
        collect(plain.text.trim(), piece.text.endsWith("\\"));
      }
    },
  };

  /** @param goesOn also where the line is nothing but a comment, whose backslash counts then */
  function collect(text: string, goesOn = false): void {
    if (open === undefined || (text === "" && goesOn)) return;
    const more = text.endsWith("\\");
    const content = more ? text.slice(0, -1).trimEnd() : text;
    if (content !== "") open.lines.push(content);
    if (more) return;
    definitions.set(open.name, open);
    open = undefined;
  }

  function process(given: Piece, folder: string, emit: Emit, depth: number): void {
    const piece = conditional(trimmed(given), surroundings.configId);
    if (piece === undefined || piece.text === "") return;
    const column = piece.columns[0] ?? 1;
    if (depth > MAX_DEPTH || ++lines > MAX_LINES) {
      if (lines === MAX_LINES + 1 || depth > MAX_DEPTH)
        complain("this expands without end", "look for a definition that uses itself", column);
      for (const name of namesIn(piece.text)) endless.add(name);
      return;
    }
    const definition = /^\$([A-Za-z_]\w*)=(.*)$/s.exec(piece.text);
    if (definition !== null) {
      checkQuotes(piece);
      define(definition[1] ?? "", (definition[2] ?? "").trim());
    } else if (piece.text.startsWith("~")) repeat(piece, folder, emit, depth);
    else emitSubstituted(piece, folder, emit, depth);
  }

  function define(name: string, value: string): void {
    endless.delete(name);
    if (value.endsWith("\\")) {
      open = { name, lines: [], at: here };
      collect(value);
    } else definitions.set(name, { lines: [value], at: here });
  }

  /** Each line of a definition has its quotation marks in pairs, whatever stands where it is used. */
  function checkQuotes({ text, columns }: Piece): void {
    const last = text.lastIndexOf('"');
    if (last === -1 || text.split('"').length % 2 === 1) return;
    complain(
      "this definition has a quotation mark without its partner",
      'add the second ", or remove it',
      columns[last] ?? 1,
    );
  }

  function repeat(piece: Piece, folder: string, emit: Emit, depth: number): void {
    const sequence = parseSequence(piece.text, (text) => resolve(text, folder));
    if (!sequence.ok) {
      complain(sequence.error.message, sequence.error.remedy, piece.columns[0] ?? 1);
      return;
    }
    const rest = sliced(piece, sequence.value.end);
    for (const values of sequence.value.rounds) {
      if (lines > MAX_LINES) return;
      setAll(sequence.value, values);
      process(rest, folder, emit, depth + 1);
    }
  }

  function setAll({ names }: Sequence, values: readonly string[]): void {
    for (const [index, name] of names.entries()) definitions.set(name, { lines: [values[index] ?? ""], at: here });
  }

  function emitSubstituted(piece: Piece, folder: string, emit: Emit, depth: number): void {
    const { first, more } = substitute(piece, folder);
    const clean = first === piece ? first : withoutComment(first);
    if (first !== piece && /^[@~$]/.test(clean.text.trimStart()) && clean.text !== piece.text)
      process(clean, folder, emit, depth + 1);
    else {
      adviseBraces(clean);
      const line = withoutUndefined(unmasked(withoutLoneBackslash(clean)));
      emit(origins.size === 0 ? line : { ...line, origins: new Map(origins) });
    }
    for (const line of more) process(line, folder, emit, depth + 1);
  }

  /** `$NAME` before other text is left alone (config-language 32), which is hardly ever meant. */
  function adviseBraces({ text, columns }: Piece): void {
    for (const match of text.matchAll(/\$([A-Za-z_]\w*)/g)) {
      const name = match[1] ?? "";
      if (!definitions.has(name) || text.charAt(match.index + 1) === "{") continue;
      complain(
        `$${name} is not replaced, since more text follows`,
        `write \${${name}}`,
        columns[match.index] ?? 1,
        true,
      );
    }
  }

  /** `${NAME}` of a name that is not defined: outside quotes its braces would be taken for those of a block. */
  function withoutUndefined(piece: Piece): Piece {
    if (!piece.text.includes("${")) return piece;
    const match = /^(?:[^"]|"[^"]*")*?(\$\{[A-Za-z_]\w*[^{}"]*\})/.exec(piece.text);
    const reference = match?.[1];
    if (match === null || reference === undefined) return piece;
    const start = match[0].length - reference.length;
    const name = reference.slice(2, -1).trim();
    const isName = /^\w+$/.test(name); // else it is for a shell, such as ${NAME:-TEXT}
    complain(
      `\${${name}} is not defined`,
      isName
        ? `define it above: $${name}=TEXT, or write the value`
        : "fill it in before (envsubst), or write the value",
      piece.columns[start] ?? 1,
    );
    const plain = placed(`$${name}`, piece.columns[start] ?? 1);
    return withoutUndefined(joined(joined(sliced(piece, 0, start), plain), sliced(piece, match[0].length)));
  }

  /** Replaces references until none is left; a definition of several lines leaves its other lines in `more`. */
  function substitute(given: Piece, folder: string): { readonly first: Piece; readonly more: readonly Piece[] } {
    let piece = given;
    const more: Piece[] = [];
    const used = new Set<string>();
    let from = 0;
    for (let round = 0; round < MAX_ROUNDS * 10; round++) {
      const reference = nextReference(piece.text, from);
      if (reference === undefined) return { first: piece, more };
      const value = meaningOf(reference, folder);
      if (value === undefined) {
        from = reference.start + 1;
        continue;
      }
      used.add(reference.name);
      const column = piece.columns[reference.start] ?? 1;
      if (!origins.has(column)) origins.set(column, definitions.get(reference.name)?.at ?? here);
      const tail = sliced(piece, reference.end);
      if (value.length > 1) {
        more.unshift(
          ...value
            .slice(1)
            .map((text, i) => (i === value.length - 2 ? joined(placed(text, column), tail) : placed(text, column))),
        );
        piece = joined(sliced(piece, 0, reference.start), placed(value[0] ?? "", column));
      } else piece = joined(joined(sliced(piece, 0, reference.start), placed(value[0] ?? "", column)), tail);
      from = reference.start;
      if (piece.text.length > MAX_LENGTH || round >= MAX_ROUNDS * 10 - 1) {
        complain("this expands without end", "look for a definition that uses itself", column);
        for (const name of used) endless.add(name);
        return { first: sliced(given, 0, 0), more: [] };
      }
    }
    return { first: piece, more };
  }

  function resolve(text: string, folder: string): string {
    return substitute(placed(text, 1), folder).first.text;
  }

  function meaningOf({ name, parameters, column }: Reference, folder: string): readonly string[] | undefined {
    if (endless.has(name)) return [""];
    const defined = definitions.get(name);
    if (defined !== undefined && parameters.length === 0) return defined.lines;
    switch (name) {
      case "_PWD":
        return [folder];
      case "_INSTANCE":
        return [surroundings.configId];
      case "_HASH":
        return ["#"];
      case "_BANG":
        return ["!"];
      case "_ENV":
        return [surroundings.environment(parameters[0] ?? "") ?? ""];
      case "_RANDOM":
        return [randomBetween(parameters, column)];
      default:
        return undefined;
    }
  }

  function randomBetween(parameters: readonly string[], column: number): string {
    const [min, max] = [Number(parameters[0] ?? 0), Number(parameters[1] ?? 32767)];
    if (parameters.some((text) => !/^\d+$/.test(text)) || min > max) {
      complain(
        `_RANDOM ${parameters.join(" ")} is no range`,
        "give MIN and MAX as numbers, MIN not above MAX",
        column + 1,
      );
      return String(Number.isFinite(min) ? min : 0);
    }
    return String(min + Math.floor(surroundings.random() * (max - min + 1)));
  }
}

/** `\#` and `\!` are characters like any other; until the line is done they stand as these, so that no comment begins at them. */
const masks: Readonly<Record<string, string>> = { "#": "\ue023", "!": "\ue021" };

function unmasked(piece: Piece): Piece {
  if (!/[\ue021\ue023]/.test(piece.text)) return piece;
  return { text: piece.text.replaceAll("\ue023", "#").replaceAll("\ue021", "!"), columns: piece.columns };
}

/** Cuts off a comment; `\#` and `\!` outside quotes are masked. */
export function withoutComment(piece: Piece): Piece {
  const { text } = piece;
  if (!/[#!]/.test(text)) return trimmed(piece);
  let out = "";
  const columns: number[] = [];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charAt(i);
    if (character === '"') quoted = !quoted;
    if (!quoted && (character === "#" || character === "!")) break;
    const escaped = !quoted && character === "\\" && /[#!]/.test(text.charAt(i + 1));
    if (escaped) i++;
    out += escaped ? masks[text.charAt(i)] : text.charAt(i);
    columns.push(piece.columns[i] ?? 1);
  }
  return trimmed({ text: out, columns });
}

/** The text behind its conditions, or undefined if one does not hold. For vipd `@vipd` always holds. */
function conditional(piece: Piece, configId: string): Piece | undefined {
  let rest = piece;
  for (;;) {
    const condition = /^@(\^?)(\S+)(?:\s+|$)/.exec(rest.text);
    if (condition === null) return rest;
    const named = condition[2] === configId || condition[2] === "vipd";
    if (named === (condition[1] === "^")) return undefined;
    rest = sliced(rest, condition[0].length);
  }
}

type Reference = {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly column: number;
};

/** `${NAME}` anywhere, `$NAME` only before a blank, a comma, a bracket, a brace or the end (config-language 32). */
function nextReference(text: string, from: number): Reference | undefined {
  const pattern = /\$(?:\{([A-Za-z_]\w*)((?:\s+[^{}]*)?)\}|([A-Za-z_]\w*)(?=[\s,){}]|$))/g;
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const parameters = (match[2] ?? "").split(/\s+/).filter((word) => word !== "");
  return {
    name: match[1] ?? match[3] ?? "",
    parameters,
    start: match.index,
    end: match.index + match[0].length,
    column: match.index,
  };
}

function namesIn(text: string): readonly string[] {
  const names: string[] = [];
  for (let at = 0; ; ) {
    const reference = nextReference(text, at);
    if (reference === undefined) return names;
    names.push(reference.name);
    at = reference.end;
  }
}

function withoutLoneBackslash(piece: Piece): Piece {
  return piece.text.endsWith("\\") ? trimmed(sliced(piece, 0, piece.text.length - 1)) : piece;
}

function trimmed(piece: Piece): Piece {
  let from = 0;
  let to = piece.text.length;
  while (from < to && isBlank(piece.text.charCodeAt(from))) from++;
  while (to > from && isBlank(piece.text.charCodeAt(to - 1))) to--;
  return from === 0 && to === piece.text.length ? piece : sliced(piece, from, to);
}

function sliced(piece: Piece, from: number, to = piece.text.length): Piece {
  return { text: piece.text.slice(from, to), columns: piece.columns.slice(from, to) };
}

function joined(a: Piece, b: Piece): Piece {
  return { text: a.text + b.text, columns: [...a.columns, ...b.columns] };
}

/** Text that stands for what was written at `column`. */
function placed(text: string, column: number): Piece {
  return { text, columns: new Array<number>(text.length).fill(column) };
}

/** Text as it stands in a file, its first character in column 1. */
export function written(text: string): Piece {
  return { text, columns: Array.from({ length: text.length }, (_, i) => i + 1) };
}
