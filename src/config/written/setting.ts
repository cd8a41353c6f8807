/**
 * The configuration as it is written: every statement that counts, in the order of the file, its words as values in our units. Whatever
 * the table knows lands here, also what no room acts upon yet. Nothing refers to the text any more but `at`.
 */
import type { Ip } from "../../base/address.ts";

/** What is written outside every block. */
export type Written = readonly Setting[];

export type Setting = {
  readonly keyword: string;
  readonly value: Meaning;
  /** `FILE:LINE` */
  readonly at: string;
};

/** What stands behind a keyword. Values that the table gives when nothing is written are not here: see `defaultsOf`. */
export type Meaning =
  | { readonly type: "flag" }
  | { readonly type: "number"; readonly number: number }
  /** `unit`: of the file. */
  | { readonly type: "duration"; readonly ms: number; readonly unit: "s" | "ms" }
  | { readonly type: "switch"; readonly on: boolean }
  | { readonly type: "ip"; readonly ip: Ip }
  | { readonly type: "text"; readonly text: string }
  /** As it stands in the file, quotes and escapes included. */
  | { readonly type: "expression"; readonly written: string }
  | { readonly type: "words"; readonly words: readonly string[] }
  /** 0 stands for FAULT. */
  | { readonly type: "weight"; readonly weight: number; readonly reverse: boolean }
  | {
      readonly type: "command";
      readonly argv: readonly string[];
      readonly user: string | undefined;
      readonly group: string | undefined;
      /** As it stands in the file, if it needs escapes. */
      readonly written?: string;
    }
  | { readonly type: "block"; readonly names: readonly string[]; readonly body: readonly Setting[] }
  | { readonly type: "lines"; readonly names: readonly string[]; readonly lines: readonly Line[] };

/** One line of a list: what it is about, and the options behind it in the order of the file. */
export type Line = {
  /** What stands before it: `blackhole` and the like of a route. */
  readonly kind?: string;
  /** A name, an address, a network; undefined for rules, which consist of options. */
  readonly subject: string | undefined;
  readonly options: readonly LineOption[];
  readonly at: string;
};

/** `value` is undefined for an option that stands alone; `lock` as in `mtu lock 1400`. */
export type LineOption = {
  readonly name: string;
  readonly value: string | number | undefined;
  readonly lock?: true;
};
