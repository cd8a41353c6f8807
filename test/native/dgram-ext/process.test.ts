import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { interfaceIndex, interfaceName, lockFile, makeFifo } from "../../../native/dgram-ext/index.ts";
import { runFixture, systemErrorOf } from "./helpers.ts";

// They start processes, which takes its time on a busy machine
vi.setConfig({ testTimeout: 60_000 });

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dgram-ext-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test("interfaces by name and index", () => {
  const index = interfaceIndex("lo") ?? 0;
  expect(index).toBeGreaterThan(0);
  expect(interfaceName(index)).toBe("lo");
  expect(interfaceIndex("nowhere0")).toBeUndefined();
  expect(interfaceIndex("a-name-that-is-far-too-long")).toBeUndefined();
  expect(interfaceName(999_999)).toBeUndefined();
});

test("a lock is held by one, also against other processes, until it is closed", async () => {
  const path = join(folder, "vipd.pid");
  const lock = lockFile(path);
  lock?.write("a long line of text\n");
  lock?.write("1234\n");
  expect(readFileSync(path, "utf8")).toBe("1234\n");
  expect(lockFile(path)).toBeUndefined();
  expect((await runFixture("lock.ts", [path])).output).toBe("held by another\n");
  lock?.close();
  lock?.close();
  expect(systemErrorOf(() => lock?.write("x")).code).toBe("EBADF");
  expect((await runFixture("lock.ts", [path])).output).toBe("got it\n");
});

test("a lock follows no symbolic link, and says where it cannot be made", () => {
  const target = join(folder, "target");
  writeFileSync(target, "");
  symlinkSync(target, join(folder, "link"));
  expect(systemErrorOf(() => lockFile(join(folder, "link"))).code).toBe("ELOOP");
  expect(systemErrorOf(() => lockFile("/nowhere/at/all")).message).toBe(
    "flock /nowhere/at/all failed: ENOENT (No such file or directory)",
  );
});

test("a FIFO", () => {
  const path = join(folder, "fifo");
  makeFifo(path, 0o600);
  expect(statSync(path).isFIFO()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(systemErrorOf(() => makeFifo(path, 0o600)).message).toBe(`mkfifo ${path} failed: EEXIST (File exists)`);
});

test("signals: realtime ones, any other, one listener each, and given back at the end", async () => {
  expect((await runFixture("signals.ts")).output).toBe(
    [
      "realtime 36",
      "realtime 64",
      "user 12",
      "sigaction for signal 36 failed: EBUSY (Device or resource busy)",
      "sigaction for signal 9 (SIGKILL) failed: EINVAL (Invalid argument)",
      "sigaction for signal 65 failed: EINVAL (Invalid argument)",
      "process.on SIGUSR2",
      "in a worker 40",
      "",
    ].join("\n"),
  );
});

test("name, limits, parent death signal and nice value of a process", async () => {
  expect((await runFixture("process.ts")).output).toBe(
    [
      "name vipd: vrrp",
      "name from a worker: renamed",
      "core file 0 0",
      "RTTIME 150000 200000",
      "setrlimit RLIMIT_CORE to 1 (hard 1) failed: EPERM (Operation not permitted)",
      "nice 5 on every thread",
      "",
    ].join("\n"),
  );
});

test("a child that asked for it dies with its parent", async () => {
  const { output } = await runFixture("orphan.ts");
  const child = Number(/child (\d+)/.exec(output)?.[1]);
  expect(child).toBeGreaterThan(1);
  await expect.poll(() => isAlive(child)).toBe(false);
});

/** A zombie, which nobody may be there to reap, is dead. */
function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/status`, "utf8").includes("State:\tZ");
  } catch {
    return false;
  }
}
