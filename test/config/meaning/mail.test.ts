/** A relay, recipients, and something to tell. */
import { expect, test } from "vitest";
import { codesIn, router, sayings } from "./meant.ts";

const defs = (...lines: readonly string[]) => `global_defs {\n${lines.map((line) => ` ${line}\n`).join("")}}\n`;
const relay = "smtp_server 192.0.2.25";
const people = "notification_email {\n  admin@example.org\n }";
const quiet = router("V", 1);
const telling = router("V", 1, undefined, "smtp_alert");

test("mail settings as they should be", () =>
  expect(codesIn(defs("router_id R", relay, people) + telling)).toEqual([]));
test("a relay without recipients, recipients without a relay", () => {
  expect(codesIn(defs("router_id R", relay) + telling)).toEqual(["3 VIPD075"]);
  expect(codesIn(defs("router_id R", people) + telling)).toEqual(["3 VIPD076"]);
});
test("alerts without either", () => {
  expect(sayings("VIPD077", telling)).toEqual([
    "7:2 warning smtp_alert asks for mails, but there is neither smtp_server nor notification_email: none is sent",
  ]);
  expect(codesIn(quiet)).toEqual([]);
});
test("nothing that is told", () => {
  expect(sayings("VIPD078", defs("router_id R", relay, people) + quiet)[0]).toMatch(
    /^3:2 warning there are mail settings/,
  );
  expect(codesIn(defs("router_id R", relay, people, "smtp_alert true") + quiet)).toEqual([]);
});
test("who wrote it", () => expect(codesIn(defs(relay, people) + telling)).toEqual(["2 VIPD079"]));
test("a recipient without its @", () =>
  expect(codesIn(defs("router_id R", relay, people.replace("@", ".")) + telling)).toEqual(["5 VIPD080"]));
