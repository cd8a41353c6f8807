/** The spool, whose folder belongs to the mailer while vipd writes into it. */
import {
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
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
  expect(readLetter(spool, "2.json")).toEqual({ ok: true, letter: { text: "zwölf".repeat(100_000) } });
  rewriteLetter(spool, "1.json", { text: "again" });
  expect(readLetter(spool, "1.json")).toEqual({ ok: true, letter: { text: "again" } });
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
  expect(() => prepareSpool(spool, nobody)).toThrow(
    /^Cannot make the mail spool .*: ENOTDIR; something that is no folder stands in its way/,
  );
  expect(statSync(victim).uid).toBe(0);
});

test.runIf(self.uid === 0)(
  "letters that were written before the mailer had an account are handed over with the folder",
  () => {
    prepareSpool(spool, self);
    putLetter(spool, "1.json", { text: "early" }, self);
    const victim = join(above, "shadow");
    writeFileSync(victim, "secret");
    symlinkSync(victim, join(spool, "2.json"));
    linkSync(victim, join(spool, "3.json"));
    prepareSpool(spool, nobody);
    expect(statSync(spool).uid).toBe(65534);
    expect(statSync(join(spool, "1.json")).uid).toBe(65534);
    expect(statSync(victim).uid).toBe(0);
    prepareSpool(spool, self); // the account is gone again
    expect([statSync(spool).uid, statSync(join(spool, "1.json")).uid]).toEqual([0, 0]);
  },
);

test("what was half written at a crash is removed, and nothing else", () => {
  prepareSpool(spool, self);
  for (const name of [".1.json", ".2.json.new", ".hidden", "3.json"]) writeFileSync(join(spool, name), "{");
  prepareSpool(spool, self);
  expect(readdirSync(spool).sort()).toEqual([".hidden", "3.json", "refused"]);
});

test("a letter is whole, gone, or no letter", () => {
  prepareSpool(spool, self);
  writeFileSync(join(spool, "1.json"), "{ nonsense");
  mkdirSync(join(spool, "2.json"));
  expect(readLetter(spool, "1.json")).toEqual({ ok: false, why: "broken" });
  expect(readLetter(spool, "2.json")).toMatchObject({
    ok: false,
    why: "unreadable",
    reason: expect.stringMatching(/EISDIR/),
  });
  expect(readLetter(spool, "9.json")).toEqual({ ok: false, why: "gone" });
});

test("of those that were refused the last thousand are kept", () => {
  prepareSpool(spool, self);
  const aside = join(spool, "refused");
  for (let index = 1000; index < 2000; index++) writeFileSync(join(aside, `${index}.json`), "{}");
  putLetter(spool, "2000.json", {}, undefined);
  refuseLetter(spool, "2000.json");
  const kept = listLetters(aside);
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([1000, "1001.json", "2000.json"]);
});

test("what cannot be written whole is not there at all", () => {
  prepareSpool(spool, undefined);
  const broken = { toJSON: () => ({ huge: 1n }) };
  expect(() => putLetter(spool, "1.json", broken, undefined)).toThrow(TypeError);
  expect(readdirSync(spool)).toEqual(["refused"]);
});
