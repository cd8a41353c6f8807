/**
 * `vipd explain [KEYWORD | BLOCK | CODE | WORDS]`: the table of keywords, for people. What is neither a keyword nor a code is searched for:
 * `vipd explain garp` lists what matches.
 */
import { nearest } from "../base/nearest.ts";
import { grammar, isBlock } from "../config/grammar.ts";
import type { Entry } from "../config/keywords/entry.ts";
import { removedKeywords } from "../config/keywords/removed.ts";
import { table } from "../config/keywords/table.ts";
import { type Code, codes } from "../config/problems.ts";
import type { CommandIo } from "./check.ts";
import { codeText, supportText } from "./reference.ts";

/** @param argv the words behind `explain` @returns 0, or 1 if nothing matches */
export function runExplain(argv: readonly string[], io: CommandIo): number {
  const word = argv.join(argv.length > 1 && argv[0]?.startsWith("~") === false ? "/" : " ");
  if (word === "") return overview(io);
  const code = codeOf(word);
  if (code !== undefined) {
    for (const line of codeText(code, false)) io.out(line);
    return 0;
  }
  const exact = table.filter((entry) => nameOf(entry) === word || entry.path === word);
  if (exact.length > 0) return explainEntries(exact, io);
  const removed = removedKeywords.find(({ name }) => name === word);
  if (removed !== undefined) {
    io.out(`${removed.name} ${removed.what}; ${removed.remedy}`);
    return 0;
  }
  return search(argv, io);
}

/** `VIPD012`, in any case, or its number alone. */
function codeOf(word: string): Code | undefined {
  const name = /^\d{1,3}$/.test(word) ? `VIPD${word.padStart(3, "0")}` : word.toUpperCase();
  return (Object.keys(codes) as readonly Code[]).find((code) => code === name);
}

function overview(io: CommandIo): number {
  io.out("Blocks and keywords outside every block; vipd explain NAME tells more, of codes such as VIPD001 too:");
  for (const { entry } of grammar.root.values()) io.out(summary(entry));
  return 0;
}

function explainEntries(entries: readonly Entry[], io: CommandIo): number {
  const [first] = entries;
  for (const group of merged(entries)) {
    if (group[0] !== first) io.out("");
    explainOne(group, io);
  }
  if (first !== undefined && isBlock(first)) {
    const inside = table.filter(
      (entry) => entry.path.startsWith(`${first.path}/`) && !entry.path.slice(first.path.length + 1).includes("/"),
    );
    if (inside.length > 0) io.out("\n  May hold:");
    for (const entry of inside) io.out(`  ${summary(entry)}`);
  }
  return 0;
}

/** The same keyword in several blocks with the same meaning is told once. */
function merged(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = [entry.args, entry.default, entry.range, entry.meaning].join("|");
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()];
}

function explainOne(entries: readonly Entry[], io: CommandIo): void {
  const [entry] = entries;
  if (entry === undefined) return;
  io.out(`${nameOf(entry)} ${entry.args ?? ""}`.trimEnd());
  io.out(`  ${entry.meaning}`);
  io.out(`  Where: ${entries.map(({ path }) => blockOf(path)).join("; ")}`);
  if (entry.range !== undefined) io.out(`  Range: ${entry.range}`);
  if (entry.default !== undefined) io.out(`  Default: ${entry.default}`);
  if (entry.since !== undefined) io.out(`  Since keepalived ${entry.since}`);
  if (entry.instead !== undefined) io.out(`  An old spelling; write ${entry.instead} instead`);
  io.out(`  In vipd: ${supportText(entry)}`);
}

/** Every word must occur, in the path or in what is said about it. */
function search(words: readonly string[], io: CommandIo): number {
  const wanted = words.map((word) => word.toLowerCase());
  const found = table.filter((entry) => {
    const text = `${entry.path} ${entry.args ?? ""} ${entry.meaning}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const matching = Object.entries(codes).filter(([, what]) =>
    wanted.every((word) => what.toLowerCase().includes(word)),
  );
  for (const entry of found) io.out(summary(entry));
  for (const [code, what] of matching) io.out(`${code.padEnd(44)} ${what}`);
  if (found.length + matching.length > 0) return 0;
  const word = words.join(" ");
  const near = nearest(word, table.map(nameOf));
  io.error(`vipd explain: nothing is called ${word}${near === undefined ? "" : `; did you mean ${near}?`}`);
  return 1;
}

function summary(entry: Entry): string {
  return `${entry.path.padEnd(44)} ${entry.meaning}`;
}

function nameOf({ path }: Entry): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function blockOf(path: string): string {
  const parts = path.split("/").slice(0, -1);
  return parts.length === 0 ? "outside every block" : parts.join(" / ");
}
