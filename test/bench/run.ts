/**
 * Figures of vipd and of Debian's keepalived, side by side in one run; one table.
 *
 *     npm run bench -- [ROW…] [--quick] [--soak] [--json FILE]
 *
 * Failover, jitter, checks and memory are measured in network namespaces of this machine, as root; real IPVS in the lab's guest. What
 * cannot be measured here is said to be so. --quick repeats less; --soak watches memory for an hour. Exit code 1 if vipd misses a figure.
 */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { namespacesWork, runInNamespaces } from "../lab/host.ts";
import { runInLab } from "../lab/run.ts";
import { DAEMONS, type DaemonName } from "./daemons.ts";
import type { Extent, Figures } from "./figures.ts";
import { MEASUREMENTS, type MeasurementName, type Place, whyNotOnHost } from "./measurements.ts";
import { ROWS, type Row } from "./rows.ts";
import type { Request, Result } from "./worker.ts";

const TOP = resolve(import.meta.dirname, "../..");
const NODE = join(TOP, "node_modules/.bin/node");
const WORKER = join(import.meta.dirname, "worker.ts");
/** A guest with 10,000 real servers and a slow keepalived. */
const LAB_LIMIT_MS = 10 * 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    soak: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const unknown = positionals.filter((name) => ROWS.every((row) => row.name !== name));
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(", ")}, only ${ROWS.map((row) => row.name).join(", ")}`);
  process.exit(2);
}
const wanted = ROWS.filter((row) => positionals.length === 0 || positionals.includes(row.name));
const results = await measureAll(new Set(wanted.map((row) => row.from)), { quick: values.quick, soak: values.soak });
const lines = wanted.map((row) => lineOf(row, results));
const notes = wanted.flatMap((row) => notesOf(row, results));
console.log(["", render(lines), "", ...notes].join("\n"));
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ results, lines, notes }, null, 1)}\n`);
process.exitCode = lines.every((line) => line.ok !== "NO") ? 0 : 1;

async function measureAll(names: ReadonlySet<MeasurementName>, extent: Extent): Promise<readonly Result[]> {
  await mkdir(join(TOP, ".cache"), { recursive: true });
  const folder = await mkdtemp(join(TOP, ".cache/bench-"));
  try {
    process.env["VIPD_BENCH_DIST"] = join(folder, "dist");
    await cp(join(TOP, "dist"), join(folder, "dist"), { recursive: true });
    const found = [];
    for (const place of ["host", "lab"] as const) {
      const measurements = [...names].filter((name) => MEASUREMENTS[name].place === place);
      if (measurements.length > 0)
        found.push(...(await measureAt(place, { measurements, extent }, join(folder, place))));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureAt(place: Place, request: Request, file: string): Promise<readonly Result[]> {
  const obstacle = place === "host" ? whyNotOnHost(namespacesWork()) : undefined;
  if (obstacle !== undefined) return request.measurements.flatMap((name) => missing(name, obstacle));
  const args = [file, JSON.stringify(request)];
  await writeFile(file, "");
  let problem = "it ended before its time";
  try {
    if (place === "host") await runInNamespaces([NODE, WORKER, ...args]);
    else
      await runInLab({
        script: WORKER,
        args,
        env: { VIPD_BENCH_DIST: process.env["VIPD_BENCH_DIST"] ?? "" },
        timeoutMs: LAB_LIMIT_MS,
        memoryMb: 1536,
      });
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  const text = await readFile(file, "utf8");
  const made = text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Result]));
  const lost = request.measurements.filter((name) => made.every((one) => one.measurement !== name));
  return [...made, ...lost.flatMap((name) => missing(name, problem))];
}

function missing(measurement: MeasurementName, problem: string): readonly Result[] {
  return DAEMONS.map((daemon) => ({ measurement, daemon, problem }));
}

type Line = {
  readonly what: string;
  readonly keepalived: string;
  readonly vipd: string;
  readonly ratio: string;
  readonly asked: string;
  readonly ok: "yes" | "NO" | "-";
};

function lineOf(row: Row, all: readonly Result[]): Line {
  const keepalived = find(row.from, "keepalived", all);
  const vipd = find(row.from, "vipd", all);
  const [theirs, ours] = [figuresOf(keepalived), figuresOf(vipd)];
  return {
    what: `${row.name}: ${row.what}`,
    keepalived: shown(row, keepalived),
    vipd: shown(row, vipd),
    ratio: ratioOf(ours?.[row.ratio], theirs?.[row.ratio]),
    asked: row.asked,
    ok: ours === undefined ? "-" : row.holds(ours, theirs) ? "yes" : "NO",
  };
}

function find(name: MeasurementName, daemon: DaemonName, all: readonly Result[]): Result | undefined {
  return all.find((one) => one.measurement === name && one.daemon === daemon);
}

function figuresOf(result: Result | undefined): Figures | undefined {
  return result !== undefined && "figures" in result ? result.figures : undefined;
}

function shown(row: Row, result: Result | undefined): string {
  if (result === undefined) return "not measured here";
  return "figures" in result ? row.show(result.figures) : "not measured here";
}

/** One line a daemon: why there is no figure, or what belongs to it. */
function notesOf(row: Row, all: readonly Result[]): readonly string[] {
  return DAEMONS.flatMap((daemon) => {
    const result = find(row.from, daemon, all);
    if (result === undefined) return [];
    const note =
      "figures" in result ? row.note?.(result.figures) : `not measured here: ${result.problem.split("\n", 1)[0]}`;
    return note === undefined ? [] : [`${row.name}, ${daemon}: ${note}`];
  });
}

function ratioOf(ours: number | undefined, theirs: number | undefined): string {
  if (ours === undefined || theirs === undefined || theirs === 0) return "-";
  return `${(ours / theirs).toPrecision(2)} ×`;
}

function render(lines: readonly Line[]): string {
  const head = {
    what: "what",
    keepalived: "keepalived",
    vipd: "vipd",
    ratio: "ratio",
    asked: "asked of vipd",
    ok: "ok",
  };
  const columns = ["what", "keepalived", "vipd", "ratio", "asked", "ok"] as const;
  const table = [head, ...lines].map((line) => columns.map((name) => line[name]));
  const widths = columns.map((_, at) => Math.max(...table.map((cells) => cells[at]?.length ?? 0)));
  return table
    .map((cells) =>
      cells
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
