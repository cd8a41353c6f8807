import { type ChildProcess, spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";

import { nameSpaceOf, schedulingOf, statusOf, threadCount } from "./threads.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** Starts fixtures/privileged.ts in a network name space of its own and has it do one thing. */
async function having(deed: string): Promise<{ readonly pid: number; readonly said: Record<string, unknown> }> {
  const fixture = join(import.meta.dirname, "fixtures/privileged.ts");
  const child = spawn("unshare", ["--net", process.execPath, fixture], { stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  child.stdin.write(`${deed}\n`);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout })
      .once("line", resolve)
      .once("close", () => reject(new Error("it said nothing")));
  });
  return { pid: child.pid ?? 0, said: JSON.parse(line) };
}

const NET_ADMIN_AND_RAW = "0000000000003000";
const NONE = "0000000000000000";

test("dropPrivileges: identity, capabilities and no_new_privs agree on every thread, also on later ones", async () => {
  const { pid, said } = await having("drop keeping network");
  expect(said).toEqual({ done: { first: 0, second: 0, left: [12, 13] }, groups: "4 5" });
  expect(threadCount(pid)).toBeGreaterThan(12);
  expect(statusOf(pid, "Uid")).toEqual(["65534 65534 65534 65534"]);
  expect(statusOf(pid, "Gid")).toEqual(["65533 65533 65533 65533"]);
  expect(statusOf(pid, "Groups")).toEqual(["4 5"]);
  expect(statusOf(pid, "CapPrm")).toEqual([NET_ADMIN_AND_RAW]);
  expect(statusOf(pid, "CapEff")).toEqual([NET_ADMIN_AND_RAW]);
  expect(statusOf(pid, "CapInh")).toEqual([NONE]);
  expect(statusOf(pid, "CapAmb")).toEqual([NONE]);
  expect(statusOf(pid, "NoNewPrivs")).toEqual(["1"]);
});

test("dropPrivileges: without capabilities to keep, nothing is left on any thread", async () => {
  const { pid, said } = await having("drop everything");
  const EPERM = 1;
  expect(said).toEqual({ done: { first: EPERM, second: EPERM, left: [] }, groups: "" });
  expect(statusOf(pid, "CapPrm")).toEqual([NONE]);
  expect(statusOf(pid, "CapEff")).toEqual([NONE]);
  expect(statusOf(pid, "Uid")).toEqual(["65534 65534 65534 65534"]);
  expect(statusOf(pid, "NoNewPrivs")).toEqual(["0"]);
});

test("dropPrivileges: there is no way back, and the refusal names the system call", async () => {
  expect((await having("drop twice")).said["error"]).toBe(
    "setgroups for uid 65534, gid 65534, keeping NET_ADMIN, failed: EPERM (Operation not permitted)",
  );
});

test("setRealtime: every thread, also the next thread of requests; children begin ordinary", async () => {
  const { pid, said } = await having("realtime");
  expect(said["done"]).toEqual({ child: "0" });
  expect(schedulingOf(pid)).toEqual(["2 7"]);
  const { pid: ordinary } = await having("ordinary");
  expect(schedulingOf(ordinary)).toEqual(["0 0"]);
  const { pid: again } = await having("ordinary again");
  expect(schedulingOf(again)).toEqual(["0 0"]);
  expect((await having("realtime refused")).said["error"]).toBe(
    "sched_setscheduler SCHED_RR priority 7 failed: EPERM (Operation not permitted)",
  );
});

test("enterNamespace: every thread moves, for the network and for mounts", async () => {
  const net = await having(`network=/proc/${process.pid}/ns/net`);
  expect(net.said).toMatchObject({ done: null });
  expect(nameSpaceOf(net.pid, "net")).toEqual([readlinkSync("/proc/self/ns/net")]);
  const away = spawn("unshare", ["--mount", "sleep", "60"], { stdio: "ignore" });
  children.push(away);
  await expect.poll(() => readlinkSync(`/proc/${away.pid}/ns/mnt`)).not.toBe(readlinkSync("/proc/self/ns/mnt"));
  const mount = await having(`mount=/proc/${away.pid}/ns/mnt`);
  expect(mount.said).toMatchObject({ done: null });
  expect(nameSpaceOf(mount.pid, "mnt")).toEqual([readlinkSync(`/proc/${away.pid}/ns/mnt`)]);
  expect((await having("network=/nowhere")).said["error"]).toBe(
    "setns to the network name space /nowhere failed: ENOENT (No such file or directory)",
  );
});
