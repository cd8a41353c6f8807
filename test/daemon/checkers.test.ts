/** The checkers' process: what it is told, what it tells, what it may do. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deadPort, httpGet, listen } from "../check/servers.ts";
import { check, configuration, startCheckers } from "./checkers-process.ts";

test("it says hello, takes a configuration, tells verdicts, answers, and ends when told", async () => {
  await using checkers = startCheckers();
  expect(await checkers.next("hello")).toEqual({ type: "hello", pid: checkers.child.pid });
  await using web = await listen((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\n"));
  const dead = await deadPort();
  checkers.send(...configuration(1, check("good", web.port, { probe: httpGet({}) }), check("bad", dead)));
  expect(await checkers.next("prepared")).toEqual({ type: "prepared", generation: 1, refused: undefined });
  await checkers.next("committed");
  await expect.poll(() => checkers.heard.filter(({ type }) => type === "verdict")).toHaveLength(2);
  expect(checkers.heard.filter(({ type }) => type === "verdict")).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: "good", state: "up", reason: "status 200", generation: 1 }),
      expect.objectContaining({ id: "bad", state: "down", reason: "refused", generation: 1 }),
    ]),
  );
  checkers.send({ type: "ping", id: 7 }, { type: "status", id: 8 });
  expect(await checkers.next("pong")).toEqual({ type: "pong", id: 7 });
  expect((await checkers.next("status")).checks).toEqual([
    expect.objectContaining({ id: "good", state: "up", reason: "status 200", failures: 0 }),
    expect.objectContaining({ id: "bad", state: "down", reason: "refused" }),
  ]);
  checkers.send({ type: "stop", hurry: false });
  await checkers.next("stopped");
  await expect.poll(() => checkers.child.exitCode).toBe(0);
});

test("a server dies and returns: only changes are told, and what does not count yet as a failure", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  let status = 200;
  await using web = await listen((socket) => socket.end(`HTTP/1.0 ${status} Whatever\r\n\r\n`));
  checkers.send(...configuration(1, check("web", web.port, { probe: httpGet({}) })));
  expect(await checkers.next("verdict")).toMatchObject({ id: "web", state: "up" });
  const before = checkers.heard.length;
  status = 503;
  expect(await checkers.next("failure", before)).toMatchObject({ id: "web", reason: "status 503", attempt: 1, of: 2 });
  expect(await checkers.next("verdict", before)).toMatchObject({ id: "web", state: "down", reason: "status 503" });
  status = 200;
  const down = checkers.heard.length;
  expect(await checkers.next("verdict", down)).toMatchObject({ id: "web", state: "up" });
});

test("a reload keeps what it does not change, and an older generation is not heard", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  await using one = await listen(() => {});
  await using two = await listen(() => {});
  checkers.send(...configuration(1, check("one", one.port, { intervalMs: 60_000 })));
  await checkers.next("verdict");
  const before = checkers.heard.length;
  checkers.send(
    ...configuration(2, check("one", one.port, { intervalMs: 60_000 }), check("two", two.port)),
    { type: "checks", generation: 1, checks: [check("old", two.port)] },
    { type: "status", id: 1 },
  );
  expect(await checkers.next("verdict", before)).toMatchObject({ generation: 2, id: "two", state: "up" });
  const status = await checkers.next("status", before);
  expect(status.checks.map(({ id, runs }) => [id, runs])).toEqual([
    ["one", 1],
    ["two", 0],
  ]);
});

test("known health: a check that was up may fail its retries before it counts", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  const dead = await deadPort();
  const [begin, ...rest] = configuration(1, check("known", dead));
  if (begin === undefined) throw new TypeError("no begin");
  checkers.send(begin, { type: "health", generation: 1, health: [["known", "up"]] }, ...rest);
  expect(await checkers.next("failure")).toMatchObject({ id: "known", attempt: 1, of: 2 });
  expect(await checkers.next("verdict")).toMatchObject({ id: "known", state: "down" });
});

test("a reload keeps what is not named: its checks go on, those given up stop", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  const dead = await deadPort();
  checkers.send(...configuration(1, check("one", dead), check("two", dead)));
  await checkers.next("committed");
  const before = checkers.heard.length;
  checkers.send(
    { type: "begin", generation: 2, logAllFailures: false, namespace: undefined },
    { type: "keep", generation: 2, without: ["two"] },
    { type: "checks", generation: 2, checks: [check("three", dead)] },
    { type: "prepare", generation: 2 },
    { type: "commit", generation: 2 },
    { type: "status", id: 1 },
  );
  const status = await checkers.next("status", before);
  expect(status.checks.map(({ id }) => id).sort()).toEqual(["one", "three"]);
});

test("it ends when vipd dies, and no signal of an operator ends it", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGHUP", "SIGINT", 36] as const)
    process.kill(checkers.child.pid ?? 0, signal);
  checkers.send({ type: "ping", id: 1 });
  await checkers.next("pong");
  expect(checkers.child.exitCode).toBe(null);
  checkers.child.disconnect();
  await expect.poll(() => checkers.child.exitCode).toBe(0);
});

test("no capability is left on any thread, and none can be had again", async () => {
  await using checkers = startCheckers();
  await checkers.next("hello");
  checkers.send(...configuration(1));
  await checkers.next("committed");
  for (const thread of readdirSync(`/proc/${checkers.child.pid}/task`)) {
    const status = readFileSync(`/proc/${checkers.child.pid}/task/${thread}/status`, "latin1");
    expect(/^CapEff:\s*(\S+)$/m.exec(status)?.[1]).toBe("0000000000000000");
    expect(/^CapPrm:\s*(\S+)$/m.exec(status)?.[1]).toBe("0000000000000000");
    if (process.getuid?.() === 0) expect(/^NoNewPrivs:\s*(\S+)$/m.exec(status)?.[1]).toBe("1");
  }
});

test.runIf(process.getuid?.() === 0)("where privileges cannot be dropped, it says so and works", async () => {
  await using checkers = startCheckers("setpriv", "--bounding-set=-setgid");
  await checkers.next("hello");
  const dead = await deadPort();
  checkers.send(...configuration(1, check("bad", dead)));
  expect(await checkers.next("verdict")).toMatchObject({ id: "bad", state: "down" });
  const warnings = checkers.heard.flatMap((message) => (message.type === "warning" ? [message.reason] : []));
  expect(warnings.at(-1)).toMatch(/EPERM.*: the checkers keep what they were started with$/);
});
