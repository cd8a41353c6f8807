/**
 * Compares vipd with keepalived over a folder of configurations: `npm run corpus -- FOLDER [--verdicts FILE]`.
 *
 * FILE is a table of tabs whose heading names its columns: file, exit (of `keepalived -t`), messages (joined by ` | `), and perhaps
 * config-id (of `-i`). Without it, FOLDER/verdicts.tsv and FOLDER/verdicts-by-id.tsv are taken; without those, the lab's keepalived is
 * asked, for each file and each node that a file has lines for, in a namespace with the interfaces that the files name; that needs root.
 * Exits 1 if a file made vipd crash, or if a difference is not one of those that are meant (deliberate.ts).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compare, type Outcome } from "./compare.ts";
import { canJudge, configIdsIn, interfacesIn, judge, type Verdict } from "./judge.ts";

export function compareFolder(folder: string, verdicts?: string): readonly Outcome[] {
  const tables = verdicts === undefined ? TABLES.map((name) => join(folder, name)) : [verdicts];
  const known = tables.filter((table) => existsSync(table)).flatMap(readVerdicts);
  if (known.length > 0) {
    const messages = new Map(
      known.filter(({ configId }) => configId === undefined).map((one) => [one.file, one.messages]),
    );
    return known.map((verdict) => {
      const said = verdict.messages === AS_WITHOUT ? (messages.get(verdict.file) ?? "") : verdict.messages;
      const absent = new Set([...said.matchAll(/interface (\S+) (?:for|doesn)/g)].map((match) => match[1] ?? ""));
      return compare(join(folder, verdict.file), { ...verdict, messages: said }, (name) => !absent.has(name));
    });
  }
  if (!canJudge())
    throw new Error("Cannot ask keepalived: be root and run test/lab/setup.sh packages, or give --verdicts FILE");
  const texts = readdirSync(folder)
    .filter((name) => name.endsWith(".conf"))
    .sort()
    .map((name) => ({ name, text: readFileSync(join(folder, name), "latin1") }))
    .flatMap((one) => [one, ...configIdsIn(one.text).map((configId) => ({ ...one, configId }))]);
  const interfaces = new Set(texts.flatMap(({ text }) => interfacesIn(text)));
  return judge(texts, interfaces).map((verdict) =>
    compare(join(folder, verdict.file), verdict, (name) => name === "lo" || interfaces.has(name)),
  );
}

const TABLES = ["verdicts.tsv", "verdicts-by-id.tsv"];
/** In a row with a config-id: what the row without one says. */
const AS_WITHOUT = "(as without -i)";

function readVerdicts(path: string): readonly Verdict[] {
  const [heading = "", ...rows] = readFileSync(path, "utf8").trim().split("\n");
  const names = heading.split("\t");
  return rows.map((row) => {
    const cells = row.split("\t");
    const cell = (name: string) => cells[names.indexOf(name)];
    const configId = cell("config-id");
    return {
      file: cell("file") ?? "",
      ...(configId === undefined ? {} : { configId }),
      exit: Number(cell("exit")),
      messages: cell("messages") ?? "",
    };
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
    `${outcomes.length} readings: ${count("agree")} agree, ${count("stricter")} vipd stricter, ${count("laxer")} vipd laxer, ${count("crashed")} crashed; ${unexplained} not meant`,
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
