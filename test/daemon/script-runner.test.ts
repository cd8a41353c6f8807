/** Who runs scripts, for real. */
import { expect, test } from "vitest";
import { createScriptRunner } from "../../src/daemon/script-runner.ts";
import { localAccount } from "../../src/os/accounts.ts";

const isRoot = process.getuid?.() === 0;

function uidIs(uid: number, user?: string) {
  return { argv: ["/bin/sh", "-c", `test $(id -u) = ${uid}`], user, group: undefined, at: "vipd.conf:1" };
}

test.runIf(isRoot)("a script that names nobody is run by script_user, one that names somebody by them", async () => {
  const runner = createScriptRunner(() => {});
  runner.configure({ scriptUser: { user: "nobody", group: undefined }, scriptSecurity: false });
  expect(await runner.run(uidIs(65534), [], 5000)).toBeUndefined();
  expect(await runner.run(uidIs(0, "root"), [], 5000)).toBeUndefined();
  expect(await runner.run(uidIs(0), [], 5000)).toBe("exit status 1");
});

test.runIf(isRoot)("without script_user it is keepalived_script's where that exists, else root's", async () => {
  const runner = createScriptRunner(() => {});
  runner.configure({ scriptUser: undefined, scriptSecurity: false });
  expect(await runner.run(uidIs(localAccount("keepalived_script")?.uid ?? 0), [], 5000)).toBeUndefined();
});

test.runIf(isRoot)("an unsafe path is told once; with script security it is not run", async () => {
  const told: string[] = [];
  const runner = createScriptRunner((reason) => told.push(reason));
  const command = { argv: ["/tmp/nothing/here"], user: "root", group: undefined, at: "vipd.conf:1" };
  for (let i = 0; i < 2; i++) expect(await runner.run(command, [], 5000)).toMatch(/^there is no program/);
  expect(told).toEqual([
    expect.stringMatching(
      /^a script that runs as root is not safe: \/tmp can be written by everybody; move the script/,
    ),
  ]);
  runner.configure({ scriptUser: undefined, scriptSecurity: true });
  expect(await runner.run(command, [], 5000)).toMatch(/^not run: \/tmp can be written by everybody; move the script/);
});

test("a program that goes on has the same rules, and its end is told", async () => {
  const runner = createScriptRunner(() => {});
  const ends: string[] = [];
  if (isRoot) runner.configure({ scriptUser: { user: "nobody", group: undefined }, scriptSecurity: false });
  runner.start(uidIs(isRoot ? 65534 : (process.getuid?.() ?? 0)), [], (reason) => ends.push(reason));
  await expect.poll(() => ends).toEqual(["exit status 0"]);
});
