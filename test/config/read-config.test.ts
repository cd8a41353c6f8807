/** Reading in a thread: values, problems, and the limits. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, expect, test, vi } from "vitest";
import { readConfig, stopReader } from "../../src/daemon/read-config.ts";
import { instance, service } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "vipd-read-"));
afterAll(async () => {
  await stopReader();
  rmSync(folder, { recursive: true });
});

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

const options = { configId: "alpha", tolerant: false };

test("a file becomes a value, again and again", async () => {
  const path = fileWith("good.conf", instance(" priority 120"));
  for (let i = 0; i < 3; i++) expect((await readConfig(path, options)).config?.vrrp.routers[0]?.priority).toBe(120);
});

test("a large file, whose thread is kept", async () => {
  const path = fileWith("large.conf", instance(" priority 120") + `# ${"x".repeat(900)}\n`.repeat(400));
  for (let i = 0; i < 3; i++) expect((await readConfig(path, options)).consolidated.length).toBeGreaterThan(300_000);
});

test("the thread is kept for ten minutes since the last file, and recognizes its services", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const padding = `# ${"x".repeat(900)}\n`.repeat(400);
    const path = fileWith("services.conf", service("") + padding);
    const read = async () => (await readConfig(path, options)).config?.services[0];
    const first = await read();
    expect(first?.name).toBe("[192.0.2.1]:tcp:80");
    vi.advanceTimersByTime(9 * 60_000);
    expect(await read()).toBe(first);
    vi.advanceTimersByTime(9 * 60_000);
    await readConfig(fileWith("broken.conf", `${service("")}}\n${padding}`), options);
    vi.advanceTimersByTime(9 * 60_000);
    expect(await read()).toBe(first);
    vi.advanceTimersByTime(10 * 60_000);
    const last = await read();
    expect(last).not.toBe(first);
    expect(last).toEqual(first);
  } finally {
    vi.useRealTimers();
  }
});

test("two requests at once are both answered", async () => {
  const path = fileWith("both.conf", instance("@alpha priority 7"));
  const [a, b] = await Promise.all([readConfig(path, options), readConfig(path, { ...options, configId: "beta" })]);
  expect([a.config?.vrrp.routers[0]?.priority, b.config?.vrrp.routers[0]?.priority]).toEqual([7, 100]);
});

test("a missing file is a problem", async () => {
  const { config, problems } = await readConfig(join(folder, "none.conf"), options);
  expect(config).toBeUndefined();
  expect(problems).toMatchObject([
    { code: "VIPD007", verdict: "security", message: `${join(folder, "none.conf")} does not exist` },
  ]);
});

test("the thread that the launcher has started reads the first file; one that died is replaced", async () => {
  const path = fileWith("first.conf", instance(" priority 120"));
  const launcher = { reader: undefined as Worker | undefined };
  Object.assign(globalThis, { vipd: launcher });
  try {
    for (const alive of [true, false]) {
      const worker = new Worker(join(import.meta.dirname, "../../src/daemon/reader.ts"), { execArgv: [] });
      const ended = once(worker, "exit");
      if (!alive) await worker.terminate();
      launcher.reader = worker;
      await stopReader();
      expect((await readConfig(path, options)).config?.vrrp.routers[0]?.priority).toBe(120);
      expect(launcher.reader).toBeUndefined();
      await ended; // a small file: its thread is not kept
    }
  } finally {
    Object.assign(globalThis, { vipd: undefined });
  }
});

test("a deadline and a limit of memory end in a problem, and the next file is read", async () => {
  const runaway = fileWith("runaway.conf", `${"~SEQ(A,1,900) ~SEQ(B,1,900) x${A}.${B}\n".repeat(3)}`);
  expect((await readConfig(runaway, { ...options, deadlineMs: 30 })).problems[0]).toMatchObject({
    code: "VIPD018",
    message: "the file is not read after 0.03 s",
  });
  expect((await readConfig(runaway, { ...options, memoryMb: 12 })).problems[0]).toMatchObject({ code: "VIPD018" });
  expect((await readConfig(fileWith("next.conf", instance("")), options)).config).toBeDefined();
});
