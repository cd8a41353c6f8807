import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSocket } from "dgram-ext";
import { expect, test } from "vitest";
import { connectSystemd } from "../../src/os/systemd.ts";

function listen(path: string) {
  const socket = openSocket({ domain: "unix", type: "datagram" });
  socket.bind({ family: "unix", path });
  return {
    next: () => socket.receive()?.data.toString(),
    [Symbol.dispose]: () => socket.close(),
  };
}

test("each state is one datagram in systemd's words", () => {
  const folder = mkdtempSync(join(tmpdir(), "vipd-notify-"));
  try {
    using socket = listen(join(folder, "s"));
    const systemd = connectSystemd({ NOTIFY_SOCKET: join(folder, "s") }, 1, () => 1234.5678);
    systemd.ready("2 instances");
    systemd.reloading();
    systemd.watchdog();
    systemd.status("busy");
    systemd.stopping();
    const heard = Array.from({ length: 6 }, () => socket.next());
    expect(heard).toEqual([
      "READY=1\nSTATUS=2 instances",
      "RELOADING=1\nMONOTONIC_USEC=1234567",
      "WATCHDOG=1",
      "STATUS=busy",
      "STOPPING=1",
      undefined,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a socket in the abstract name space", () => {
  const name = `vipd-test-${process.pid}`;
  using socket = listen(`\0${name}`);
  connectSystemd({ NOTIFY_SOCKET: `@${name}` }, 1, () => 0).watchdog();
  expect(socket.next()).toBe("WATCHDOG=1");
});

test("without systemd, or when it is gone, nothing is said and nothing fails", () => {
  connectSystemd({}, 1, () => 0).ready("x");
  connectSystemd({ NOTIFY_SOCKET: "/nowhere/notify" }, 1, () => 0).ready("x");
});

test("the watchdog is due at half of WatchdogSec, if this process is meant", () => {
  expect(connectSystemd({ WATCHDOG_USEC: "20000000" }, 7, () => 0).watchdogMs).toBe(10_000);
  expect(connectSystemd({ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "7" }, 7, () => 0).watchdogMs).toBe(10_000);
  expect(connectSystemd({ WATCHDOG_USEC: "20000000", WATCHDOG_PID: "8" }, 7, () => 0).watchdogMs).toBeUndefined();
  expect(connectSystemd({}, 7, () => 0).watchdogMs).toBeUndefined();
});
