/** Reading blocks of `Written` by keyword; what is not there, the table says. */
import { type Ip, type Prefix, parseIp } from "../../base/address.ts";
import { defaultOf } from "../access.ts";
import { grammar, type Rule } from "../grammar.ts";
import type { Line, LineOption, Meaning, Setting, Written } from "../written/setting.ts";
import type { Network } from "./settings.ts";

export type Block = {
  readonly names: readonly string[];
  readonly body: readonly Setting[];
  readonly inside: ReadonlyMap<string, Rule>;
};

const NOTHING: ReadonlyMap<string, Rule> = new Map();

export function rootOf(written: Written): Block {
  return { names: [], body: written, inside: grammar.root };
}

export function blocksIn(block: Block, keyword: string): readonly Block[] {
  const inside = block.inside.get(keyword)?.inside ?? NOTHING;
  return block.body.flatMap((setting) =>
    setting.keyword === keyword && setting.value.type === "block" ? [{ ...setting.value, inside }] : [],
  );
}

export function valueIn<T extends Meaning["type"]>(
  { body }: Block,
  keyword: string,
  type: T,
): Extract<Meaning, { readonly type: T }> | undefined {
  const value = body.findLast((setting) => setting.keyword === keyword)?.value;
  return value?.type === type ? (value as Extract<Meaning, { readonly type: T }>) : undefined;
}

export function says({ body }: Block, keyword: string): boolean {
  return body.some((setting) => setting.keyword === keyword);
}

/** A number, or a duration in ms. */
export function numberIn(block: Block, keyword: string): number | undefined {
  return valueIn(block, keyword, "number")?.number ?? valueIn(block, keyword, "duration")?.ms;
}

export function numberOrDefault(block: Block, keyword: string): number {
  return numberIn(block, keyword) ?? defaultOf(block.inside, keyword);
}

export function textIn(block: Block, keyword: string): string | undefined {
  return valueIn(block, keyword, "text")?.text;
}

export function ipIn(block: Block, keyword: string): Ip | undefined {
  return valueIn(block, keyword, "ip")?.ip;
}

/** A switch that stands alone is on. */
export function isOn(block: Block, keyword: string): boolean | undefined {
  const value = block.body.findLast((setting) => setting.keyword === keyword)?.value;
  return value?.type === "switch" ? value.on : value?.type === "flag" ? true : undefined;
}

export function linesIn({ body }: Block, keyword: string): readonly Line[] {
  return body.flatMap((setting) =>
    setting.keyword === keyword && setting.value.type === "lines" ? setting.value.lines : [],
  );
}

export function weightIn(block: Block): { readonly weight: number; readonly reverse: boolean } {
  const value = valueIn(block, "weight", "weight");
  return { weight: value?.weight ?? defaultOf(block.inside, "weight"), reverse: value?.reverse ?? false };
}

/** The last option of one of these names that has a value. */
export function option(options: readonly LineOption[], ...names: readonly string[]): string | undefined {
  const found = options.findLast(({ name, value }) => names.includes(name) && value !== undefined)?.value;
  return found === undefined ? undefined : String(found);
}

export function numberOption(options: readonly LineOption[], ...names: readonly string[]): number | undefined {
  const text = option(options, ...names);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

export function has(options: readonly LineOption[], name: string): boolean {
  return options.some((one) => one.name === name);
}

export function networkOf(text: string | undefined): Network | undefined {
  if (text === undefined) return undefined;
  return text === "default" || text === "any" || text === "all" ? "default" : prefixOf(text);
}

export function prefixOf(text: string): Prefix | undefined {
  const [address = "", length] = text.split("/", 2);
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  return { ip, length: length === undefined ? (ip.includes(":") ? 128 : 32) : Number(length) };
}
