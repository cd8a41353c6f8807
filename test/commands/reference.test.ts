/** What is made from the tables: pages, completion. */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { completionFor, runCompletion } from "../../src/commands/completion.ts";
import { COMMAND_NAMES } from "../../src/commands/options.ts";
import { showCode } from "../../src/config/explain-code.ts";
import { table } from "../../src/config/keywords/table.ts";
import { type Code, codes } from "../../src/config/problems.ts";
import { PAGES } from "../../src/docs.ts";
import { completedInZsh } from "./zsh.ts";

const TOP = resolve(import.meta.dirname, "../..");

test.each(Object.entries(PAGES))("docs/%s is current (npm run docs)", (name, page) => {
  expect(readFileSync(join(TOP, "docs", name), "utf8") === page()).toBe(true);
});

test("the launcher takes every command for one", () => {
  const launcher = readFileSync(join(TOP, "src/launcher.js"), "utf8");
  for (const name of [...COMMAND_NAMES, "help"]) expect(launcher).toContain(`"${name}"`);
});

test("the reference holds every keyword of the table", () => {
  const page = PAGES["configuration.md"]?.() ?? "";
  for (const { path } of table) expect(page).toContain(`\`${path.split("/").at(-1)}`);
});

describe("codes", () => {
  test.each(Object.keys(codes) as readonly Code[])("%s is shown by its example", (code) => {
    expect(showCode(code).problem.code).toBe(code);
  });
  test("every code in the sources is documented, and every documented one is in the sources", () => {
    const files = globSync("src/config/**/*.ts", { cwd: TOP }).filter((file) => !/code-examples|codes\.ts$/.test(file));
    const text = files.map((file) => readFileSync(join(TOP, file), "utf8")).join("\n");
    const used = new Set([...text.matchAll(/"(VIPD\d{3})"/g)].map((match) => match[1]));
    expect([...used].sort()).toEqual(Object.keys(codes).sort());
  });
});

describe("completion", () => {
  const complete = (...words: readonly string[]) => {
    const script = `${completionFor("bash")}\nCOMP_WORDS=(vipd "$@"); COMP_CWORD=$#; _vipd; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync("bash", ["-c", script, "bash", ...words], { encoding: "utf8", cwd: TOP })
      .stdout.trim()
      .split("\n");
  };
  test("bash: commands, options, keywords, codes, files", () => {
    expect(complete("")).toEqual(expect.arrayContaining([...COMMAND_NAMES, "--config-test"]));
    expect(complete("exp")).toEqual(["explain"]);
    expect(complete("explain", "garp_master_d")).toEqual(["garp_master_delay"]);
    expect(complete("explain", "VIPD00")).toHaveLength(9);
    expect(complete("check", "--br")).toEqual(["--brief"]);
    expect(complete("check", "etc/vi")).toEqual(expect.arrayContaining(["etc/vipd.conf"]));
    expect(complete("-f", "etc/vi")).toEqual(expect.arrayContaining(["etc/vipd.conf"]));
  });
  test("zsh, a real one: commands, options, keywords, codes, files", { timeout: 30_000 }, () => {
    const lines = [
      "vipd exp",
      "vipd explain garp_master_d",
      "vipd explain VIPD08",
      "vipd check --br",
      "vipd check etc/vipd.c",
    ];
    const more = ["vipd -f etc/vipd.c", "vipd --config-t", "vipd completion z", "vipd stop --h"];
    expect(completedInZsh(completionFor("zsh"), [...lines, ...more])).toEqual([
      "vipd explain",
      "vipd explain garp_master_delay",
      "vipd explain VIPD08",
      "vipd check --brief",
      "vipd check etc/vipd.conf",
      "vipd -f etc/vipd.conf",
      "vipd --config-test",
      "vipd completion zsh",
      "vipd stop --hurry",
    ]);
  });
  test("zsh has its own; another shell has none", () => {
    const out: string[] = [];
    const io = { out: (line: string) => void out.push(line), error: (line: string) => void out.push(line) };
    expect(runCompletion(["zsh"], io)).toBe(0);
    expect(out[0]).toMatch(/^#compdef vipd\n/);
    expect(runCompletion(["fish"], io)).toBe(64);
    expect(out[1]).toContain("there is none for fish");
  });
});
