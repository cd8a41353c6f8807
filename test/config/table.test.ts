/** The table of keywords holds together, and every row of it can be written. */
import { describe, expect, test } from "vitest";
import { buildGrammar, grammar } from "../../src/config/grammar.ts";
import type { Entry } from "../../src/config/keywords/entry.ts";
import { removedKeywords } from "../../src/config/keywords/removed.ts";
import { table } from "../../src/config/keywords/table.ts";
import { meaningCodes } from "../../src/config/meaning/codes.ts";
import { codes, editDistance, nearest } from "../../src/config/problems.ts";
import { load, said } from "./load.ts";

const settings = table.filter(({ path }) => !path.startsWith("@"));

test("every path stands once, below a block that stands in the table too", () => {
  const paths = new Set(table.map(({ path }) => path));
  expect(paths.size).toBe(table.length);
  for (const { path } of settings) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    expect(parent === "" || paths.has(parent), path).toBe(true);
  }
});

test("the whole language is in it", () => {
  expect(settings).toHaveLength(531);
  expect(table).toHaveLength(657);
});

test("what is accepted without effect says why; what is old says what to write instead", () => {
  for (const { path, support, meaning } of table) {
    expect(meaning.length, path).toBeGreaterThan(2);
    if (typeof support === "object" && "without" in support) expect(support.without.length, path).toBeGreaterThan(10);
  }
});

test("a keyword that was removed is not in the table where it is told so", () => {
  const anywhere = new Set(table.map(({ path }) => path.split("/").at(-1)));
  const both = removedKeywords.filter(({ name }) => anywhere.has(name)).map(({ name }) => name);
  expect(both).toEqual(["nb_get_retry"]); // known in HTTP_GET, where it is an old spelling
});

/** A file in which this keyword stands in its blocks, with these words behind it. */
function fileWith(path: string, words: string): { readonly text: string; readonly line: number } {
  const parts = path.split("/");
  const blocks = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join("/"));
  const heads = blocks.map((block) => `${block.split("/").at(-1)} ${headWords(entryOf(block))} {`);
  const lines = [...heads, `${parts.at(-1)} ${words}`, ...heads.map(() => "}")];
  return { text: lines.join("\n"), line: heads.length + 1 };
}

function entryOf(path: string): Entry {
  const entry = table.find((one) => one.path === path);
  if (entry === undefined) throw new RangeError(path);
  return entry;
}

function headWords({ path, takes }: Entry): string {
  if (path === "virtual_server" || path === "virtual_server/real_server") return "192.0.2.1 80";
  return takes.form === "block" && takes.names[0] > 0 ? "name" : "";
}

/** What is said about the line itself as wrong words: not about meaning or missing neighbours. */
function complaints(path: string, words: string): readonly string[] {
  const { text, line } = fileWith(path, words);
  return load(text)
    .problems.filter((one) => one.line === line && ["VIPD001", "VIPD002", "VIPD003"].includes(one.code))
    .map(({ message }) => message);
}

const wholes = settings.flatMap((entry) =>
  entry.takes.form === "one" && entry.takes.value.type === "whole"
    ? [{ path: entry.path, value: entry.takes.value }]
    : [],
);
describe("whole numbers", () => {
  test.each(wholes)("$path: smallest, largest, one beyond, no number", ({ path, value }) => {
    expect(complaints(path, String(value.min))).toEqual([]);
    expect(complaints(path, String(value.max))).toEqual([]);
    expect(complaints(path, String(value.min - 1))).toHaveLength(1);
    expect(complaints(path, String(value.max + 1))).toHaveLength(1);
    expect(complaints(path, "x")).toHaveLength(1);
  });
});

const durations = settings.flatMap((entry) =>
  entry.takes.form === "one" && (entry.takes.value.type === "seconds" || entry.takes.value.type === "milliseconds")
    ? [{ path: entry.path, value: entry.takes.value }]
    : [],
);
describe("durations", () => {
  test.each(durations)("$path: smallest, largest, beyond, with a unit", ({ path, value }) => {
    expect(complaints(path, value.min.toFixed(value.places))).toEqual([]);
    expect(complaints(path, value.max.toFixed(value.places))).toEqual([]);
    expect(complaints(path, String(value.max + 1))).toHaveLength(1);
    expect(complaints(path, "-1")).toHaveLength(1);
    expect(complaints(path, "1s")).toHaveLength(1);
  });
});

describe("booleans, choices, addresses", () => {
  const ones = settings.filter(({ takes }) => takes.form === "one");
  test.each(ones.filter(({ takes }) => takes.form === "one" && takes.value.type === "bool"))("$path", ({ path }) => {
    expect(complaints(path, "")).toEqual([]);
    expect(complaints(path, "yes")).toEqual([]);
    expect(complaints(path, "maybe")).toHaveLength(1);
  });
  test.each(ones.filter(({ takes }) => takes.form === "one" && takes.value.type === "choice"))(
    "$path",
    ({ path, takes }) => {
      const first = takes.form === "one" && takes.value.type === "choice" ? (takes.value.of[0] ?? "") : "";
      expect(complaints(path, first)).toEqual([]);
      expect(complaints(path, "xyzzy")).toHaveLength(1);
    },
  );
  test.each(ones.filter(({ takes }) => takes.form === "one" && takes.value.type === "ip"))("$path", ({ path }) => {
    expect(complaints(path, "224.0.0.99")).toEqual([]);
    expect(complaints(path, "300.0.0.1")).toHaveLength(1);
  });
});

describe("every keyword that needs a word says so", () => {
  const needy = settings.filter(
    ({ takes }) => (takes.form === "one" || takes.form === "command") && takes.optional !== true,
  );
  test.each(needy)("$path", ({ path }) => expect(complaints(path, "")[0]).toContain("lacks what it needs"));
});

describe("every keyword written twice", () => {
  const sample = ({ takes }: Entry): string | undefined => {
    switch (takes.form) {
      case "flag":
        return "";
      case "one":
        return sampleOf(takes.value);
      default:
        return undefined;
    }
  };
  const written = settings.flatMap((entry) => {
    const words = sample(entry);
    return words === undefined ? [] : [{ path: entry.path, words, repeat: entry.repeat }];
  });
  test.each(written)("$path", ({ path, words, repeat }) => {
    const { text, line } = fileWith(path, words);
    const lines = text.split("\n");
    const twice = lines.toSpliced(line, 0, lines[line - 1] ?? "").join("\n");
    const told = load(twice).problems.filter((one) => one.code === "VIPD011");
    expect(told.map((one) => one.line)).toEqual(repeat === "all" ? [] : [line + 1]);
  });
});

function sampleOf(value: Extract<Entry["takes"], { form: "one" }>["value"]): string {
  switch (value.type) {
    case "whole":
    case "seconds":
    case "milliseconds":
      return String(Math.max(1, Math.ceil(value.min)));
    case "choice":
      return value.of[0] ?? "";
    case "bool":
      return "true";
    case "ip":
      return "224.0.0.99";
    case "word":
    case "expression":
      return "word";
  }
}

test("a row that is not honoured yet is told, one without effect is a hint", () => {
  expect(said("global_defs {\n nftables\n process_names\n}\n")).toEqual([
    "2:2 warning VIPD008 nftables is not honoured yet; vipd goes on without it; what it does: use nftables for no_accept and VMAC IGMP handling",
    "3:2 hint VIPD009 process_names has no effect: vipd names its processes `vipd: vrrp`, `vipd: checkers`, `vipd: mailer`; nothing needs to be done",
  ]);
});

test("a grammar is only what its rows say", () => {
  const small = buildGrammar([
    { path: "a", takes: { form: "block", names: [0, 0] }, meaning: "a block", support: "honoured" },
  ]);
  expect([...small.root.keys()]).toEqual(["a"]);
  expect(grammar.pathsOf("advert_int")).toEqual(["vrrp_instance/advert_int"]);
});

describe("did you mean", () => {
  test.each([
    ["intervael", "interval"],
    ["weigth", "weight"],
    ["lb-kind", "lb_kind"],
    ["virtual_router_idd", "virtual_router_id"],
  ])("%s: %s", (typed, meant) => {
    expect(nearest(typed, ["interval", "weight", "lb_kind", "virtual_router_id"])).toBe(meant);
  });
  test("nothing is near enough to something else", () =>
    expect(nearest("foo", ["interval", "weight"])).toBeUndefined());
  test("a swap of neighbours is one edit", () => expect(editDistance("weigth", "weight")).toBe(1));
});

test("codes are stable: each has its meaning", () => {
  const ofLanguage = Object.keys(codes).filter((code) => !(code in meaningCodes));
  expect(ofLanguage).toEqual(Array.from({ length: 28 }, (_, i) => `VIPD${String(i + 1).padStart(3, "0")}`));
});
