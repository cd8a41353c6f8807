import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { askDaemon } from "../../src/commands/control-client.ts";
import {
  ADMIN_SOCKET,
  type ControlDeps,
  openControl,
  READ_SOCKET,
  type ReloadResult,
  withoutSecrets,
} from "../../src/daemon/control.ts";
import { createEventStream } from "../../src/daemon/event-stream.ts";
import type { Status } from "../../src/daemon/status.ts";
import { askHttp, serveHttp } from "../../src/os/http-socket.ts";
import { virtualClock } from "../daemon/virtual-clock.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-http-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function control(changes: Partial<ControlDeps> = {}) {
  const clock = virtualClock();
  const events = createEventStream("b", clock);
  const stops: unknown[] = [];
  const deps: ControlDeps = {
    clock,
    events,
    status: async () => ({ at: { wallMs: 1, monotonicMs: 2 }, version: "0.1.0" }) as Status,
    config: () => "vrrp_instance VI_1 {\n  auth_pass geheim\n}",
    reload: async () => ({ ok: false, file: "/f", problems: ["/f:1:1: no"] }),
    stop: (wish) => stops.push(wish),
    warn: (reason) => {
      throw new Error(reason);
    },
    ...changes,
  };
  const socket = openControl(folder, deps);
  return { events, stops, [Symbol.dispose]: () => socket.close() };
}

test("what each socket is for, and who may open it", async () => {
  using _control = control();
  expect(statSync(join(folder, READ_SOCKET)).mode & 0o777).toBe(0o660);
  expect(statSync(join(folder, ADMIN_SOCKET)).mode & 0o777).toBe(0o600);
  const refused = await askHttp(join(folder, READ_SOCKET), "POST", "/stop", {}, 1000);
  expect(refused).toMatchObject({
    status: 405,
    body: { error: "POST is for control-admin.sock; this socket only answers GET" },
  });
});

test("every answer carries the time of what it reports", async () => {
  using it = control();
  it.events.emit({ type: "info", reason: "x" });
  for (const url of ["/status", "/events?since=0", "/config", "/nonsense"]) {
    const asked = await askDaemon(folder, "GET", url);
    expect(asked.ok && asked.answer.body).toHaveProperty("at");
  }
});

test("events above a number, the configuration without secrets, a refused reload, a stop with its wishes", async () => {
  using it = control();
  for (const reason of ["a", "b"]) it.events.emit({ type: "info", reason });
  const events = await askDaemon(folder, "GET", "/events?since=1");
  expect(events).toMatchObject({
    ok: true,
    answer: { body: { complete: true, last: 2, events: [{ seq: 2, reason: "b" }] } },
  });
  expect(await askDaemon(folder, "GET", "/config")).toMatchObject({
    answer: { body: { text: "vrrp_instance VI_1 {\n  auth_pass ***\n}" } },
  });
  expect(await askDaemon(folder, "POST", "/reload")).toMatchObject({
    answer: { status: 409, body: { ok: false, problems: ["/f:1:1: no"] } },
  });
  expect(await askDaemon(folder, "POST", "/stop", { keepIpvs: true })).toMatchObject({ answer: { status: 202 } });
  await expect
    .poll(() => it.stops)
    .toEqual([{ keepIpvs: true, hurry: false, reason: "asked to by the control socket" }]);
});

test("a body that is no JSON, or too long, is an answer and no defect", async () => {
  using socketOwner = control();
  expect(socketOwner.stops).toEqual([]);
  const long = await askHttp(join(folder, ADMIN_SOCKET), "POST", "/stop", "x".repeat(70_000), 2000);
  expect(long).toMatchObject({ status: 400, body: { error: "the request is longer than 65536 bytes" } });
});

test("a request that does not come to its end is cut off; one that does may be answered later", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const answered = Promise.withResolvers<ReloadResult>();
    const asked = Promise.withResolvers<void>();
    using _control = control({
      reload: () => {
        asked.resolve();
        return answered.promise;
      },
    });
    const slow = connect(join(folder, READ_SOCKET)).on("error", () => {});
    const closed = new Promise((resolve) => slow.once("close", resolve));
    slow.write("GET /status HTTP/1.1\r\nHost: x\r\n");
    const reload = askHttp(join(folder, ADMIN_SOCKET), "POST", "/reload", {}, 60_000);
    await asked.promise;
    vi.advanceTimersByTime(5000);
    await closed;
    answered.resolve({ ok: false, file: "/f", problems: [] });
    expect(await reload).toMatchObject({ status: 409 });
  } finally {
    vi.useRealTimers();
  }
});

test("nobody there, gone, and forbidden are three messages", async () => {
  expect(await askDaemon(folder, "GET", "/status")).toEqual({
    ok: false,
    problem: `vipd does not run here: there is no ${join(folder, READ_SOCKET)}; start it, or name its folder with --run-dir`,
  });
  const server = control();
  server[Symbol.dispose]();
  expect(existsSync(join(folder, READ_SOCKET))).toBe(false);
});

test("a path too long for a socket says so", () => {
  expect(() =>
    serveHttp(join(folder, "x".repeat(100)), 0o600, undefined, async () => ({ status: 200, body: {} })),
  ).toThrow(/longer than 107 bytes; use a shorter --run-dir/);
});

test("secrets of every spelling are hidden", () => {
  expect(withoutSecrets("  auth_pass  abc\nAUTH_PASS x\npassword y z\nauth_type PASS")).toBe(
    "  auth_pass  ***\nAUTH_PASS ***\npassword ***\nauth_type PASS",
  );
});
