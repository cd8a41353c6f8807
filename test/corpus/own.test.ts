/**
 * Configurations as admins write them (own/*.conf), each with its expected printed form (own/*.printed): every one loads without an
 * error, prints as expected, reads as the same value again, and is accepted by keepalived, as it stands and as it is printed.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { OPTIONS, roundTrip } from "../config/round-trip.ts";
import { canJudge, interfacesIn, judge } from "./judge.ts";

const OWN = join(import.meta.dirname, "own");
const names = globSync("*.conf", { cwd: OWN })
  .map((file) => file.replace(/\.conf$/, ""))
  .sort();

test("there are forty at least, each with its printed form", () => {
  expect(names.length).toBeGreaterThanOrEqual(40);
  expect(new Set(globSync("*.printed", { cwd: OWN }))).toEqual(new Set(names.map((name) => `${name}.printed`)));
});

describe.each(names)("%s", (name) => {
  test("loads without an error", () => {
    const { config, problems } = loadConfig(realFiles(), join(OWN, `${name}.conf`), { ...OPTIONS, tolerant: false });
    expect(problems.filter(({ level }) => level === "error")).toEqual([]);
    expect(config).toBeDefined();
    expect(problems.filter(({ verdict }) => verdict !== "none")).toEqual([]);
  });
  test("prints as expected, and reads as the same value", async () => {
    await expect(roundTrip(join(OWN, `${name}.conf`))).toMatchFileSnapshot(join(OWN, `${name}.printed`));
  });
});

test.runIf(canJudge())("keepalived accepts them, as they stand and as they are printed", { timeout: 120_000 }, () => {
  const texts = names.flatMap((name) =>
    ["conf", "printed"].map((kind) => ({
      name: `${name}.${kind}`,
      text: readFileSync(join(OWN, `${name}.${kind}`), "latin1"),
    })),
  );
  const interfaces = new Set(texts.flatMap(({ text }) => interfacesIn(text)));
  expect(judge(texts, interfaces).filter(({ exit }) => exit !== 0)).toEqual([]);
});
