/** What is packed runs as it lies, on a machine whose own Node is too old or that has none. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fill } from "../src/build.ts";
import { lay } from "../src/dist.ts";

let folder: string;
let root: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vipd-packed-"));
  root = join(folder, "root");
  const dist = join(folder, "dist");
  mkdirSync(dist);
  await fill(dist);
  writeFileSync(join(dist, "vipd-0.0.0-x64.tar.gz"), "of an earlier run");
  await lay(dist, root);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** With a PATH that has no Node at all. */
const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, { encoding: "utf8", env: { PATH: "/nowhere" } });

test("the command runs with the Node that was packed, wherever it was unpacked and however it is called", () => {
  const command = join(root, "usr/sbin/vipd");
  expect(statSync(command).mode & 0o777).toBe(0o755);
  expect(run(command, "--version")).toMatchObject({ status: 0, stdout: expect.stringMatching(/^vipd \d/) });
  symlinkSync("usr/sbin", join(root, "sbin"));
  symlinkSync("usr/lib", join(root, "lib"));
  expect(run(join(root, "sbin/vipd"), "explain", "virtual_router_id").status).toBe(0);
});

test("unit, accounts, manual page and completions are where systems look; no earlier package, no dangling name", () => {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" });
  for (const path of [
    "usr/lib/systemd/system/vipd.service",
    "usr/lib/sysusers.d/vipd.conf",
    "usr/share/man/man8/vipd.8",
    "usr/share/bash-completion/completions/vipd",
    "usr/lib/vipd/LICENSE.node",
  ])
    expect(files).toContain(path);
  expect(files.filter((path) => path.endsWith(".tar.gz"))).toEqual([]);
});

test("an older Node is told where there is a newer one", () => {
  const old = "Object.defineProperty(process.versions, 'node', { value: '18.20.4' });";
  const preload = join(folder, "old.cjs");
  writeFileSync(preload, old);
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--require", preload, join(root, "usr/lib/vipd/vipd.js"), "-v"],
    {
      encoding: "utf8",
    },
  );
  expect(status).toBe(1);
  expect(stderr).toMatch(/needs Node.js 24 or newer; .*run node_modules\/\.bin\/node dist\/vipd\.js/);
});

test.each([
  ["explain", "priority", 0],
  ["completion", "bash", 0],
  ["explain", "no such thing", 1],
] as const)("a reader that leaves early, as head does, gets no stack trace: vipd %s %s", async (name, word, exit) => {
  const child = spawn(join(root, "usr/sbin/vipd"), [name, word], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  expect(said).not.toMatch(/EPIPE|^ +at /m);
  expect(code).toBe(exit);
});
