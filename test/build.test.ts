/** What each bundle of dist/ must not carry: the process that sends adverts is to start fast, and allocate little. */
import { expect, test } from "vitest";
import { type Bundle, bundle } from "../src/build.ts";

const bundles = await bundle();

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
