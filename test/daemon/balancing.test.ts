/** In which order the table and the checkers begin. */
import { expect, test } from "vitest";
import { createBalancing } from "../../src/daemon/balancing.ts";
import { good, service } from "../config/load.ts";

const some = good(service(""));
const none = good("global_defs {\n}\n");

function setUp({ left = false, refuses = () => undefined as string | undefined } = {}) {
  const calls: string[] = [];
  const note = async (what: string): Promise<undefined> => {
    await Promise.resolve(); // so that who does not wait is found out
    calls.push(what);
  };
  const phases = (who: string) => ({
    prepare: () => note(`${who} prepare`),
    commit: () => note(`${who} commit`),
    abandon: () => void calls.push(`${who} abandon`),
  });
  const balancing = createBalancing(
    { ...phases("table"), open: () => note("table open") },
    { ...phases("checkers"), prepare: () => note("checkers prepare").then(refuses), begin: () => note("begin") },
    () => left,
  );
  return { balancing, told: () => calls.splice(0) };
}

const START = ["table open", "table prepare", "table commit", "begin", "checkers prepare"];

test("at the start the table is read and written, then the checkers start", async () => {
  const { balancing, told } = setUp();
  expect(await balancing.prepare(some, 1)).toBeUndefined();
  expect(told()).toEqual(START);
});

test("later both prepare, then both commit, and nothing starts again", async () => {
  const { balancing, told } = setUp();
  await balancing.prepare(some, 1);
  await balancing.commit();
  told();
  await balancing.prepare(some, 2);
  expect(told()).toEqual(["table prepare", "checkers prepare"]);
  await balancing.commit();
  expect(told().sort()).toEqual(["checkers commit", "table commit"]);
});

test("a start that the checkers refuse is tried again with another configuration, by the same checkers", async () => {
  const answers = ["no namespace", undefined];
  const { balancing, told } = setUp({ refuses: () => answers.shift() });
  expect(await balancing.prepare(some, 1)).toBe("no namespace");
  balancing.abandon();
  expect(told()).toEqual([...START, "table abandon", "checkers abandon"]);
  expect(await balancing.prepare(some, 2)).toBeUndefined();
  expect(told()).toEqual(["table prepare", "checkers prepare"]);
});

test("IPVS is left alone until there are services: then it is opened, once", async () => {
  const { balancing, told } = setUp();
  await balancing.prepare(none, 1);
  await balancing.commit();
  expect(told()).toEqual(["table prepare", "begin", "checkers prepare", "checkers commit"]);
  await balancing.prepare(some, 2);
  await balancing.commit();
  await balancing.prepare(none, 3);
  expect(told().filter((call) => call === "table open" || call === "begin")).toEqual(["table open"]);
});

test("what an earlier run left in the table is reason enough to open it", async () => {
  const { balancing, told } = setUp({ left: true });
  await balancing.prepare(none, 1);
  expect(told()).toEqual(START);
});
