/**
 * Imports point one way (docs/architecture.md): `commands, daemon → vrrp, check, ipvs, network, notify, config → events,
 * base`. The rooms of decisions reach no operating system, and only `daemon/` and `commands/` join them with `os/`.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";

const TOP = resolve(import.meta.dirname, "..");
const ROOMS = ["vrrp", "check", "ipvs", "network", "notify", "config"];
const PURE = [
  "node:assert",
  "node:assert/strict",
  "node:buffer",
  "node:crypto",
  "node:path",
  "node:path/posix",
  "node:util",
];

type Import = { readonly of: string; readonly typeOnly: boolean };

/** What a file of a place may import: places (of src/ or native/), node's modules, and packages. */
type Rule = {
  readonly places: readonly string[];
  /** Places that may be imported by `import type` only. */
  readonly types?: readonly string[];
  readonly node: readonly string[] | "any";
  readonly packages: readonly string[] | "any";
};

const NATIVE = ["dgram-ext", "netlink", "arping-native"];
const room = (name: string, packages: readonly string[] = []): Rule => ({
  places: [name, "base", "events"],
  node: PURE,
  packages,
});
const JOINS: Rule = {
  places: [...ROOMS, "base", "events", "os", "daemon", "commands"],
  node: "any",
  packages: "any",
};

/** By place: the folder of src/, the name of a file at its top, or a package of native/. */
const RULES: Readonly<Record<string, Rule>> = {
  base: { places: ["base"], node: PURE, packages: [] },
  events: { places: ["base", "events"], node: PURE, packages: [] },
  vrrp: room("vrrp"),
  check: room("check"),
  ipvs: room("ipvs"),
  network: room("network"),
  notify: room("notify", ["handlebars"]),
  config: { ...room("config", ["zod"]), types: ROOMS },
  // what os/ does for a room it does to the room's types: CheckIo, the steps of a plan
  os: {
    places: ["os", "base", "events"],
    types: ROOMS,
    node: "any",
    packages: [...NATIVE, "nodemailer", "handlebars"],
  },
  daemon: { ...JOINS, places: JOINS.places.filter((place) => place !== "commands") },
  commands: JOINS,
  main: JOINS,
  command: JOINS,
  build: { places: ["build", "code-cache"], types: [], node: "any", packages: ["esbuild"] },
  "code-cache": { places: [], node: "any", packages: [] },
  dist: { places: ["build", "dist", "commands"], node: "any", packages: [] },
  docs: { places: ["commands"], node: "any", packages: [] },
  "native/dgram-ext": { places: ["native/dgram-ext"], node: "any", packages: ["dgram-ext"] },
  "native/netlink": { places: ["native/netlink"], node: "any", packages: ["dgram-ext", "netlink"] },
  "native/arping-native": { places: ["native/arping-native"], node: "any", packages: ["dgram-ext", "arping-native"] },
};

/** An example is a user of its package, and free to use the others. */
const EXAMPLE: Rule = { places: [], node: "any", packages: NATIVE };

function placeOf(file: string): string {
  const [top = "", second = ""] = file.split("/");
  return top === "native" ? `native/${second}` : second.replace(/\.ts$/, "");
}

function importsOf(source: string): readonly Import[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const statements = code.matchAll(/^\s*(import|export)\s+(type\b)?[^;"']*?\bfrom\s*["']([^"']+)["']/gm);
  const bare = code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g);
  return [
    ...[...statements].map((found) => ({ of: found[3] ?? "", typeOnly: found[2] !== undefined })),
    ...[...bare].map((found) => ({ of: found[1] ?? "", typeOnly: false })),
  ];
}

/** @returns what `file` (from the top of the checkout) imports against the rules, in words. */
function violations(file: string, source: string): readonly string[] {
  const rule = /^native\/.*\bexample\.ts$/.test(file) ? EXAMPLE : RULES[placeOf(file)];
  if (rule === undefined) return [`${file} lies in no room that the rules know`];
  return importsOf(source)
    .filter((one) => !allowed(rule, file, one))
    .map((one) => `${file} must not import ${one.typeOnly ? "even a type of " : ""}${one.of}`);
}

function allowed(rule: Rule, file: string, { of, typeOnly }: Import): boolean {
  if (of.startsWith("node:")) return rule.node === "any" || rule.node.includes(of);
  if (!of.startsWith(".")) return rule.packages === "any" || rule.packages.includes(packageOf(of));
  const target = join(dirname(file), of);
  if (file.startsWith("src/") && !target.startsWith("src/")) return false;
  const place = placeOf(target);
  return rule.places.includes(place) || (typeOnly && (rule.types ?? []).includes(place));
}

/** The package of a specifier: "zod/v4" is of zod, "@types/node" of itself. */
function packageOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

const files = globSync(["src/**/*.ts", "native/*/**/*.ts"], { cwd: TOP, exclude: ["**/node_modules/**"] }).sort();

test("every import of src/ and native/ points the way the architecture says", () => {
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((file) => violations(file, readFileSync(join(TOP, file), "utf8")))).toEqual([]);
});

test.each([
  ["src/vrrp/machine.ts", 'import { x } from "../os/socket.ts";', "../os/socket.ts"],
  ["src/vrrp/machine.ts", 'import { x } from "../check/schedule.ts";', "../check/schedule.ts"],
  ["src/vrrp/machine.ts", 'import type { X } from "../ipvs/settings.ts";', "../ipvs/settings.ts"],
  ["src/check/tcp.ts", 'import { connect } from "node:net";', "node:net"],
  ["src/check/tcp.ts", 'const net = await import("node:net");', "node:net"],
  ["src/config/config.ts", 'import { x } from "../vrrp/machine.ts";', "../vrrp/machine.ts"],
  ["src/base/clock.ts", 'import type { E } from "../events.ts";', "../events.ts"],
  ["src/os/netlink.ts", 'import {\n  plan,\n} from "../network/plan.ts";', "../network/plan.ts"],
  ["src/os/netlink.ts", 'export { plan } from "../network/plan.ts";', "../network/plan.ts"],
  ["src/daemon/vrrp.ts", 'import { send } from "../../native/netlink/index.ts";', "../../native/netlink/index.ts"],
  ["native/netlink/route.ts", 'import { x } from "../../src/base/address.ts";', "../../src/base/address.ts"],
  ["native/netlink/route.ts", 'import { x } from "arping-native";', "arping-native"],
])("%s may not say: %s", (file, source, named) => {
  expect(violations(file, source).join()).toContain(named);
});

test.each([
  ["src/config/config.ts", 'import type { VrrpSettings } from "../vrrp/settings.ts";'],
  ["src/vrrp/machine.ts", 'import { hash } from "node:crypto";\nimport type { Event } from "../events.ts";'],
  ["src/daemon/vrrp.ts", 'import { step } from "../vrrp/machine.ts";\nimport { open } from "../os/socket.ts";'],
  ["native/netlink/route.ts", 'import { openSocket } from "dgram-ext";'],
])("%s may say: %s", (file, source) => {
  expect(violations(file, source)).toEqual([]);
});
