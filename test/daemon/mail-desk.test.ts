/** The mailer's view of a spool whose disk does not take everything down. */
import { mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDesk } from "../../src/daemon/mail-desk.ts";
import { prepareSpool, putLetter } from "../../src/os/spool.ts";
import { stamped, toMaster } from "../notify/fixtures.ts";

let spool: string;
beforeEach(() => {
  spool = mkdtempSync(join(tmpdir(), "vipd-desk-"));
  prepareSpool(spool, undefined);
});
afterEach(() => rmSync(spool, { recursive: true }));

const letter = { event: stamped(toMaster), host: "a", routerId: "", reportDeleted: false };

test("to whom a letter is owed is known, though the disk would not note it", () => {
  const desk = createDesk();
  putLetter(spool, "1.json", letter, undefined);
  mkdirSync(join(spool, ".1.json.new")); // where the new text would be written
  expect(desk.owe(spool, "1.json", { ...letter, owed: ["x@y.z"] })).toMatch(/^Cannot note in .* EISDIR/);
  expect(desk.letters(spool).letters).toEqual([{ name: "1.json", letter: { ...letter, owed: ["x@y.z"] } }]);
  expect(createDesk().letters(spool).letters).toEqual([{ name: "1.json", letter }]);
  rmdirSync(join(spool, ".1.json.new"));
  expect(desk.owe(spool, "1.json", { ...letter, owed: ["x@y.z"] })).toBeUndefined();
  expect(createDesk().letters(spool).letters[0]?.letter.owed).toEqual(["x@y.z"]);
});

test("a letter that is done with is not sent again, though it could not be removed", () => {
  const desk = createDesk();
  putLetter(spool, "1.json", letter, undefined);
  rmdirSync(join(spool, "refused"));
  expect(desk.done(spool, "1.json", true)).toMatch(/^Cannot remove the mail 1.json from .*: ENOENT/);
  expect(desk.letters(spool).letters).toEqual([]);
  expect(readdirSync(spool)).toEqual([]);
});
