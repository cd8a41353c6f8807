/**
 * Runs every tier of the tests and adds them up. The last line says `N passed, N failed, N skipped`.
 *
 *     node test/run.ts                 all tiers
 *     node test/run.ts check unit      some of them
 *
 * check: types, lint and format, import directions. unit: with simulation, on this machine. lab: with interop, in guests
 * of the lab kernel. host: in network namespaces of this machine, where one is root; elsewhere in a guest.
 */
import { spawn, spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { runInLab } from "./lab/run.ts";

const TOP = resolve(import.meta.dirname, "..");
const RESULTS = join(TOP, ".cache/test");
const BIN = join(TOP, "node_modules/.bin");
const LAB_ROOT = join(TOP, ".cache/lab/root");
const LAB_CONFIG = "test/lab/vitest.config.ts";
const LAB_LIMIT_MS = 20 * 60_000;

type Count = { readonly passed: number; readonly failed: number; readonly skipped: number };

const TIERS: Readonly<Record<string, () => Promise<readonly Count[]>>> = {
  check: async () => [
    await step("types", "tsc", ["-p", "."]),
    await step("lint and format", "biome", ["check", "--config-path=test", "--error-on-warnings", "."]),
    await step("import directions", "vitest", ["run", "--config", "test/vitest.config.ts", "test/imports.test.ts"]),
  ],
  unit: async () => [await suite("unit", (args) => vitest(["--config", "test/vitest.config.ts", ...args]))],
  lab: () => inGuests("lab", ["test/lab", "test/interop"], 2),
  host: async () => {
    const tests = ["test/host"];
    if (!namespacesWork()) return inGuests("host", tests, 1);
    return [await suite("host", (args) => inNamespace(["--config", LAB_CONFIG, ...args, ...tests]))];
  },
};

/** A command that passes or fails as a whole. */
async function step(name: string, command: string, args: readonly string[]): Promise<Count> {
  const code = await start(name, join(BIN, command), args);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** A run of vitest, counted by its own report; one that leaves none is a failure. */
async function suite(name: string, start: (args: readonly string[]) => Promise<number>): Promise<Count> {
  const report = join(RESULTS, `${name}.json`);
  await rm(report, { force: true });
  try {
    const code = await start(["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]);
    return countOf(await readFile(report, "utf8"), code);
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
};

/** @param code vitest's exit code, which also tells of errors outside the tests */
function countOf(text: string, code: number): Count {
  const report: Report = JSON.parse(text);
  // a file that does not load has no tests that could fail
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Splits the test files of some folders among guests that run at the same time. */
async function inGuests(tier: string, folders: readonly string[], most: number): Promise<readonly Count[]> {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: TOP })).sort();
  const guests = Math.min(most, files.length);
  const parts = Array.from({ length: guests }, (_, guest) => files.filter((_, at) => at % guests === guest));
  return Promise.all(parts.map((part, at) => inGuest(`${tier}-${at + 1}`, part)));
}

function inGuest(name: string, files: readonly string[]): Promise<Count> {
  return suite(name, async (args) => {
    const { exitCode } = await runInLab({
      command: 'exec vitest run --config "$@"',
      args: [LAB_CONFIG, ...args, ...files],
      timeoutMs: LAB_LIMIT_MS,
      memoryMb: 2048,
      onLine: (line) => console.log(`${name}: ${line}`),
    });
    return exitCode;
  });
}

function sum(counts: readonly Count[]): Count {
  const add = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0);
  return { passed: add("passed"), failed: add("failed"), skipped: add("skipped") };
}

function countText({ passed, failed, skipped }: Count): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/** Whether this machine lets us make namespaces: then its own network is never touched. */
function namespacesWork(): boolean {
  return spawnSync("unshare", ["--net", "--mount", "true"]).status === 0;
}

/** The lab's tools work here as they do in the guest: with their libraries, and their files in /etc. */
function inNamespace(args: readonly string[]): Promise<number> {
  const script = `
    ip link set lo up
    mount -t tmpfs tmpfs /run
    mount -t overlay -o "lowerdir=/etc:${LAB_ROOT}/etc" overlay /etc
    export LD_LIBRARY_PATH="${LAB_ROOT}/usr/lib/x86_64-linux-gnu"
    exec "$@"
  `;
  return start("host", "unshare", ["--net", "--mount", "sh", "-c", script, "sh", join(BIN, "vitest"), "run", ...args]);
}

function vitest(args: readonly string[]): Promise<number> {
  return start("unit", join(BIN, "vitest"), ["run", ...args]);
}

function start(name: string, command: string, args: readonly string[]): Promise<number> {
  console.log(`\n── ${name}`);
  const child = spawn(command, args, { cwd: TOP, stdio: ["ignore", "inherit", "inherit"], env: environment() });
  return new Promise((done, failed) => child.once("error", failed).once("close", (code) => done(code ?? 1)));
}

/** The lab's tools are there for tests on the host too. */
function environment(): NodeJS.ProcessEnv {
  const path = [BIN, process.env["PATH"] ?? "", `${LAB_ROOT}/usr/sbin`, `${LAB_ROOT}/usr/bin`].join(":");
  return { ...process.env, PATH: path };
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => TIERS[name] === undefined);
if (unknown.length > 0)
  throw new Error(`There is no tier ${unknown.join(", ")}, only ${Object.keys(TIERS).join(", ")}`);
await mkdir(RESULTS, { recursive: true });
const counts: Count[] = [];
const table: string[] = [];
for (const [name, tier] of Object.entries(TIERS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const started = performance.now();
  const count = sum(await tier());
  counts.push(count);
  table.push(`${name.padEnd(6)} ${countText(count)}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
const total = sum(counts);
console.log(`\n${table.join("\n")}\n\n${countText(total)}`);
process.exitCode = total.failed === 0 ? 0 : 1;
