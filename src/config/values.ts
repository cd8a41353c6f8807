/**
 * One word of a file to a value in our units: a zod schema for each kind of value in the table. A file repeats the same few words, so
 * each schema remembers what it has seen. Facts: config-language 19–24.
 */
import * as z from "zod";
import { parseIp } from "../base/address.ts";
import { failure, type Result, success } from "../base/result.ts";
import type { Value } from "./keywords/entry.ts";

export type Trouble = { readonly message: string; readonly remedy: string };
/** Numbers stay numbers, durations become ms, addresses canonical text. */
export type Reader = (text: string) => Result<string | number | boolean, Trouble>;

const MEMORY = 10_000;

/** @returns a function that reads such a value; make it once and keep it */
export function readerOf(value: Value): Reader {
  const schema = schemaOf(value);
  const remedy = remedyOf(value);
  const seen = new Map<string, ReturnType<Reader>>();
  return (text) => {
    const known = seen.get(text);
    if (known !== undefined) return known;
    const parsed = schema.safeParse(text);
    const result: ReturnType<Reader> = parsed.success
      ? success(parsed.data)
      : failure({ message: parsed.error.issues[0]?.message ?? "is not valid", remedy });
    if (seen.size >= MEMORY) seen.clear();
    seen.set(text, result);
    return result;
  };
}

function schemaOf(value: Value): z.ZodType<string | number | boolean, string> {
  switch (value.type) {
    case "whole":
      return whole(value.min, value.max);
    case "seconds":
      return duration(value.min, value.max, value.places, 1000);
    case "milliseconds":
      return duration(value.min, value.max, value.places, 1);
    case "choice":
      return choice(value.of, value.anyCase === true);
    case "bool":
      return z
        .string()
        .refine((text) => booleans.has(text), { error: "is neither true nor false" })
        .transform((text) => booleans.get(text) === true);
    case "ip":
      return z
        .string()
        .refine((text) => ipBefore(text) !== undefined, { error: "is not an IP address" })
        .transform((text) => ipBefore(text) ?? text);
    case "word":
    case "expression":
      return z.string();
  }
}

/** keepalived takes `192.0.2.1/24` for an address, too, and drops what follows it. */
function ipBefore(text: string) {
  return parseIp(text.replace(/\/\d+$/, ""));
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["on", true],
  ["yes", true],
  ["false", false],
  ["off", false],
  ["no", false],
]);

function whole(min: number, max: number) {
  const error = `is not a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^[+-]?\d+$/, { error })
    .transform(Number)
    .refine((number) => number >= min && number <= max, { error });
}

/** @param places decimals that count; more are rounded as keepalived does */
function duration(min: number, max: number, places: number, factor: number) {
  const kind = places === 0 ? "a whole number" : "a number";
  const error = `is not ${kind} from ${min} to ${max}`;
  return z
    .string()
    .regex(places === 0 ? /^\+?\d+$/ : /^\+?(\d+\.?\d*|\.\d+)$/, { error })
    .transform(Number)
    .refine((number) => number >= min && number <= max, { error })
    .transform((number) => Math.round(Number(number.toFixed(places)) * factor * 1000) / 1000);
}

function choice(of: readonly string[], anyCase: boolean) {
  const find = (text: string) =>
    of.find((word) => word === text || (anyCase && word.toLowerCase() === text.toLowerCase()));
  return z
    .string()
    .refine((text) => find(text) !== undefined, { error: `is none of ${of.join(", ")}` })
    .transform((text) => find(text) ?? text);
}

function remedyOf(value: Value): string {
  switch (value.type) {
    case "whole":
      return `write a whole number from ${value.min} to ${value.max}, in decimal digits`;
    case "seconds":
      return `write seconds from ${value.min} to ${value.max}, without a unit`;
    case "milliseconds":
      return `write milliseconds from ${value.min} to ${value.max}, without a unit`;
    case "choice":
      return `write ${value.of.join(" or ")}`;
    case "bool":
      return "write true, on, yes, or false, off, no, or nothing for true";
    case "ip":
      return "write an address such as 192.0.2.1 or 2001:db8::1";
    case "word":
    case "expression":
      return "write one word";
  }
}
