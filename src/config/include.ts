/** The `include` lines and how strict each form is (config-language 25, 26). */
import { resolve as resolvePath } from "node:path/posix";
import { type Saying, warning, wrong } from "./problems.ts";

export type Include = {
  readonly keyword: string;
  readonly pattern: string;
  readonly strict: ReadonlySet<Strict>;
  /** From 1. */
  readonly column: number;
};
/** What is an error and not merely told: a file that cannot be read, a name without a file, a pattern or a brace without a match. */
export type Strict = "read" | "match" | "wildcard" | "braces";

export type FileTrouble = {
  readonly kind: "missing" | "unreadable" | "executable" | "notFile";
  readonly reason: string;
};

const forms: ReadonlyMap<string, readonly Strict[]> = new Map([
  ["include", []],
  ["includer", ["read"]],
  ["includem", ["read", "match"]],
  ["includew", ["read", "match", "wildcard"]],
  ["includeb", ["read", "match", "braces"]],
  ["includea", ["read", "match", "wildcard", "braces"]],
]);

const words: ReadonlyMap<string, Strict> = new Map([
  ["read", "read"],
  ["match", "match"],
  ["wildcard_match", "wildcard"],
  ["brace_match", "braces"],
]);

/**
 * What `include_check` sets for every plain `include` behind it (config-language 25): `+` adds, `-` takes away, a bare word means these
 * only, and no word all.
 * @returns undefined if the line is another
 */
export function includeCheckOf(text: string, before: ReadonlySet<Strict>): ReadonlySet<Strict> | undefined {
  const match = /^\s*include_check(?:\s+(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const given = (match[1] ?? "").split(/\s+/).filter((word) => word !== "");
  if (given.length === 0) return new Set(words.values());
  const strict = new Set(given.some((word) => words.has(word)) ? [] : before);
  for (const word of given) {
    const meant = words.get(word.replace(/^[+-]/, ""));
    if (meant === undefined) continue;
    if (word.startsWith("-")) strict.delete(meant);
    else strict.add(meant);
  }
  return strict;
}

/** @param text a line without its comment @param checks what a plain include is strict about @returns undefined if it is no include */
export function includeOf(text: string, checks: ReadonlySet<Strict> = new Set()): Include | undefined {
  const match = /^(\s*)(include\w?)(?:\s+(.*))?$/s.exec(text);
  const strict = forms.get(match?.[2] ?? "");
  if (match === null || strict === undefined) return undefined;
  const pattern = (match[3] ?? "").trim().replace(/^"(.*)"$/, "$1");
  return {
    keyword: match[2] ?? "",
    pattern,
    strict: strict.length === 0 ? checks : new Set(strict),
    column: (match[1] ?? "").length + 1,
  };
}

/** The files that an include means, each with what its absence is; and what is wrong with the pattern itself. */
export type Wanted = { readonly paths: readonly string[]; readonly sayings: readonly Saying[] };

/** @param glob absolute paths that match an absolute pattern */
export function filesOf(include: Include, folder: string, glob: (pattern: string) => readonly string[]): Wanted {
  if (include.pattern === "") {
    return {
      paths: [],
      sayings: [wrong("VIPD002", `${include.keyword} names no file`, `write ${include.keyword} FILE`)],
    };
  }
  const pattern = resolvePath(folder, include.pattern);
  if (!isPattern(pattern)) return { paths: [pattern], sayings: [] };
  const alternatives = braceAlternatives(pattern);
  const found = alternatives.map((one) => (isPattern(one) ? glob(one) : [one]));
  const paths = [...new Set(found.flat())];
  const empty = alternatives.filter((_, i) => found[i]?.length === 0);
  if (paths.length > 0 && !include.strict.has("braces")) return { paths, sayings: [] };
  return { paths, sayings: empty.map((one) => nothingMatches(one, include)) };
}

export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/** `a/{b,c}` to `a/b` and `a/c`, one level of braces at a time. */
export function braceAlternatives(pattern: string): readonly string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/s.exec(pattern);
  if (match === null) return [pattern];
  const [, before = "", inside = "", after = ""] = match;
  return inside.split(",").flatMap((one) => braceAlternatives(`${before}${one}${after}`));
}

function nothingMatches(pattern: string, { strict }: Include): Saying {
  const isFatal = strict.has("wildcard") || strict.has("braces");
  const remedy = "correct the pattern, or remove the line";
  if (!isFatal) return warning("VIPD007", `${pattern} matches no file`, remedy);
  return { ...wrong("VIPD007", `${pattern} matches no file`, remedy), verdict: "security" };
}

/** What to say about a file of an include that cannot be read. */
export function cannotInclude(path: string, trouble: FileTrouble, { strict }: Include): Saying {
  const isFatal = trouble.kind === "missing" ? strict.has("match") : strict.has("read");
  const message = `${path} ${trouble.reason}`;
  if (!isFatal) return warning("VIPD007", message, remedyFor(path, trouble));
  return { ...wrong("VIPD007", message, remedyFor(path, trouble)), verdict: "security" };
}

/** A main file that cannot be read; keepalived does not start then. */
export function cannotRead(path: string, trouble: FileTrouble): Saying {
  return { ...wrong("VIPD007", `${path} ${trouble.reason}`, remedyFor(path, trouble)), verdict: "security" };
}

function remedyFor(path: string, { kind }: FileTrouble): string {
  switch (kind) {
    case "missing":
      return "create it, or name another";
    case "unreadable":
      return `run vipd as root or as a user that may read it: ls -l ${path}`;
    case "executable":
      return `remove the execute bits: chmod a-x ${path}`;
    case "notFile":
      return "name a regular file";
  }
}
