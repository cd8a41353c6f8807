/** Typed access to validated statements: what a block says about a keyword, or what the table says if it says nothing. */
import type { Rule } from "./grammar.ts";
import type { Statement } from "./statement.ts";
import { readerOf } from "./values.ts";

export function find(block: Statement, name: string): Statement | undefined {
  const body = block.body;
  if (body === undefined) return undefined;
  if (body.length > SMALL) return indexOf(block, body).get(name);
  for (let i = body.length - 1; i >= 0; i--) {
    const statement = body[i];
    if (statement?.rule?.name === name) return statement;
  }
  return undefined;
}

/** A service may hold thousands of servers: blocks larger than this are searched by an index. */
const SMALL = 32;
const indexes = new WeakMap<Statement, ReadonlyMap<string, Statement>>();

function indexOf(block: Statement, body: readonly Statement[]): ReadonlyMap<string, Statement> {
  const known = indexes.get(block);
  if (known !== undefined) return known;
  const index = new Map<string, Statement>();
  for (const statement of body) if (statement.rule !== undefined) index.set(statement.rule.name, statement);
  indexes.set(block, index);
  return index;
}

export function findAll(block: Statement, name: string): readonly Statement[] {
  return (block.body ?? []).filter((statement) => statement.rule?.name === name);
}

export function has(block: Statement, name: string): boolean {
  return find(block, name) !== undefined;
}

/** The number or duration (ms) that is written, or undefined. */
export function numberOf(block: Statement, name: string): number | undefined {
  const value = find(block, name)?.value;
  return typeof value === "number" ? value : undefined;
}

export function booleanOf(block: Statement, name: string): boolean | undefined {
  const value = find(block, name)?.value;
  return typeof value === "boolean" ? value : undefined;
}

export function textOf(block: Statement, name: string): string | undefined {
  const value = find(block, name)?.value;
  return typeof value === "string" ? value : undefined;
}

const defaults = new WeakMap<Rule, number>();

/** The default of a keyword whose default in the table is a number; durations in ms. @throws {RangeError} if it is none: our bug */
export function defaultOf(inside: ReadonlyMap<string, Rule> | undefined, name: string): number {
  const rule = inside?.get(name);
  const known = rule === undefined ? undefined : defaults.get(rule);
  if (known !== undefined) return known;
  const takes = rule?.entry.takes;
  const number = /^-?[\d.]+/.exec(rule?.entry.default ?? "")?.[0];
  const read = takes?.form === "one" && number !== undefined ? readerOf(takes.value)(number) : undefined;
  const value = read?.ok === true ? read.value : number === undefined ? undefined : scaled(Number(number), takes);
  if (rule === undefined || typeof value !== "number")
    throw new RangeError(`the table has no default number for ${name}`);
  defaults.set(rule, value);
  return value;
}

/** A default may lie outside the range of what can be written, such as 0 for "none". */
function scaled(number: number, takes: Rule["entry"]["takes"] | undefined): number {
  return takes?.form === "one" && takes.value.type === "seconds" ? number * 1000 : number;
}

/** What is written, else the table's default. */
export function numberIn(block: Statement, name: string): number {
  return numberOf(block, name) ?? defaultOf(block.rule?.inside, name);
}
