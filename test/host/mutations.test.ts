/** Three hundred small mistakes in clean files: what keepalived refuses vipd refuses, what it accepts vipd accepts, or it is meant so. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { compare } from "../corpus/compare.ts";
import { interfacesIn, judge } from "../corpus/judge.ts";
import { mutants } from "../corpus/mutate.ts";
import { compareFolder, tell } from "../corpus/run.ts";

const TOP = resolve(import.meta.dirname, "../..");
const SOURCES = [
  "etc/*.conf",
  "etc/examples/**/*.conf",
  ".cache/lab/root/usr/share/doc/keepalived/samples/keepalived.conf.*",
];
const COUNT = 300;
const LIMIT_MS = 60_000;

test("small mistakes end as they end in keepalived", { timeout: LIMIT_MS * 2 }, () => {
  const began = performance.now();
  const texts = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: TOP }).sort()).map((path) => ({
    name: basename(path),
    text: readFileSync(join(TOP, path), "utf8"),
  }));
  const interfaces = new Set(texts.flatMap(({ text }) => interfacesIn(text)));
  const verdicts = judge(texts, interfaces);
  const clean = texts.filter((_, at) => verdicts[at]?.exit === 0);
  expect(clean.length).toBeGreaterThan(15);
  const wrong = mutants(clean, COUNT);
  expect(wrong).toHaveLength(COUNT);
  const folder = mkdtempSync(join(tmpdir(), "vipd-mutants-"));
  try {
    const judged = judge(wrong, interfaces);
    expect(judged.filter(({ exit }) => exit !== 0).length).toBeGreaterThan(COUNT / 2);
    const outcomes = judged.map((verdict, at) => {
      const file = join(folder, `${at}.conf`);
      writeFileSync(file, wrong[at]?.text ?? "");
      return compare(file, verdict, (name) => name === "lo" || interfaces.has(name));
    });
    expect(outcomes.filter(({ why }) => why === undefined)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(performance.now() - began).toBeLessThan(LIMIT_MS);
});

test("the examples of this project pass keepalived, too, and the tool compares a folder by itself", () => {
  const lines: string[] = [];
  expect(tell(compareFolder(join(TOP, "etc/examples")), (line) => lines.push(line))).toBe(true);
  expect(lines.at(-1)).toMatch(/^\d+ readings: \d+ agree, 0 vipd stricter, 0 vipd laxer, 0 crashed; 0 not meant$/);
});
