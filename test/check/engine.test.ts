/** Checks as stories in virtual time, with a network that says what the test says. */
import { expect, test } from "vitest";
import { createEngine, type Engine, type Reports } from "../../src/check/engine.ts";
import type { CheckIo, Target } from "../../src/check/probe.ts";
import type { CheckerSettings } from "../../src/check/settings.ts";
import { type VirtualClock, virtualClock } from "./clock.ts";
import { connectionTo, httpGet } from "./servers.ts";

type Answer = "accepts" | "refuses" | "is silent" | "has no port";
type Story = {
  readonly engine: Engine;
  readonly clock: VirtualClock;
  readonly lines: string[];
  answer: Answer;
  starts: number[];
};

function story(): Story {
  const clock = virtualClock(0);
  const lines: string[] = [];
  const say = (text: string) => void lines.push(`${(clock.now() / 1000).toFixed(1)} ${text}`);
  const reports: Reports = {
    verdict: ({ id }, state, { reason }) => say(`${id} ${state}: ${reason}`),
    failure: ({ id }, reason, attempt, of) => say(`${id} failure ${attempt}/${of}: ${reason}`),
    trouble: ({ id }, reason) => say(`${id} trouble: ${reason}`),
  };
  const told: Story = {
    engine: createEngine({ clock, random: () => 0.5, reports, io: { connect } }),
    clock,
    lines,
    answer: "accepts",
    starts: [],
  };
  function connect(_target: Target, signal: AbortSignal): ReturnType<CheckIo["connect"]> {
    told.starts.push(clock.now());
    if (told.answer === "accepts") return Promise.resolve({ exchange: respond, [Symbol.dispose]() {} });
    if (told.answer === "refuses") return Promise.reject(Object.assign(new Error(), { code: "ECONNREFUSED" }));
    if (told.answer === "has no port") return Promise.reject(Object.assign(new Error(), { code: "EADDRNOTAVAIL" }));
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
  async function respond(_request: string, onBytes: (bytes: Buffer) => boolean): Promise<void> {
    onBytes(Buffer.from("HTTP/1.0 200 OK\r\n\r\n"));
  }
  return told;
}

function check(change: Partial<CheckerSettings> = {}): CheckerSettings {
  return {
    id: "web",
    service: "[192.0.2.1]:tcp:80",
    server: "[192.0.2.11]:tcp:80",
    serviceKey: "tcp 192.0.2.1:80",
    serverKey: "192.0.2.11:80",
    probe: { type: "TCP_CHECK" },
    connection: connectionTo(80, 3000),
    intervalMs: 10_000,
    retries: 2,
    retryDelayMs: 1000,
    warmupMs: 4000,
    alpha: false,
    ...change,
  };
}

const none = new Map<string, "up" | "down">();

test("a server dies and returns", async () => {
  const told = story();
  told.engine.replace([check()], none);
  await told.clock.advance(15_000);
  told.answer = "refuses";
  await told.clock.advance(30_000);
  told.answer = "accepts";
  await told.clock.advance(10_000);
  expect(told.lines).toEqual([
    "2.0 web up: connected",
    "22.0 web failure 1/3: refused",
    "23.0 web failure 2/3: refused",
    "24.0 web down: refused",
    "34.0 web failure 0/0: refused",
    "44.0 web failure 0/0: refused",
    "54.0 web up: connected",
  ]);
});

test("a silent server: each attempt ends at its deadline", async () => {
  const told = story();
  told.answer = "is silent";
  told.engine.replace([check({ retries: 1 })], new Map([["web", "up" as const]]));
  await told.clock.advance(15_000);
  expect(told.lines).toEqual(["5.0 web failure 1/2: timeout after 3 s", "9.0 web down: timeout after 3 s"]);
  expect(told.engine.status()).toMatchObject([{ runs: 2, failures: 2, reason: "timeout after 3 s", tookMs: 3000 }]);
});

test("several urls are asked one after the other; all must pass", async () => {
  const told = story();
  told.engine.replace(
    [check({ probe: httpGet({}, { path: "/a" }, { statusCodes: [[500, 500]] }, { path: "/never" }) })],
    none,
  );
  await told.clock.advance(5000);
  expect(told.lines).toEqual(["2.0 web down: status 200"]);
  expect(told.starts).toHaveLength(3);
});

test("alpha after a crash: the first check does not wait for the warm-up, for clients wait for it", async () => {
  const told = story();
  const known = new Map([
    ["a", "down" as const],
    ["b", "down" as const],
  ]);
  const alpha = { alpha: true, warmupMs: 60_000 };
  told.engine.replace(
    [check({ id: "a", ...alpha }), check({ id: "b", warmupMs: 60_000 }), check({ id: "c", ...alpha })],
    known,
  );
  await told.clock.advance(31_000);
  expect(told.lines).toEqual(["0.5 a up: connected", "30.0 b up: connected", "30.0 c up: connected"]);
});

test("a machine that cannot ask says so, and says nothing of the server", async () => {
  const told = story();
  told.answer = "has no port";
  told.engine.replace([check()], none);
  await told.clock.advance(5000);
  const trouble =
    "web trouble: this machine cannot ask: no source port is left; widen net.ipv4.ip_local_port_range, or check less often";
  expect(told.lines).toEqual([`2.0 ${trouble}`]);
  expect(told.engine.status()).toMatchObject([{ health: { state: "unknown" }, trouble: true, failures: 0 }]);
  await told.clock.advance(60_000);
  expect(told.lines).toEqual([`2.0 ${trouble}`]);
  told.answer = "accepts";
  await told.clock.advance(10_000);
  expect(told.lines.slice(1)).toEqual(["72.0 web up: connected"]);
  expect(told.engine.status()).toMatchObject([{ health: { state: "up" }, trouble: false }]);
  told.answer = "has no port";
  await told.clock.advance(30_000);
  expect(told.lines.slice(2)).toEqual([`82.0 ${trouble}`]);
  expect(told.engine.status()).toMatchObject([{ health: { state: "up" }, trouble: true }]);
});

test("replace: what stays keeps its schedule and its health, what goes is forgotten, also in mid-attempt", async () => {
  const told = story();
  told.engine.replace([check(), check({ id: "old" })], none);
  await told.clock.advance(5000);
  told.answer = "is silent";
  await told.clock.advance(8000);
  told.engine.replace([check(), check({ id: "new", warmupMs: 0 })], none);
  told.answer = "accepts";
  await told.clock.advance(6000);
  expect(told.lines).toEqual([
    "2.0 web up: connected",
    "2.0 old up: connected",
    "13.0 new up: connected",
    "15.0 web failure 1/3: timeout after 3 s",
  ]);
  expect(told.engine.status().map((state) => [state.check.id, state.runs])).toEqual([
    ["web", 3],
    ["new", 1],
  ]);
  told.engine.stop();
  await told.clock.advance(100_000);
  expect(told.lines).toHaveLength(4);
});

test("a defect of ours is not taken for a failure of the server", async () => {
  const { createEngine: create } = await import("../../src/check/engine.ts");
  const clock = virtualClock(0);
  const unhandled: unknown[] = [];
  const keep = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", keep);
  const io: CheckIo = { connect: () => Promise.reject(new TypeError("a defect")) };
  const reports: Reports = { verdict: () => unhandled.push("verdict"), failure() {}, trouble() {} };
  create({ clock, random: () => 0, reports, io }).replace([check()], none);
  await clock.advance(1000);
  await new Promise((done) => setImmediate(done));
  process.off("unhandledRejection", keep);
  expect(unhandled).toEqual([expect.any(TypeError)]);
});
