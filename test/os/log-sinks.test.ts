/** Syslog's socket, played by one of ours. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSocket } from "dgram-ext";
import { afterEach, beforeEach, expect, test } from "vitest";
import { syslog } from "../../src/os/log-sinks.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-syslog-"));
  path = join(folder, "log");
});
afterEach(() => rmSync(folder, { recursive: true }));

function listen() {
  const socket = openSocket({ domain: "unix", type: "datagram" });
  socket.bind({ family: "unix", path });
  return socket;
}

test("without syslog there is no such output", () => {
  expect(syslog(path)).toBeUndefined();
});

test("lines that its full queue does not take are lost, and counted by whoever asks", () => {
  using daemon = listen();
  const sink = syslog(path);
  let taken = 0;
  while (sink?.write("<30>line") === true && taken < 10_000) taken++;
  expect(taken).toBeLessThan(10_000);
  expect(sink?.write("<30>lost")).toBe(false);
  expect(daemon.receive()?.data.toString()).toBe("<30>line");
  expect(sink?.write("<30>again")).toBe(true);
});

test("syslog that was restarted is found again", () => {
  const first = listen();
  const sink = syslog(path);
  first.close();
  expect(sink?.write("lost")).toBe(false);
  rmSync(path);
  using second = listen();
  expect(sink?.write("found")).toBe(true);
  expect(second.receive()?.data.toString()).toBe("found");
});
