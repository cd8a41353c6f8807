/**
 * Compares vipd with keepalived over a folder of configurations: `npm run corpus -- FOLDER [--verdicts FILE]`.
 *
 * FILE is a table of tabs with a heading: file, exit code of `keepalived -t`, its messages joined by ` | `. Without it, and without
 * FOLDER/verdicts.tsv, the lab's keepalived is asked, in a namespace with the interfaces that the files name; that needs root.
 * Exits 1 if a file made vipd crash, or if a difference is not one of those that are meant (deliberate.ts).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compare, type Outcome } from "./compare.ts";
import { canJudge, interfacesIn, judge, type Verdict } from "./judge.ts";

export function compareFolder(folder: string, verdicts?: string): readonly Outcome[] {
  const table = verdicts ?? join(folder, "verdicts.tsv");
  if (existsSync(table)) {
    return readVerdicts(table).map((verdict) => {
      const absent = new Set([...verdict.messages.matchAll(/interface (\S+) for/g)].map((match) => match[1] ?? ""));
      return compare(join(folder, verdict.file), verdict, (name) => !absent.has(name));
    });
  }
  if (!canJudge())
    throw new Error("Cannot ask keepalived: be root and run test/lab/setup.sh packages, or give --verdicts FILE");
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), "latin1") }));
  const interfaces = new Set(texts.flatMap(({ text }) => interfacesIn(text)));
  return judge(texts, interfaces).map((verdict) =>
    compare(join(folder, verdict.file), verdict, (name) => name === "lo" || interfaces.has(name)),
  );
}

function readVerdicts(path: string): readonly Verdict[] {
  const [, ...rows] = readFileSync(path, "utf8").trim().split("\n");
  return rows.map((row) => {
    const [file = "", exit = "", messages = ""] = row.split("\t");
    return { file, exit: Number(exit), messages };
  });
}

/** The table, and whether nothing in it is a defect. */
export function tell(outcomes: readonly Outcome[], log: (line: string) => void): boolean {
  for (const { file, result, why, detail } of outcomes)
    if (result !== "agree") log(`${result.padEnd(9)}${file}: ${why ?? "NOT MEANT"}: ${detail.slice(0, 300)}`);
  for (const { file, unnamed } of outcomes)
    for (const message of unnamed) log(`unnamed  ${file}: ${message.slice(0, 200)}`);
  const count = (result: Outcome["result"]) => outcomes.filter((outcome) => outcome.result === result).length;
  const unexplained = outcomes.filter(({ why }) => why === undefined).length;
  log(
    `${outcomes.length} files: ${count("agree")} agree, ${count("stricter")} vipd stricter, ${count("laxer")} vipd laxer, ${count("crashed")} crashed; ${unexplained} not meant`,
  );
  return unexplained === 0;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({ options: { verdicts: { type: "string" } }, allowPositionals: true });
  const [folder] = positionals;
  if (folder === undefined) throw new Error("Usage: npm run corpus -- FOLDER [--verdicts FILE]");
  const verdicts = values.verdicts === undefined ? undefined : resolve(values.verdicts);
  if (!tell(compareFolder(resolve(folder), verdicts), console.log)) process.exitCode = 1;
}
