/** Whatever a file holds, what was understood of it is printed as text that is understood alike. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Entry, Takes, Value } from "../../src/config/keywords/entry.ts";
import { table } from "../../src/config/keywords/table.ts";
import { decimalText, wordText } from "../../src/config/written/words.ts";
import { load } from "./load.ts";
import { OPTIONS, roundTripText } from "./round-trip.ts";

/** What a file can hold as one word: no quotation mark, and nothing that ends a line. */
const word = fc
  .oneof(
    fc.string({ maxLength: 12 }),
    fc.string({ unit: "grapheme", maxLength: 6 }),
    fc.constantFrom(
      "#",
      "!",
      "{",
      "}",
      "\\",
      "a\\",
      "$A",
      "${A}",
      "${_PWD}",
      "~SEQ(I,2)",
      "@x",
      "include",
      "a b",
      " ",
      "'",
      "192.0.2.1/24",
    ),
  )
  .filter((text) => !/["\n\r\0]/.test(text) && !/\$\{?_?(PWD|INSTANCE|RANDOM|ENV|HASH|BANG)/.test(text));

/** An argument of a command may hold anything but NUL, by escapes. */
const argument = fc
  .oneof(word, fc.string({ maxLength: 8 }), fc.constantFrom('"', "'", "\n", "\\x41", "${_PWD}", "$_RANDOM "))
  .filter((text) => !text.includes("\0"));

/** Any command, by escapes as the newest keepalived reads them. */
function maskedCommand(argv: readonly string[]): string {
  const mask = (character: string) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, "0")}`;
  const words = argv.map((text) => (text === "" ? "''" : text.replace(/[\0-\x20"'$\\]/g, mask)));
  return `"${words.join(" ")}"`;
}

function settingOf(text: string) {
  const block = load(text, OPTIONS).config?.written?.[0]?.value;
  return block?.type === "block" ? block.body[0]?.value : undefined;
}

describe("what is quoted", () => {
  test("any word", () =>
    fc.assert(
      fc.property(word, (text) => {
        expect(settingOf(`global_defs {\n router_id ${wordText(text)}\n}\n`)).toEqual({ type: "text", text });
      }),
      { numRuns: 1000 },
    ));
  test("any command", () =>
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 5 }), (argv) => {
        const text = `vrrp_script s {\n script ${maskedCommand(argv)} u g\n}\n`;
        expect(settingOf(text), text).toMatchObject({ type: "command", argv, user: "u", group: "g" });
        roundTripText(text);
      }),
      { numRuns: 1000 },
    ));
});

/** Words that a row may take, right more often than not. */
function valuesOf(value: Value): fc.Arbitrary<string> {
  switch (value.type) {
    case "whole":
      return fc.integer({ min: value.min, max: Math.min(value.max, 0xffff_ffff) }).map(String);
    case "seconds":
    case "milliseconds":
      return fc
        .integer({ min: Math.ceil(value.min * 1000), max: Math.floor(value.max * 1000) })
        .map((thousandths) => decimalText(value.places === 0 ? Math.ceil(thousandths / 1000) : thousandths / 1000));
    case "choice":
      return fc.constantFrom(...value.of);
    case "bool":
      return fc.constantFrom("true", "on", "yes", "false", "off", "no", "");
    case "ip":
      return fc.constantFrom("192.0.2.1", "2001:DB8::0:1", "::ffff:192.0.2.1", "224.0.0.18");
    case "word":
    case "expression":
      return word.map(wordText);
  }
}

const lineWords = fc.array(
  fc.oneof(
    fc.constantFrom(
      ...table
        .filter(({ path }) => /^@(address|route|rule|tracker|unicast_peer|encap)/.test(path))
        .map(({ path }) => path.split("/")[1] ?? ""),
    ),
    fc.constantFrom(
      "192.0.2.1",
      "10.0.0.0/8",
      "2001:DB8::/32",
      "default",
      "7",
      "eth0",
      "lock",
      "inet6",
      "blackhole",
      "-5",
      "a-b",
    ),
    word.map(wordText),
  ),
  { minLength: 1, maxLength: 8 },
);

function argumentsOf(takes: Takes): fc.Arbitrary<string> {
  switch (takes.form) {
    case "flag":
      return fc.constant("");
    case "one":
      return valuesOf(takes.value);
    case "words":
      return fc
        .array(fc.oneof(word.map(wordText), fc.constantFrom("5", "-3", "reverse", "NAT", "192.0.2.1", "weight")), {
          minLength: Math.min(takes.least, 3),
          maxLength: 4,
        })
        .map((words) => words.join(" "));
    case "command":
      return fc.array(argument, { minLength: 1, maxLength: 3 }).map((argv) => maskedCommand(argv));
    case "lines":
    case "block":
      return fc.constant("");
  }
}

function namesFor({ path, takes }: Entry): fc.Arbitrary<string> {
  if (takes.form !== "block" && takes.form !== "lines") return fc.constant("");
  if (/(virtual|real)_server$/.test(path))
    return fc.constantFrom("192.0.2.1 80", "192.0.2.2", "2001:DB8::1 80", "fwmark 7", "group G");
  return takes.names[0] > 0 ? fc.constantFrom("A", "B", '"a b"') : fc.constant("");
}

const children = new Map<string, readonly Entry[]>();
for (const entry of table) {
  if (entry.path.startsWith("@")) continue;
  const parent = entry.path.split("/").slice(0, -1).join("/");
  children.set(parent, [...(children.get(parent) ?? []), entry]);
}

/** Statements that may stand in this block, and the blocks inside it. */
function bodyOf(path: string, size: number): fc.Arbitrary<string> {
  const rows = children.get(path) ?? [];
  if (rows.length === 0 || size === 0) return fc.constant("");
  return fc
    .array(
      fc.constantFrom(...rows).chain((entry) => statementOf(entry, size - 1)),
      { maxLength: size * 3 },
    )
    .map((lines) => lines.join("\n"));
}

function statementOf(entry: Entry, size: number): fc.Arbitrary<string> {
  const name = entry.path.split("/").at(-1) ?? "";
  const { takes } = entry;
  if (takes.form === "block")
    return fc.tuple(namesFor(entry), bodyOf(entry.path, size)).map(([names, body]) => `${name} ${names} {\n${body}\n}`);
  if (takes.form === "lines")
    return fc
      .tuple(namesFor(entry), fc.array(lineWords, { maxLength: 3 }))
      .map(([names, lines]) => `${name} ${names} {\n${lines.map((words) => words.join(" ")).join("\n")}\n}`);
  return argumentsOf(takes).map((args) => `${name} ${args}`);
}

test("any configuration made of the table, right or wrong", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(bodyOf("", 3), (text) => {
      roundTripText(text);
    }),
    { numRuns: 600 },
  );
});
