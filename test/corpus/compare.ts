/**
 * Compares vipd with keepalived over a folder of configurations: `node test/corpus/compare.ts FOLDER [VERDICTS]`. VERDICTS is a table of
 * tabs with a heading: file, exit code of `keepalived -t`, its messages joined by ` | `. Exits 1 if a file made vipd crash.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { testExitCode } from "../../src/commands/check.ts";
import { loadConfig } from "../../src/config/load.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { machineView } from "../../src/os/machine-view.ts";

type Verdict = { readonly file: string; readonly exit: number; readonly messages: string };
type Outcome = {
  readonly file: string;
  readonly result: "agree" | "stricter" | "laxer" | "crashed";
  readonly detail: string;
  /** Lines that keepalived names and vipd does not. */
  readonly unnamed: readonly number[];
};

function verdictsOf(path: string): readonly Verdict[] {
  const [, ...rows] = readFileSync(path, "utf8").trim().split("\n");
  return rows.map((row) => {
    const [file = "", exit = "", messages = ""] = row.split("\t");
    return { file, exit: Number(exit), messages };
  });
}

/** keepalived's exit codes beyond 6 and 2 (it stops at a missing word) are refusals like 5. */
function isRefused(exit: number): boolean {
  return exit !== 0;
}

function compare(folder: string, { file, exit, messages }: Verdict): Outcome {
  const absent = new Set([...messages.matchAll(/interface (\S+) for/g)].map((match) => match[1] ?? ""));
  try {
    const { problems } = loadConfig(realFiles(), join(folder, file), {
      configId: "director",
      tolerant: false,
      environment: () => undefined,
      random: () => 0,
      hostName: "director",
      userName: "root",
      view: { ...machineView(), hasInterface: (name) => !absent.has(name) },
    });
    const code = testExitCode(problems);
    const theirs = new Set([...messages.matchAll(/Line (\d+)\)/g)].map((match) => Number(match[1])));
    const ours = new Set(problems.map(({ line }) => line));
    const result = isRefused(code) === isRefused(exit) ? "agree" : code === 0 ? "laxer" : "stricter";
    const detail =
      result === "stricter" ? (problems.find(({ verdict }) => verdict !== "none")?.message ?? "") : messages;
    return {
      file,
      result,
      detail: `${exit} ${code} ${detail}`,
      unnamed: [...theirs].filter((line) => !ours.has(line)),
    };
  } catch (error) {
    return {
      file,
      result: "crashed",
      detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
      unnamed: [],
    };
  }
}

const [folder = ".", verdicts = join(folder, "verdicts.tsv")] = process.argv.slice(2).map((path) => resolve(path));
const outcomes = verdictsOf(verdicts).map((verdict) => compare(folder, verdict));
for (const { file, result, detail } of outcomes)
  if (result !== "agree") console.log(`${result.padEnd(8)} ${file}: ${detail.slice(0, 300)}`);
for (const { file, unnamed } of outcomes)
  if (unnamed.length > 0) console.log(`lines    ${file}: ${unnamed.join(", ")} named by keepalived only`);
const count = (result: Outcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
console.log(
  `${outcomes.length} files: ${count("agree")} agree, ${count("stricter")} stricter, ${count("laxer")} laxer, ${count("crashed")} crashed`,
);
process.exitCode = count("crashed") > 0 ? 1 : 0;
