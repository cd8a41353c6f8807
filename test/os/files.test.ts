import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AlreadyRunning, lockHolder, lockPidFile } from "../../src/daemon/pid-file.ts";
import { makeFolder, readIfThere, removeFile, replaceFile } from "../../src/os/files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-files-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a file is replaced as a whole, with its mode, and leaves nothing else", () => {
  const path = join(folder, "a");
  replaceFile(path, "old", 0o600);
  replaceFile(path, "new", 0o600);
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("a link that somebody put there is replaced, not followed", () => {
  const victim = join(folder, "victim");
  const path = join(folder, "keepalived.data");
  writeFileSync(victim, "precious");
  symlinkSync(victim, path);
  symlinkSync(victim, `${path}.${process.pid}.new`);
  replaceFile(path, "dump");
  expect(readFileSync(victim, "utf8")).toBe("precious");
  expect(lstatSync(path).isSymbolicLink()).toBe(false);
});

test("a missing file is undefined, and its removal no error", () => {
  expect(readIfThere(join(folder, "none"))).toBeUndefined();
  removeFile(join(folder, "none"));
});

test("folders are made with those above them; one that is there is left as it is; where none can be, it says so at once", () => {
  makeFolder(join(folder, "a/b"), 0o700);
  expect(statSync(join(folder, "a/b")).mode & 0o777).toBe(0o700);
  chmodSync(join(folder, "a"), 0o750);
  makeFolder(join(folder, "a"), 0o755);
  expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o750);
  expect(() => makeFolder("/proc/vipd/x", 0o755)).toThrow(/ENOENT/);
});

test("a pid file has one holder, whom it names, and is free when he lets go", () => {
  const path = join(folder, "vipd.pid");
  const lock = lockPidFile(path, 4711);
  expect(readFileSync(path, "utf8")).toBe("4711\n");
  expect(() => lockPidFile(path, 4712)).toThrow(AlreadyRunning);
  expect(() => lockPidFile(path, 4712)).toThrow(
    `vipd is already running: pid 4711 holds ${path}; stop it with "vipd stop", or give this one its own --run-dir`,
  );
  expect(lockHolder(path)).toBe(4711);
  lock.release();
  expect(lockHolder(path)).toBeUndefined();
  lockPidFile(path, 4713).release();
});

test("nobody holds a lock in a folder that is not there", () => {
  expect(lockHolder(join(folder, "none/vipd.pid"))).toBeUndefined();
});
