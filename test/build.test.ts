/** What each bundle of dist/ must not carry: the process that sends adverts is to start fast, and allocate little. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bundle, fill } from "../src/build.ts";

let dist: string;
let bundles: Readonly<Record<string, Bundle>>;
beforeAll(async () => {
  dist = mkdtempSync(join(tmpdir(), "vipd-dist-"));
  bundles = await fill(dist);
}, 30_000);
afterAll(() => rmSync(dist, { recursive: true }));

function packagesOf({ modules }: Bundle): readonly string[] {
  return [...new Set(modules.map((path) => /^node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "own"))].sort();
}

function get(name: string): Bundle {
  const found = bundles[name];
  if (found === undefined) throw new Error(`there is no bundle ${name}`);
  return found;
}

test("every role has a bundle of its own", () => {
  expect(Object.keys(bundles).sort()).toEqual(["checkers", "command", "mailer", "main", "reader", "vrrp"]);
});

test("the vrrp process holds no package, no HTTP and no TLS, and is small", () => {
  expect(packagesOf(get("vrrp"))).toEqual(["own"]);
  const heavy = ["http", "http2", "https", "tls", "child_process", "worker_threads"];
  expect(get("vrrp").builtins.filter((name) => heavy.includes(name))).toEqual([]);
  expect(get("vrrp").bytes).toBeLessThan(300_000);
});

test("the checkers hold no package, and load HTTP and TLS of Node only when a check needs them", () => {
  expect(packagesOf(get("checkers"))).toEqual(["own"]);
});

test("templates and SMTP are the mailer's alone; the schema is not its business", () => {
  expect(packagesOf(get("mailer"))).toEqual(expect.arrayContaining(["handlebars", "nodemailer"]));
  expect(packagesOf(get("mailer"))).not.toContain("zod");
  expect(packagesOf(get("main"))).not.toContain("nodemailer");
  expect(packagesOf(get("reader"))).not.toContain("nodemailer");
});

const COMPILES = `
  const [dist, name] = process.argv.slice(1);
  const { readFileSync } = require("node:fs");
  const cachedData = readFileSync(dist + "/code/" + name + ".cache");
  const script = new (require("node:vm").Script)(readFileSync(dist + "/code/" + name + ".js", "latin1"), { cachedData });
  console.log(script.cachedDataRejected ? "refused" : "taken");
`;

test("what V8 made of each bundle is taken at a start, under the flags of its process", () => {
  for (const name of Object.keys(bundles)) {
    const flags = name === "vrrp" ? ["--max-semi-space-size=1", "--no-flush-bytecode"] : [];
    const said = execFileSync(process.execPath, [...flags, "-e", COMPILES, dist, name], { encoding: "utf8" });
    expect([name, said.trim()]).toEqual([name, "taken"]);
  }
});

test("a Node that made something else of it compiles", () => {
  writeFileSync(join(dist, "code/command.cache"), "something else");
  const said = execFileSync(process.execPath, [join(dist, "vipd.js"), "--version"], { encoding: "utf8" });
  expect(said).toMatch(/^vipd \d/);
});

test("a bundle's text is ASCII where it counts: it is read as such", () => {
  const said = execFileSync(process.execPath, [join(dist, "vipd.js"), "--help"], { encoding: "utf8" });
  expect(said).not.toMatch(/\u00e2\u0080/);
});
