/** The spool, whose folder belongs to the mailer while vipd writes into it. */
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listLetters, prepareSpool, putLetter, readLetter, refuseLetter, rewriteLetter } from "../../src/os/spool.ts";

let above: string;
let spool: string;
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "vipd-spool-"));
  spool = join(above, "spool");
});
afterEach(() => rmSync(above, { recursive: true }));

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const nobody = { uid: 65534, gid: 65534 };

test("letters come back whole, in the order of their names", () => {
  prepareSpool(spool, self);
  putLetter(spool, "2.json", { text: "zwölf".repeat(100_000) }, self);
  putLetter(spool, "1.json", { text: "first" }, undefined);
  expect(listLetters(spool)).toEqual(["1.json", "2.json"]);
  expect(readLetter(spool, "2.json")).toEqual({ text: "zwölf".repeat(100_000) });
  rewriteLetter(spool, "1.json", { text: "again" });
  expect(readLetter(spool, "1.json")).toEqual({ text: "again" });
  refuseLetter(spool, "1.json");
  expect(listLetters(join(spool, "refused"))).toEqual(["1.json"]);
  expect(statSync(spool).mode & 0o777).toBe(0o700);
});

test("an absent spool holds nothing", () => {
  expect(listLetters(join(above, "nowhere"))).toEqual([]);
});

test.runIf(self.uid === 0)("folders and letters belong to the mailer", () => {
  prepareSpool(spool, nobody);
  putLetter(spool, "1.json", {}, nobody);
  for (const path of [spool, join(spool, "refused"), join(spool, "1.json")]) expect(statSync(path).uid).toBe(65534);
});

test.runIf(self.uid === 0)("a link that the mailer puts in place of a folder gives nothing away", () => {
  prepareSpool(spool, nobody);
  const victim = join(above, "victim");
  mkdirSync(victim);
  chownSync(victim, 0, 0);
  rmdirSync(join(spool, "refused"));
  symlinkSync(victim, join(spool, "refused"));
  expect(() => prepareSpool(spool, nobody)).toThrow(/^Cannot make the mail spool .*refused: ENOTDIR/);
  expect(statSync(victim).uid).toBe(0);
});

test("what cannot be written whole is not there at all", () => {
  prepareSpool(spool, undefined);
  const broken = { toJSON: () => ({ huge: 1n }) };
  expect(() => putLetter(spool, "1.json", broken, undefined)).toThrow(TypeError);
  expect(readdirSync(spool)).toEqual(["refused"]);
});
