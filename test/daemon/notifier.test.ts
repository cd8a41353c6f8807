/** Telling people: what reaches the readers of FIFOs, with real pipes and programs. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNotifier, type MailRoom } from "../../src/daemon/notifier.ts";
import { createScriptRunner } from "../../src/daemon/script-runner.ts";
import type { EventBody } from "../../src/events.ts";
import { openFifo } from "../../src/os/fifo.ts";
import { command, nobody, quiet, stamped, toMaster } from "../notify/fixtures.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-notifier-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const noMail: MailRoom = {
  configure() {},
  post() {},
  status: () => ({
    relay: undefined,
    waiting: 0,
    oldestMs: undefined,
    delivered: 0,
    refused: 0,
    held: 0,
    lost: 0,
    lastError: undefined,
  }),
  stop: async () => {},
};

/** @param script of the reader, whose argument is the FIFO */
function setUp(script: string) {
  const reader = join(folder, "reader.sh");
  writeFileSync(reader, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const events: EventBody[] = [];
  const runner = createScriptRunner(() => {});
  runner.configure({ scriptUser: undefined, scriptSecurity: false });
  const notifier = createNotifier({
    host: "a",
    mailRoom: noMail,
    runCommand: async () => ({ ok: true }),
    openFifo: ({ path }) => openFifo(path),
    startReader: (program, path, ended) => runner.start(program, [path], ended),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    emit: (body) => events.push(body),
  });
  const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
  const fifo = { path: join(folder, "fifo"), user: undefined, group: undefined, script: { ...command(reader), user } };
  notifier.configure(
    { ...nobody, instances: [quiet], fifos: { all: undefined, vrrp: fifo, lvs: undefined } },
    undefined,
  );
  return { notifier, events };
}

const read = () => {
  try {
    return readFileSync(join(folder, "read"), "utf8");
  } catch {
    return "";
  }
};

test("a reader gets the lines of the end itself before it is ended, and its own end is then no news", async () => {
  const { notifier, events } = setUp(`while read -r line; do sleep 0.1; echo "$line" >> "${folder}/read"; done < "$1"`);
  notifier.event(stamped(toMaster));
  await expect.poll(read).toBe('INSTANCE "VI_1" MASTER 100\n');
  notifier.event(stamped({ ...toMaster, from: "MASTER", to: "STOP" }));
  await notifier.stop(false);
  expect(read()).toBe('INSTANCE "VI_1" MASTER 100\nINSTANCE "VI_1" STOP 100\n');
  expect(events).toEqual([]);
});

test("a reader that stays is ended soon, with hurry at once", async () => {
  const { notifier } = setUp('exec 3<>"$1"; exec sleep 60');
  const started = performance.now();
  await notifier.stop(false);
  expect(performance.now() - started).toBeGreaterThan(400);
  expect(performance.now() - started).toBeLessThan(2000);
  const hurried = setUp('exec 3<>"$1"; exec sleep 60');
  const again = performance.now();
  await hurried.notifier.stop(true);
  expect(performance.now() - again).toBeLessThan(300);
});

test("a reader that ends while vipd runs is complained of", async () => {
  const { notifier, events } = setUp("exit 3");
  await expect
    .poll(() => events)
    .toEqual([{ type: "warning", reason: `the reader of ${join(folder, "fifo")} ended: exit status 3` }]);
  await notifier.stop(true);
});
