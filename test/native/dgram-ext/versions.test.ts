import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { runCommand } from "./helpers.ts";

// They start processes, which takes its time on a busy machine
vi.setConfig({ testTimeout: 60_000 });

const ADDON = join(import.meta.dirname, "../../../native/dgram-ext/dgram_ext.node");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dgram-ext-"));
  await build({
    entryPoints: [join(import.meta.dirname, "fixtures/any-node.ts")],
    outfile: join(folder, "any-node.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.11",
    logLevel: "silent",
  });
  await copyFile(ADDON, join(folder, "dgram_ext.node"));
});
afterAll(() => rm(folder, { recursive: true }));

/** The pinned Node, and that which came with npm. */
function everyNode(): readonly string[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((path) => path !== "");
  const others = folders.map((path) => join(path, "node")).filter((path) => existsSync(path) && isSupported(path));
  return [...new Set([process.execPath, ...others])];
}

/** From 20.11: Debian 12 comes with 18. */
function isSupported(node: string): boolean {
  const [major = 0, minor = 0] = execFileSync(node, ["-p", "process.versions.node"]).toString().split(".").map(Number);
  return major > 20 || (major === 20 && minor >= 11);
}

test("the same addon, beside a bundle, works in every Node of this machine", async () => {
  for (const node of everyNode()) {
    const { output } = await runCommand(node, [join(folder, "any-node.mjs")]);
    expect(`${node}: ${output}`).toBe(`${node}: datagram\nanswer\nworker 0\n`);
  }
});

test("a bundle without the addon says what is missing", async () => {
  const lonely = join(folder, "any-node-alone");
  await mkdir(lonely);
  await copyFile(join(folder, "any-node.mjs"), join(lonely, "any-node.mjs"));
  const { output, code } = await runCommand(process.execPath, [join(lonely, "any-node.mjs")]);
  expect(output).toContain(`Cannot load ${lonely}/dgram_ext.node: build it with native/dgram-ext/build.sh`);
  expect(code).toBe(1);
});
