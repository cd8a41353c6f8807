/**
 * Runs every tier of the tests and adds them up. The last line says `N passed, N failed, N skipped`.
 *
 *     node test/run.ts                 all tiers
 *     node test/run.ts check unit      some of them
 *
 * corpus: a folder of configurations beside keepalived's verdicts, where it is there.
 * check: types, lint and format, import directions. unit: with simulation, on this machine. lab: with interop, in guests
 * of the lab kernel. host: in network namespaces of this machine, where one is root; elsewhere in a guest.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { namespacesWork, runHere, runInNamespaces } from "./lab/host.ts";
import { runInLab } from "./lab/run.ts";

const TOP = resolve(import.meta.dirname, "..");
const RESULTS = join(TOP, ".cache/test");
const BIN = join(TOP, "node_modules/.bin");
const VITEST = join(BIN, "vitest");
const UNIT_CONFIG = "test/vitest.config.ts";
const LAB_CONFIG = "test/lab/vitest.config.ts";
/** Configurations as found in the wild, where the project's surroundings have them. */
const CORPUS = join(TOP, "../shared/corpus");
const LAB_LIMIT_MS = 20 * 60_000;

type Count = { readonly passed: number; readonly failed: number; readonly skipped: number };

const TIERS: Readonly<Record<string, () => Promise<readonly Count[]>>> = {
  check: async () => [
    await step("types", "tsc", ["-p", "."]),
    await step("lint and format", "biome", ["check", "--config-path=test", "--error-on-warnings", "."]),
    await step("import directions", "vitest", ["run", "--config", UNIT_CONFIG, "test/imports.test.ts"]),
  ],
  unit: async () => [await suite("unit", [], (args) => runHere([VITEST, "run", "--config", UNIT_CONFIG, ...args]))],
  corpus: async () => {
    if (!existsSync(CORPUS)) return [];
    return [await step("corpus", "node", ["test/corpus/run.ts", CORPUS])];
  },
  lab: () => inGuests("lab", ["test/lab", "test/interop"], 2),
  host: async () => {
    const tests = ["test/host"];
    if (!namespacesWork()) return inGuests("host", tests, 1);
    return [await suite("host", tests, (args) => runInNamespaces([VITEST, "run", "--config", LAB_CONFIG, ...args]))];
  },
};

/** A command that passes or fails as a whole. */
async function step(name: string, command: string, args: readonly string[]): Promise<Count> {
  console.log(`\n── ${name}`);
  const code = await runHere([join(BIN, command), ...args]);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
}

/** Starts vitest with these arguments. @returns its exit code */
type Start = (args: readonly string[]) => Promise<number>;

/**
 * A run of vitest, counted by its own report; one that leaves none is a failure. Files that fail are run once more, by themselves, and
 * that counts: their times are those of a machine that others use too. What fails twice has failed, and what needed it is said.
 */
async function suite(name: string, files: readonly string[], start: Start): Promise<Count> {
  console.log(`\n── ${name}`);
  const first = await reportOf(name, files, start);
  if (first === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const failed = first.report.testResults.filter(({ status }) => status === "failed").map((file) => file.name);
  const count = countOf(first.report, first.code);
  if (failed.length === 0 || failed.length > MOST_AGAIN) return count;
  console.log(`\n── ${name}: once more, by themselves: ${failed.join(" ")}`);
  const second = await reportOf(`${name}-again`, failed, start);
  if (second === undefined) return count;
  const again = countOf(second.report, second.code);
  return { ...count, passed: count.passed + count.failed - again.failed, failed: again.failed };
}

/** More files than these fail for a reason. */
const MOST_AGAIN = 3;

async function reportOf(name: string, files: readonly string[], start: Start) {
  const path = join(RESULTS, `${name}.json`);
  await rm(path, { force: true });
  try {
    const code = await start(["--reporter=default", "--reporter=json", `--outputFile.json=${path}`, ...files]);
    return { code, report: JSON.parse(await readFile(path, "utf8")) as Report };
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

type Report = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    /** Milliseconds since 1970. */
    readonly startTime: number;
    readonly endTime: number;
    readonly status: string;
    readonly assertionResults: readonly unknown[];
  }[];
};

/** @param code vitest's exit code, which also tells of errors outside the tests */
function countOf(report: Report, code: number): Count {
  // a file that does not load has no tests that could fail
  const broken = report.testResults.filter((file) => file.status === "failed" && file.assertionResults.length === 0);
  const failed = report.numFailedTests + broken.length;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** Splits the test files of some folders among guests that run at the same time: the long ones first, each to the guest with the least to do. */
async function inGuests(tier: string, folders: readonly string[], most: number): Promise<readonly Count[]> {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.test.ts`, { cwd: TOP })).sort();
  const lasted = await durations(tier);
  const costs = files.map((file) => ({ file, ms: lasted.get(join(TOP, file)) ?? guessMs(file) }));
  const parts = Array.from({ length: Math.min(most, files.length) }, () => ({ files: [] as string[], ms: 0 }));
  for (const { file, ms } of costs.sort((a, b) => b.ms - a.ms)) {
    const part = parts.reduce((least, one) => (one.ms < least.ms ? one : least));
    part.files.push(file);
    part.ms += ms;
  }
  return Promise.all(parts.map((part, at) => inGuest(`${tier}-${at + 1}`, part.files)));
}

/** How long each file took when it last ran here, by its path. */
async function durations(tier: string): Promise<ReadonlyMap<string, number>> {
  const known = new Map<string, number>();
  for (const path of globSync(`${tier}-*.json`, { cwd: RESULTS })) {
    try {
      const report: Report = JSON.parse(await readFile(join(RESULTS, path), "utf8"));
      for (const { name, startTime, endTime } of report.testResults) known.set(name, endTime - startTime);
    } catch {
      // a run that was interrupted
    }
  }
  return known;
}

/** A file that has not run here: stories with daemons take a minute, the rest seconds. */
function guessMs(file: string): number {
  return /daemons\.ts|scene\.ts|pair\.ts/.test(readFileSync(join(TOP, file), "utf8")) ? 60_000 : 10_000;
}

function inGuest(name: string, files: readonly string[]): Promise<Count> {
  return suite(name, files, async (args) => {
    const { exitCode } = await runInLab({
      command: 'exec vitest run --config "$@"',
      args: [LAB_CONFIG, ...args],
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
