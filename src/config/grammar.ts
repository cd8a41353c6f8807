/** The table of keywords as a tree of rules that the parser walks; built once. */
import type { Entry } from "./keywords/entry.ts";
import { table } from "./keywords/table.ts";

/** One row of the table in its place. `index` numbers the rules from 0. */
export type Rule = {
  readonly name: string;
  readonly entry: Entry;
  readonly index: number;
  readonly inside: ReadonlyMap<string, Rule>;
};

export type Grammar = {
  readonly root: ReadonlyMap<string, Rule>;
  readonly size: number;
  /** Every path that ends in this keyword. */
  pathsOf(name: string): readonly string[];
  /** The rows of a pseudo block such as `@address`, by their word. */
  pseudo(path: string): ReadonlyMap<string, Rule>;
  /** The option words of a pseudo block such as `@address`, without placeholders. */
  optionsOf(path: string): readonly string[];
};

type Growing = Omit<Rule, "inside"> & { readonly inside: Map<string, Growing> };

export function buildGrammar(entries: readonly Entry[]): Grammar {
  const root = new Map<string, Growing>();
  const byPath = new Map<string, Growing>();
  const paths = new Map<string, string[]>();
  for (const [index, entry] of entries.entries()) {
    const cut = entry.path.lastIndexOf("/");
    const name = entry.path.slice(cut + 1);
    const siblings =
      cut === -1 ? root : (byPath.get(entry.path.slice(0, cut))?.inside ?? pseudoBlock(entry.path.slice(0, cut)));
    const rule: Growing = { name, entry, index, inside: new Map() };
    siblings.set(name, rule);
    byPath.set(entry.path, rule);
    if (!entry.path.startsWith("@")) paths.set(name, [...(paths.get(name) ?? []), entry.path]);
  }
  return {
    root,
    size: entries.length,
    pathsOf: (name) => paths.get(name) ?? [],
    pseudo: (path) => byPath.get(path)?.inside ?? new Map(),
    optionsOf: (path) => [...(byPath.get(path)?.inside.keys() ?? [])].filter((name) => !name.startsWith("<")),
  };

  /** `@address` and the like have rows, but no row of their own. */
  function pseudoBlock(path: string): Map<string, Growing> {
    const entry: Entry = { path, takes: { form: "block", names: [0, 0] }, meaning: "", support: "honoured" };
    const rule: Growing = { name: path, entry, index: -1, inside: new Map() };
    byPath.set(path, rule);
    return rule.inside;
  }
}

export function isBlock(entry: Entry): boolean {
  return entry.takes.form === "block" || entry.takes.form === "lines";
}

export const grammar: Grammar = buildGrammar(table);
