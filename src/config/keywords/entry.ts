/**
 * The shape of one row of the table of keywords, and short names for what keywords take. The table is data: the parser, the
 * validation, the defaults and `vipd explain` read it; nothing else knows a keyword's range or default.
 */

export type Entry = {
  /** Blocks and keyword, joined by `/`. Pseudo blocks: `@file` (before parsing), `@address`, `@route`, … (words of a line). */
  readonly path: string;
  /** What stands after it, as one would write it in a manual. */
  readonly args?: string;
  readonly takes: Takes;
  /** In the unit of the file; absent: none. */
  readonly default?: string;
  readonly range?: string;
  /** First release of keepalived that knows it here. */
  readonly since?: string;
  readonly meaning: string;
  readonly support: Support;
  /** What happens to a second one in the same block; absent: the last one counts, with a warning. */
  readonly repeat?: "first" | "all";
  /** Its words are never quoted in a message. */
  readonly secret?: true;
  /** Old spelling: what to write instead. */
  readonly instead?: string;
  /** 0 is out of the range, and yet often written for what holds without the keyword: it is told, and that is all. */
  readonly zero?: "as without";
  /** keepalived takes the old spelling without a word. */
  readonly quiet?: true;
};

/**
 * How far vipd honours a keyword. `without`: accepted without effect, and why. `leavesOut`: a block with it would do something wrong, so
 * that the block is left out; what it is in words.
 */
export type Support = "honoured" | "not yet" | { readonly without: string } | { readonly leavesOut: string };

export type Takes =
  | { readonly form: "flag" }
  | { readonly form: "one"; readonly value: Value; readonly optional?: true }
  | { readonly form: "words"; readonly least: number; readonly most: number }
  | { readonly form: "command"; readonly optional?: true }
  | { readonly form: "block"; readonly names: Count }
  | { readonly form: "lines"; readonly names: Count; readonly of: LineKind };

/** How many words stand between a block's keyword and its brace. */
export type Count = readonly [least: number, most: number];

export type Value =
  | { readonly type: "whole"; readonly min: number; readonly max: number }
  | { readonly type: "seconds" | "milliseconds"; readonly min: number; readonly max: number; readonly places: number }
  | { readonly type: "choice"; readonly of: readonly string[]; readonly anyCase?: true }
  | { readonly type: "bool" }
  | { readonly type: "ip" }
  | { readonly type: "word" }
  /** One word split as a shell would: quotes join with their neighbours, escapes stand for characters (config-language 17). */
  | { readonly type: "expression" };

export type LineKind =
  | "addresses"
  | "routes"
  | "rules"
  | "tracks"
  | "peers"
  | "names"
  | "recipients"
  | "services"
  | "delays"
  | "polls";

export const UINT32_MAX = 4_294_967_295;
export const INT32_MAX = 2_147_483_647;
/** Timers are kept in 32 bits of microseconds. */
export const TIMER_MAX = 4294.967295;

export const flag: Takes = { form: "flag" };
/** A boolean that may be left out, which means true. */
export const bool: Takes = { form: "one", value: { type: "bool" }, optional: true };
export const word: Takes = { form: "one", value: { type: "word" } };
export const expression: Takes = { form: "one", value: { type: "expression" } };
export const optionalWord: Takes = { form: "one", value: { type: "word" }, optional: true };
export const ip: Takes = { form: "one", value: { type: "ip" } };
export const command: Takes = { form: "command" };
export const block: Takes = { form: "block", names: [0, 0] };
export const namedBlock: Takes = { form: "block", names: [1, 1] };

export function whole(min: number, max: number): Takes {
  return { form: "one", value: { type: "whole", min, max } };
}
export function optionalWhole(min: number, max: number): Takes {
  return { form: "one", value: { type: "whole", min, max }, optional: true };
}
export function seconds(min: number, max: number, places = 6): Takes {
  return { form: "one", value: { type: "seconds", min, max, places } };
}
export function optionalSeconds(min: number, max: number, places = 6): Takes {
  return { form: "one", value: { type: "seconds", min, max, places }, optional: true };
}
export function milliseconds(min: number, max: number): Takes {
  return { form: "one", value: { type: "milliseconds", min, max, places: 3 } };
}
export function choice(...of: readonly string[]): Takes {
  return { form: "one", value: { type: "choice", of } };
}
export function choiceAnyCase(...of: readonly string[]): Takes {
  return { form: "one", value: { type: "choice", of, anyCase: true } };
}
export function words(least: number, most = Number.MAX_SAFE_INTEGER): Takes {
  return { form: "words", least, most };
}
export function lines(of: LineKind, names: Count = [0, 0]): Takes {
  return { form: "lines", names, of };
}
