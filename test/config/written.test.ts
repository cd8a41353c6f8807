/** The value of everything that is written: every row of the table lands in it, and it prints as configuration that reads as the same. */
import { existsSync, globSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCommand } from "../../src/config/command.ts";
import type { Entry, Takes, Value } from "../../src/config/keywords/entry.ts";
import { table } from "../../src/config/keywords/table.ts";
import { printWritten } from "../../src/config/written/print.ts";
import type { Line, Meaning, Setting } from "../../src/config/written/setting.ts";
import { commandText, decimalText, wordText } from "../../src/config/written/words.ts";
import { load } from "./load.ts";
import { OPTIONS, printed, roundTrip, roundTripText } from "./round-trip.ts";

const TOP = resolve(import.meta.dirname, "../..");
const SAMPLES = join(TOP, ".cache/lab/root/usr/share/doc/keepalived/samples");
const SHARED = resolve(TOP, "../shared/corpus");

describe("every row of the table", () => {
  const byPath = new Map(table.map((entry) => [entry.path, entry]));
  const rows = table.filter(({ path }) => !path.startsWith("@"));
  test.each(rows.map((entry) => [entry.path, entry] as const))("%s", (path, entry) => {
    const text = inContext(path, nested(path.split("/"), byPath, `${path.split("/").at(-1)}${sampleOf(entry)}`));
    const { config, problems } = load(text, OPTIONS);
    const landed = settingAt(config?.written ?? [], path.split("/"));
    expect(landed, `${text}\n${JSON.stringify(problems)}`).toBeDefined();
    expect(landed?.value.type).toBe(typeOf(entry));
    roundTripText(text);
  });

  const words = table.filter(({ path }) => /^@(address|route|rule|tracker|unicast_peer|encap)\//.test(path));
  test.each(words.map((entry) => [entry.path, entry] as const))("%s", (path, entry) => {
    const line = lineWith(path, entry);
    const text = `${LISTS[path.split("/")[0] ?? ""]} {
 ${line}
}
`;
    const whole = text.startsWith("vrrp_instance") ? text.replace(/\}\n$/, "}\n}\n") : text;
    const { config } = load(whole, OPTIONS);
    const found = linesIn(config?.written ?? []).at(-1);
    const name = path.split("/")[1] ?? "";
    const instead = entry.instead?.includes(" ") === true ? undefined : entry.instead;
    const expected = name.startsWith("<") ? line : name === "type" ? "blackhole" : (instead ?? name);
    expect(JSON.stringify(found), whole).toContain(expected);
    expect(printed(config).replace(/\s+/g, " "), whole).toContain(lineText(line, entry));
    roundTripText(whole);
  });
});

describe("values in our units", () => {
  const value = (text: string, ...path: readonly string[]) =>
    settingAt(load(text, OPTIONS).config?.written ?? [], path)?.value;
  test("durations in ms, whatever the unit of the file", () => {
    expect(value("vrrp_instance V {\n advert_int 0.25\n}", "vrrp_instance", "advert_int")).toEqual({
      type: "duration",
      ms: 250,
      unit: "s",
    });
    expect(value("bfd_instance B {\n min_rx 20\n}", "bfd_instance", "min_rx")).toEqual({
      type: "duration",
      ms: 20,
      unit: "ms",
    });
  });
  test("addresses in one form, commands with their arguments and account, weights with their direction", () => {
    expect(value("vrrp_instance V {\n mcast_src_ip 2001:DB8:0::1\n}", "vrrp_instance", "mcast_src_ip")).toEqual({
      type: "ip",
      ip: "2001:db8::1",
    });
    expect(value(`vrrp_instance V {\n notify "/x/n 'a b' c" fred staff\n}`, "vrrp_instance", "notify")).toEqual({
      type: "command",
      argv: ["/x/n", "a b", "c"],
      user: "fred",
      group: "staff",
    });
    expect(value("vrrp_script S {\n weight -5 reverse\n}", "vrrp_script", "weight")).toEqual({
      type: "weight",
      weight: -5,
      reverse: true,
    });
  });
  test("lines with their options", () => {
    const text =
      "static_routes {\n blackhole 10.0.0.0/8 metric 7\n 2001:DB8::/32 gw FE80::1 mtu lock 1400 dev eth0\n}\n";
    expect(linesIn(load(text, OPTIONS).config?.written ?? [])).toMatchObject([
      {
        kind: "blackhole",
        subject: "10.0.0.0/8",
        options: [{ name: "metric", value: 7 }],
      },
      {
        subject: "2001:db8::/32",
        options: [
          { name: "via", value: "fe80::1" },
          { name: "mtu", value: 1400, lock: true },
          { name: "dev", value: "eth0" },
        ],
      },
    ]);
  });
  test("what a second setting replaced is not there, nor what is wrong", () => {
    const text = "global_defs {\n router_id a\n router_id b\n max_auto_priority x\n nonsense\n}\n";
    expect(printed(load(text, OPTIONS).config)).toBe("global_defs {\n    router_id b\n}\n");
  });
});

describe("text", () => {
  test.each([
    ["plain", "plain"],
    ["", '""'],
    ["a b", '"a b"'],
    ["a#b", '"a#b"'],
    ["{", '"{"'],
    ["@x", '"@x"'],
    ["user@host", "user@host"],
    ["$x", '"$x"'],
    ["a\\", '"a\\"'],
    ["include", '"include"'],
    ["includes", '"includes"'],
  ])("the word %j is written %s", (word, written) => expect(wordText(word)).toBe(written));
  test.each([
    [["/bin/a"]],
    [["/bin/a", ""]],
    [["/bin/a", "b c", "d\te"]],
    [["/bin/a", "#1", "!x", "{", "}"]],
    [["/bin/a", "é", "€", "$1"]],
  ])("the command %j reads as itself", (argv) => {
    const text = `vrrp_script S {\n script ${commandText(argv, "fred", undefined)}\n}\n`;
    const setting = settingAt(load(text, OPTIONS).config?.written ?? [], ["vrrp_script", "script"]);
    expect(setting?.value, text).toEqual({ type: "command", argv, user: "fred", group: undefined });
    expect(parseCommand(commandText(argv, undefined, undefined))).toMatchObject({ ok: true, value: { argv } });
  });
  test("a command that needs escapes is printed as it stands", () => {
    const text = `vrrp_script s {\n    script "/bin/sh -c 'echo \\"it is\\" us' \\x41" fred\n}\n`;
    expect(printed(load(text, OPTIONS).config)).toBe(text);
  });
  test.each([
    [0, "0"],
    [10, "10"],
    [0.000001, "0.000001"],
    [4294.967295, "4294.967295"],
    [1.5, "1.5"],
  ])("%f", (number, text) => expect(decimalText(number)).toBe(text));
});

describe("round trip of every file", () => {
  const files = [
    ...globSync("etc/**/*.conf", { cwd: TOP, exclude: ["etc/sysctl.d/**", "etc/sysusers.d/**"] }).map((file) =>
      join(TOP, file),
    ),
    ...globSync("keepalived.conf*", { cwd: SAMPLES }).map((file) => join(SAMPLES, file)),
    ...(existsSync(SHARED) ? globSync("*.conf", { cwd: SHARED }).map((file) => join(SHARED, file)) : []),
  ];
  test("there are examples and samples", () => expect(files.length).toBeGreaterThan(30));
  test.each(files.map((file) => [file.slice(file.lastIndexOf("/") + 1), file] as const))("%s", (_, file) => {
    expect(roundTrip(file).length).toBeGreaterThanOrEqual(0);
  });
});

const LISTS: Readonly<Record<string, string>> = {
  "@address": "static_ipaddress",
  "@route": "static_routes",
  "@rule": "static_rules",
  "@encap": "static_routes",
  "@tracker": "vrrp_instance V {\n track_interface",
  "@unicast_peer": "vrrp_instance V {\n unicast_peer",
};

/** The keyword in the blocks around it. */
function nested(path: readonly string[], byPath: ReadonlyMap<string, Entry>, innermost: string): string {
  let text = innermost;
  for (let depth = path.length - 1; depth > 0; depth--) {
    const outer = path.slice(0, depth).join("/");
    const entry = byPath.get(outer);
    text = `${path[depth - 1]}${entry === undefined ? "" : namesOf(entry)} {\n${text}\n}`;
  }
  return `${text}\n`;
}

/** A group counts only if it has members. */
function inContext(path: string, text: string): string {
  if (!path.startsWith("vrrp_sync_group")) return text;
  const members = path === "vrrp_sync_group/group" ? "" : "group {\n one\n}\n";
  return `vrrp_instance one {\n interface eth0\n virtual_router_id 1\n}\n${text.replace(/\}\n$/, `${members}}\n`)}`;
}

function namesOf({ path, takes }: Entry): string {
  if (takes.form !== "block" && takes.form !== "lines") return "";
  if (path === "virtual_server" || path.endsWith("real_server")) return " 192.0.2.1 80";
  return takes.names[0] > 0 ? " NAME" : "";
}

/** What a row may take. */
function sampleOf(entry: Entry): string {
  const { takes } = entry;
  switch (takes.form) {
    case "flag":
      return "";
    case "one":
      return ` ${sampleValue(takes.value)}`;
    case "words":
      return ` ${wordsFor(takes, entry.args ?? "")}`;
    case "command":
      return ' "/bin/true one"';
    case "block":
      return `${namesOf(entry)} {\n}`;
    case "lines":
      return `${namesOf(entry)} {\n ${sampleLines[takes.of]}\n}`;
  }
}

const sampleLines: Readonly<Record<Extract<Takes, { form: "lines" }>["of"], string>> = {
  addresses: "192.0.2.9/24",
  routes: "10.0.0.0/8 via 192.0.2.254",
  rules: "from 192.0.2.0/24 table 7 preference 5",
  tracks: "eth1 weight -5",
  peers: "192.0.2.2",
  names: "one two",
  recipients: "admin@example.com",
  services: "192.0.2.1-9 80",
  delays: "eth0 5 6",
  polls: "eth0 MII",
};

function wordsFor(takes: Extract<Takes, { form: "words" }>, args: string): string {
  const word = args.startsWith("N")
    ? "5"
    : args.startsWith("NAT")
      ? "DR"
      : args.startsWith("IP")
        ? "192.0.2.7"
        : "word";
  return [word, ...Array.from({ length: Math.max(0, takes.least - 1) }, () => "7")].join(" ");
}

function sampleValue(value: Value): string {
  switch (value.type) {
    case "whole":
      return String(Math.max(value.min, Math.min(value.max, 7)));
    case "seconds":
    case "milliseconds":
      return decimalText(Math.max(value.min, Math.min(value.max, 7)));
    case "choice":
      return value.of[0] ?? "";
    case "bool":
      return "false";
    case "ip":
      return "192.0.2.7";
    case "word":
    case "expression":
      return "word";
  }
}

function typeOf({ path, args = "", takes }: Entry): Meaning["type"] {
  switch (takes.form) {
    case "flag":
    case "block":
    case "lines":
    case "words":
      return takes.form === "words" && args.startsWith("N [reverse") ? "weight" : takes.form;
    case "command":
      return path.endsWith("/process") ? "words" : "command";
    case "one": {
      const types = { whole: "number", seconds: "duration", milliseconds: "duration", bool: "switch" } as const;
      const { type } = takes.value;
      if (type === "ip" || type === "expression") return type;
      return type === "choice" || type === "word" ? "text" : types[type];
    }
  }
}

/** A line in which this word of the table stands. */
function lineWith(path: string, entry: Entry): string {
  const [list, name = ""] = path.split("/");
  const value = entry.takes.form === "flag" ? "" : ` ${optionValue(name, entry.args ?? "")}`;
  if (name.startsWith("<")) return "192.0.2.9/24";
  switch (list) {
    case "@rule":
      return name === "type" ? "from 10.0.0.0/8 blackhole" : `${name}${value}`;
    case "@route":
      return name === "to" ? "to 10.0.0.0/8" : name === "type" ? "blackhole 10.0.0.0/8" : `10.0.0.0/8 ${name}${value}`;
    case "@encap":
      return `10.0.0.0/8 encap ${name}${value} via 192.0.2.1`;
    case "@tracker":
      return name === "reverse" ? "eth1 weight 5 reverse" : "eth1 weight 5";
    default:
      return `192.0.2.9/24 ${name}${value}`;
  }
}

function optionValue(name: string, args: string): string {
  if (name === "nexthop") return "via 192.0.2.1 weight 2";
  if (/\b(IP|PREFIX|DEST)\b/.test(args) && !args.includes("[id")) return "192.0.2.1";
  return /\bN\]?$/.test(args) ? "5" : "seven";
}

/** How a line is printed again. */
function lineText(line: string, { instead, path }: Entry): string {
  const name = path.split("/")[1] ?? "";
  return instead === undefined || instead.includes(" ") ? line : line.replace(` ${name} `, ` ${instead} `);
}

function settingAt(settings: readonly Setting[], path: readonly string[]): Setting | undefined {
  const [name, ...rest] = path;
  const setting = settings.find(({ keyword }) => keyword === name);
  if (setting === undefined || rest.length === 0) return setting;
  return setting.value.type === "block" ? settingAt(setting.value.body, rest) : undefined;
}

function linesIn(settings: readonly Setting[]): readonly Line[] {
  return settings.flatMap(({ value }) =>
    value.type === "lines" ? value.lines : value.type === "block" ? linesIn(value.body) : [],
  );
}

test("a family where an address should stand stays where it is", () => {
  for (const words of ["via inet6 inet6 x", "via inet6", "via inet inet6"]) {
    const text = `static_routes {\n 10.0.0.0/8 ${words}\n}\n`;
    const print = (source: string) =>
      printWritten(load(source, { written: true, tolerant: true }).config?.written ?? [], { defaults: false });
    expect(print(print(text))).toBe(print(text));
  }
});
