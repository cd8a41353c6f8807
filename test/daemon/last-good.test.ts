/** The last good configuration, with real files: what is kept, and what a start makes of it when the file is broken. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { type ConfigurationDeps, keepAsLastGood, readFor, readForStart } from "../../src/daemon/configuration.ts";
import { realFiles } from "../../src/os/config-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-last-good-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  writeFileSync(join(folder, name), text, { mode: 0o644 });
  return join(folder, name);
}

function deps(): ConfigurationDeps {
  const path = join(folder, "last-good.conf");
  return {
    read: async (file, tolerant) =>
      loadConfig(realFiles(), file, {
        configId: "alpha",
        tolerant,
        environment: () => undefined,
        random: () => 0,
        hostName: "alpha",
        userName: "root",
      }),
    lastGood: {
      path,
      exists: () => existsSync(path),
      write: (text) => void put("last-good.conf", text),
    },
  };
}

const router = "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 192.0.2.9/24\n }\n}\n";

/** A good file with an include, accepted; then the include is gone and the file broken. */
async function acceptedAndBroken(): Promise<string> {
  const main = put("main.conf", "@alpha $NAME=kept\ninclude part.conf\n");
  put("part.conf", `${router}global_defs {\n router_id $NAME\n}\n`);
  const attempt = await readFor(deps(), main);
  if (!attempt.ok) throw new Error(attempt.problems.join("\n"));
  keepAsLastGood(deps(), attempt.accepted, "1.2.3");
  rmSync(join(folder, "part.conf"));
  put("main.conf", "vrrp_instance V {\n  interfac eth0\n");
  return main;
}

test("it is one file with its origin and the version that accepted it, and needs no include", async () => {
  const main = await acceptedAndBroken();
  const text = readFileSync(join(folder, "last-good.conf"), "utf8");
  expect(text.split("\n")[0]).toBe(`# Accepted by vipd 1.2.3 from ${main}; written by vipd, do not edit`);
  expect(text).toContain(`# ${join(folder, "part.conf")}:1`);
  expect(text).not.toContain("include");
});

test("a start with a broken file works by it, and says what is wrong with the file", async () => {
  const main = await acceptedAndBroken();
  const attempt = await readForStart(deps(), main, false);
  if (!attempt.ok) throw new Error(attempt.problems.join("\n"));
  const { config, origin } = attempt.accepted;
  expect([config.global.routerId, config.vrrp.routers[0]?.vrid]).toEqual(["kept", 1]);
  expect(origin.file).toBe(main);
  expect(origin.fallback?.lastGood).toBe(join(folder, "last-good.conf"));
  expect(origin.fallback?.problems.join("\n")).toContain(`${main}:2:3: unknown keyword interfac`);
});

test("what was started from it is not kept again: its origin stays", async () => {
  const main = await acceptedAndBroken();
  const before = readFileSync(join(folder, "last-good.conf"), "utf8");
  const attempt = await readForStart(deps(), main, false);
  if (attempt.ok) keepAsLastGood(deps(), attempt.accepted, "9.9.9");
  expect(readFileSync(join(folder, "last-good.conf"), "utf8")).toBe(before);
});

test("--strict turns it off; a reload never falls back", async () => {
  const main = await acceptedAndBroken();
  expect(await readForStart(deps(), main, true)).toMatchObject({ ok: false });
  expect(await readFor(deps(), main)).toMatchObject({ ok: false });
});

test("an older version's file is used as far as it can be", async () => {
  put("last-good.conf", `# Accepted by vipd 0.0.1 from /etc/vipd/vipd.conf\nno_longer_known 1\n${router}`);
  const main = put("main.conf", "{{{\n");
  const attempt = await readForStart(deps(), main, false);
  expect(attempt.ok && attempt.accepted.config.vrrp.routers).toHaveLength(1);
});
