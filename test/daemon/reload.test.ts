/** The configuration in force: files that are good, broken, mended; participants that refuse; journals that cannot be written. */
import { expect, test } from "vitest";
import type { Config, Loaded, Problem } from "../../src/config/config.ts";
import type { DaemonOptions } from "../../src/daemon/daemon-options.ts";
import { createEventStream } from "../../src/daemon/event-stream.ts";
import { keysOf, openJournal, parseJournal } from "../../src/daemon/journal.ts";
import { createKeeper, type KeeperContext } from "../../src/daemon/reload.ts";
import type { Participant } from "../../src/daemon/two-phases.ts";
import type { Event } from "../../src/events.ts";
import { server, service } from "../ipvs/fixtures.ts";
import { virtualAddress } from "../vrrp/fixtures.ts";
import { withRouters } from "./config.ts";
import { turns, virtualClock } from "./virtual-clock.ts";

const FILE = "/etc/vipd/vipd.conf";
const LAST_GOOD = "/var/lib/vipd/last-good.conf";
const error: Problem = {
  level: "error",
  code: "VIPD001",
  file: FILE,
  line: 3,
  column: 5,
  message: "frobnicate is not known here",
  remedy: "remove it",
};

const one = withRouters({ priority: 100 });
const two = withRouters({ priority: 150, addresses: [virtualAddress("10.0.0.10")] });

function good(config: Config, ...problems: readonly Problem[]): Loaded {
  return { config, problems, files: [FILE], consolidated: "text" };
}
const broken: Loaded = { config: undefined, problems: [error], files: [FILE], consolidated: "" };

/** @param others groups of participants besides the first */
function setUp(options: Partial<DaemonOptions> = {}, others: readonly (readonly Participant[])[] = []) {
  const clock = virtualClock();
  const events: Event[] = [];
  const stream = createEventStream("b", clock);
  stream.onEvent((event) => events.push(event));
  const disk = { journal: "", full: false, readOnly: false, lastGood: undefined as string | undefined };
  const files: Record<string, Loaded> = {};
  /** Links with promote_secondaries. */
  const promoting = new Set(["eth0"]);
  const reads: { readonly path: string; readonly tolerant: boolean }[] = [];
  const journal = openJournal(
    {
      path: "/run/vipd/journal.json",
      read: () => disk.journal,
      write(text) {
        if (disk.full) throw Object.assign(new Error(), { code: "ENOSPC" });
        disk.journal = text;
      },
    },
    () => {},
  );
  const context = {
    options: {
      file: FILE,
      strict: false,
      dryRun: "no" as const,
      stateDir: "/var/lib/vipd",
      namespace: undefined,
      ...options,
    },
    version: "0.1.0",
    clock,
    emit: stream.emit,
    warn: (reason: string) => stream.emit({ type: "warning", reason }),
    journal,
    promotion: {
      missing: (links: readonly string[]) => links.filter((link) => !promoting.has(link)),
      restore(links: readonly string[]) {
        for (const link of links) promoting.delete(link);
      },
    },
    configuration: {
      read: async (path: string, tolerant: boolean) => {
        reads.push({ path, tolerant });
        return files[path] ?? broken;
      },
      lastGood: {
        path: LAST_GOOD,
        exists: () => LAST_GOOD in files,
        write(text: string) {
          if (disk.readOnly) throw Object.assign(new Error(), { code: "EROFS" });
          disk.lastGood = text;
        },
      },
    },
  } satisfies KeeperContext;
  const story: string[] = [];
  let inKernel: readonly string[] = [];
  let refusal: string | undefined;
  const participant: Participant = {
    name: "vrrp",
    async prepare(_config, generation) {
      story.push(`prepare ${generation}, journal ${parseJournal(disk.journal)?.addresses.length}`);
      return refusal;
    },
    commit: async () => void story.push("commit"),
    abandon: () => void story.push("abandon"),
  };
  const balancing = { keys: () => inKernel, accepted: async () => void story.push("accepted") };
  const keeper = createKeeper(context, [[participant], ...others], balancing);
  const types = () => events.map(({ type }) => type);
  return {
    clock,
    events,
    types,
    disk,
    journal,
    files,
    promoting,
    reads,
    story,
    keeper,
    holds: (...services: readonly string[]) => (inKernel = services),
    refuse: (why: string | undefined) => (refusal = why),
  };
}

/** One that takes what it is given. */
function quiet(name: string): Participant {
  return { name, prepare: async () => undefined, commit: async () => {}, abandon() {} };
}

test("a start: claimed in the journal before it is handed out, then in force, then kept as the last good one", async () => {
  const { keeper, files, story, disk, types } = setUp();
  files[FILE] = good(one);
  expect(await keeper.start(async () => void story.push("before"))).toMatchObject({
    ok: true,
    generation: 1,
    changes: [],
  });
  expect(story).toEqual(["before", "prepare 1, journal 1", "commit", "accepted"]);
  expect(types()).toEqual(["config.loaded"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(disk.lastGood).toBe(`# Accepted by vipd 0.1.0 from ${FILE}; written by vipd, do not edit\ntext`);
});

test("links on which promote_secondaries will be switched on are journalled before, and put back when given up", async () => {
  const { keeper, files, disk, promoting, clock } = setUp();
  const on = (link: string) => virtualAddress("10.0.0.9", { link });
  promoting.delete("eth0");
  promoting.add("eth1");
  files[FILE] = good(withRouters({ addresses: [on("eth0"), on("eth1")] }));
  await keeper.start(async () => {});
  expect(parseJournal(disk.journal)?.promoted).toEqual(["eth0"]);
  promoting.add("eth0"); // as the vrrp process does
  files[FILE] = good(withRouters({ addresses: [on("eth1")] }));
  await keeper.reload();
  expect(parseJournal(disk.journal)?.promoted).toEqual(["eth0"]);
  clock.advance(60_000);
  expect([...promoting]).toEqual(["eth1"]);
  expect(parseJournal(disk.journal)?.promoted).toBeUndefined();
});

test("a disk that takes no last good configuration: said once, with the remedy, and again after it did", async () => {
  const { keeper, files, disk, events } = setUp();
  files[FILE] = good(one);
  disk.readOnly = true;
  const warnings = () => events.flatMap((event) => (event.type === "warning" ? [event.reason] : []));
  const kept = () => new Promise((resolve) => setImmediate(resolve));
  await keeper.start(async () => {});
  await kept();
  await keeper.reload();
  await kept();
  expect(warnings()).toEqual([
    "Cannot keep the last good configuration in /var/lib/vipd: EROFS; its file system is read-only: remount it writable, or name another folder with --state-dir; until then a start with a broken file may find an older one, or none",
  ]);
  disk.readOnly = false;
  await keeper.reload();
  await kept();
  disk.readOnly = true;
  await keeper.reload();
  await kept();
  expect(warnings()).toHaveLength(2);
});

test("a broken file at the start: the last good one, tolerantly, and everybody is told", async () => {
  const { keeper, files, reads, types, disk, events } = setUp();
  files[LAST_GOOD] = good(one);
  expect(await keeper.start(async () => {})).toMatchObject({ ok: true });
  expect(reads).toEqual([
    { path: FILE, tolerant: false },
    { path: LAST_GOOD, tolerant: true },
  ]);
  expect(types()).toEqual(["config.fallback", "config.loaded"]);
  expect(events).toMatchObject([{ file: FILE }, { file: LAST_GOOD }]);
  expect(keeper.status()?.fallback).toEqual({
    lastGood: LAST_GOOD,
    problems: [`${FILE}:3:5: frobnicate is not known here; remove it`],
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(disk.lastGood).toBeUndefined();
});

test("without a last good one, or with --strict, the start is refused with the list", async () => {
  const problems = [`${FILE}:3:5: frobnicate is not known here; remove it`];
  const none = setUp();
  expect(await none.keeper.start(async () => {})).toEqual({ ok: false, file: FILE, problems });
  const strict = setUp({ strict: true });
  strict.files[LAST_GOOD] = good(one);
  expect(await strict.keeper.start(async () => {})).toEqual({ ok: false, file: FILE, problems });
});

test("a file that a process refuses at the start is a broken file, too", async () => {
  const { keeper, files, refuse, story, reads } = setUp();
  files[FILE] = good(two);
  files[LAST_GOOD] = good(one);
  refuse("no such namespace");
  const start = keeper.start(async () => void refuse(reads.length === 1 ? "no such namespace" : undefined));
  expect(await start).toMatchObject({ ok: true, generation: 2 });
  expect(story).toEqual(["prepare 1, journal 1", "abandon", "prepare 2, journal 1", "commit", "accepted"]);
  expect(keeper.status()?.fallback?.problems).toEqual(["vrrp: no such namespace"]);
});

test("at a start one group may take over what another refuses: it stays in the journal, for it was created", async () => {
  const checkers: Participant = {
    name: "checkers",
    prepare: async () => "did not answer",
    commit: async () => {},
    abandon() {},
  };
  const { keeper, files, story, disk } = setUp({}, [[checkers]]);
  files[FILE] = good(one);
  expect(await keeper.start(async () => {})).toMatchObject({ ok: false, problems: ["checkers: did not answer"] });
  expect(story).toEqual(["prepare 1, journal 1", "commit"]);
  expect(parseJournal(disk.journal)?.addresses).toEqual(["eth0 10.0.0.9/24"]);
});

test("of the services of a start that is refused only those that were made stay in the journal", async () => {
  const made = service([server(21)], { match: { type: "fwmark", mark: 7, family: "ipv4" } });
  const foreign = service([server(11)]);
  const { keeper, files, disk, refuse, holds } = setUp({}, [[quiet("checkers")]]);
  files[FILE] = good({ ...one, services: [made, foreign] });
  holds(made.key);
  refuse("no such namespace");
  expect(await keeper.start(async () => {})).toMatchObject({ ok: false });
  expect(parseJournal(disk.journal)?.services).toEqual([made.key]);
});

test("a start that is refused by all leaves the journal as it was", async () => {
  const { keeper, files, refuse, disk } = setUp();
  files[FILE] = good(one);
  refuse("no such namespace");
  expect(await keeper.start(async () => {})).toMatchObject({ ok: false });
  expect(parseJournal(disk.journal)?.addresses).toEqual([]);
});

test("a reload says what changed; what it gave up is forgotten a minute later", async () => {
  const { keeper, files, clock, disk } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  files[FILE] = good(two);
  expect(await keeper.reload()).toMatchObject({
    ok: true,
    generation: 2,
    changes: expect.arrayContaining(["instance VI_1 changed: priority 100 → 150, addresses"]),
  });
  expect(parseJournal(disk.journal)?.addresses).toEqual(["eth0 10.0.0.9/24", "eth0 10.0.0.10/24"]);
  clock.advance(60_000);
  expect(parseJournal(disk.journal)).toEqual(keysOf(two));
});

test.each([
  ["all", { addresses: ["eth1 10.9.9.9/24"], services: ["tcp 10.9.9.9:80"], promoted: ["eth1"] }],
  ["ipvs", { addresses: ["eth0 10.0.0.9/24"], services: ["tcp 10.9.9.9:80"] }],
] as const)("a dry run (%s) forgets nothing that it left where it was", async (dryRun, left) => {
  const { keeper, files, clock, disk, promoting, journal } = setUp({ dryRun });
  journal.claim({ addresses: ["eth1 10.9.9.9/24"], services: ["tcp 10.9.9.9:80"], promoted: ["eth1"] });
  promoting.add("eth1");
  files[FILE] = good(one);
  await keeper.start(async () => {});
  clock.advance(60_000);
  expect(parseJournal(disk.journal)).toEqual(left);
  expect(promoting.has("eth1")).toBe(dryRun === "all");
});

test("a reload tells the warnings that are new, and counts those that stand as before", async () => {
  const { keeper, files, events } = setUp();
  const warning = (line: number, message: string): Problem => ({ ...error, level: "warning", line, message });
  const told = () => events.splice(0).flatMap((event) => (event.type === "warning" ? event.reason : []));
  files[FILE] = good(one, warning(3, "priority stands twice"), warning(9, "no port"));
  await keeper.start(async () => {});
  expect(told()).toEqual([`${FILE}:3:5: priority stands twice; remove it`, `${FILE}:9:5: no port; remove it`]);
  files[FILE] = good(two, warning(4, "priority stands twice"), warning(20, "an old spelling"), warning(10, "no port"));
  expect(await keeper.reload()).toMatchObject({ ok: true, warnings: { length: 3 } });
  expect(told()).toEqual([
    `${FILE}:20:5: an old spelling; remove it`,
    `2 warnings stand as before; see vipd check ${FILE}`,
  ]);
  expect(keeper.status()?.warnings).toHaveLength(3);
  files[FILE] = good(one);
  await keeper.reload();
  expect(told()).toEqual([]);
});

test("a broken file: nothing changes, and log and status say so until it is mended", async () => {
  const { keeper, files, story, types } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  story.length = 0;
  files[FILE] = broken;
  expect(await keeper.reload()).toMatchObject({ ok: false });
  expect(story).toEqual([]);
  expect(types().at(-1)).toBe("config.refused");
  expect(keeper.status()).toMatchObject({
    generation: 1,
    refused: { problems: [expect.stringContaining("frobnicate")] },
  });
  expect(keeper.current()?.config).toBe(one);
  files[FILE] = good(two);
  await keeper.reload();
  expect(keeper.status()).toMatchObject({ generation: 2, refused: undefined });
});

test("a process that refuses a reload: everybody abandons it", async () => {
  const { keeper, files, story, refuse, disk } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  files[FILE] = good(two);
  refuse("the network namespace cannot be changed");
  expect(await keeper.reload()).toEqual({
    ok: false,
    file: FILE,
    problems: ["vrrp: the network namespace cannot be changed"],
  });
  expect(story.slice(3)).toEqual(["prepare 2, journal 2", "abandon"]);
  expect(parseJournal(disk.journal)).toEqual(keysOf(one));
  expect(keeper.status()?.generation).toBe(1);
});

test("a journal that cannot be written: nothing is handed out", async () => {
  const { keeper, files, story, disk } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  files[FILE] = good(two);
  disk.full = true;
  expect(await keeper.reload()).toMatchObject({
    ok: false,
    problems: [expect.stringContaining("Cannot write the journal")],
  });
  expect(story).toHaveLength(3);
});

test("a journal that cannot be written a minute later names too much, and is complained of", async () => {
  const { keeper, files, clock, disk, events } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  files[FILE] = good(two);
  await keeper.reload();
  disk.full = true;
  clock.advance(60_000);
  expect(events.at(-1)).toMatchObject({ type: "warning", reason: expect.stringContaining("Cannot write the journal") });
  expect(parseJournal(disk.journal)?.addresses).toHaveLength(2);
});

test("53: while one reload runs, one more waits, however often it is asked for", async () => {
  const { keeper, files, reads } = setUp();
  files[FILE] = good(one);
  await keeper.start(async () => {});
  const results = await Promise.all([keeper.reload(), keeper.reload(), keeper.reload(), keeper.reload()]);
  expect(results.map((result) => result.ok && result.generation)).toEqual([2, 3, 3, 3]);
  expect(reads).toHaveLength(3);
  await turns();
});

test("a dry run claims nothing, and does not replace the last good file", async () => {
  const { keeper, files, disk } = setUp({ dryRun: "all" });
  files[FILE] = good(one);
  await keeper.start(async () => {});
  await new Promise((resolve) => setImmediate(resolve));
  expect(disk).toMatchObject({ journal: "", lastGood: undefined });
});
