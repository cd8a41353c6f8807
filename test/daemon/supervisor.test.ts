import { expect, test } from "vitest";
import { createSupervisor } from "../../src/daemon/supervisor.ts";
import type { EventBody } from "../../src/events.ts";
import { nursery } from "./children.ts";
import { virtualClock } from "./virtual-clock.ts";

function setUp(respawn = true) {
  const clock = virtualClock();
  const home = nursery();
  const events: EventBody[] = [];
  const heard: unknown[] = [];
  const ends: boolean[] = [];
  const supervisor = createSupervisor<{ readonly type: string }>({
    name: "vrrp",
    clock,
    fork: home.fork,
    respawn,
    emit: (body) => events.push(body),
    begin: (send) => send({ type: "begin" }),
    message: (message) => heard.push(message),
    ended: (failing) => ends.push(failing),
  });
  const hello = () => home.last().says({ type: "hello", pid: home.last().pid });
  return { clock, home, events, heard, ends, supervisor, hello };
}

test("a process that says hello is told to begin, and pinged", () => {
  const { home, supervisor, events, hello } = setUp();
  supervisor.start(undefined);
  expect(home.last().sent).toEqual([]);
  hello();
  expect(home.last().sent).toEqual([{ type: "begin" }, { type: "ping", id: 1 }]);
  expect(events).toEqual([{ type: "process.start", process: "vrrp", pid: 100, restarts: 0 }]);
});

test("since when it is ready: a reload that finds it ready once more does not count", () => {
  const { clock, supervisor, hello } = setUp();
  supervisor.start(undefined);
  hello();
  supervisor.ready();
  const { sinceMs } = supervisor.status();
  clock.advance(5000);
  supervisor.ready();
  expect(supervisor.status()).toMatchObject({ state: "ready", sinceMs });
});

test("one that runs already is taken over instead of forked", () => {
  const { home, supervisor } = setUp();
  const first = nursery().fork();
  supervisor.start(first);
  first.says({ type: "hello", pid: 100 });
  expect(home.children).toEqual([]);
  expect(first.sent).toHaveLength(2);
});

test("what dies is started again at once, and after the fifth death in a minute with growing delays", () => {
  const { clock, home, supervisor, events, ends } = setUp();
  supervisor.start(undefined);
  for (let death = 1; death <= 5; death++) {
    clock.advance(10);
    home.last().dies("signal SIGKILL");
  }
  expect(home.children).toHaveLength(5);
  expect(ends).toEqual([false, false, false, false, true]);
  expect(events.at(-1)).toEqual({
    type: "process.exit",
    process: "vrrp",
    pid: 104,
    reason: "signal SIGKILL",
    restartMs: 1000,
  });
  expect(supervisor.status()).toMatchObject({ state: "waiting", pid: undefined, lastExit: "signal SIGKILL" });
  clock.advance(999);
  expect(home.children).toHaveLength(5);
  clock.advance(1);
  expect(home.children).toHaveLength(6);
  home.last().dies("exit status 70");
  clock.advance(1999);
  expect(home.children).toHaveLength(6);
  clock.advance(1);
  expect(home.children).toHaveLength(7);
});

test("with -R nothing is started again", () => {
  const { clock, home, supervisor, events, ends } = setUp(false);
  supervisor.start(undefined);
  home.last().dies("exit status 1");
  clock.advance(100_000);
  expect(home.children).toHaveLength(1);
  expect(ends).toEqual([true]);
  expect(events.at(-1)).toMatchObject({ type: "process.exit", restartMs: undefined });
});

test("a process that does not answer for 15 s is ended and started again", () => {
  const { clock, home, supervisor, hello, events } = setUp();
  supervisor.start(undefined);
  hello();
  const first = home.last();
  clock.advance(14_999);
  expect(first.killed).toEqual([]);
  clock.advance(1);
  expect(first.killed).toEqual(["SIGKILL"]);
  expect(home.children).toHaveLength(2);
  expect(events.map((event) => ("reason" in event ? event.reason : event.type))).toContain(
    "vrrp (pid 100) has not answered for 15 s; it is ended and started again",
  );
});

test("nor is one waited for that never says hello", () => {
  const { clock, home, supervisor, events } = setUp();
  supervisor.start(undefined);
  clock.advance(15_000);
  expect(home.children).toHaveLength(2);
  expect(events[0]).toEqual({
    type: "warning",
    reason: "vrrp (pid 100) has not said hello for 15 s; it is ended and started again",
  });
});

test("who waits to be started again does not hang, and nor does who has just been", () => {
  const { clock, home, supervisor } = setUp();
  supervisor.start(undefined);
  clock.advance(900);
  expect(supervisor.answeredWithin(1000)).toBe(true);
  clock.advance(200);
  expect(supervisor.answeredWithin(1000)).toBe(false);
  for (let death = 0; death < 5; death++) home.last().dies("exit status 70");
  expect(supervisor.status().state).toBe("waiting");
  expect(supervisor.answeredWithin(1000)).toBe(true);
});

test("one that answers is left alone, and how long it took is known", () => {
  const { clock, home, supervisor, hello } = setUp();
  supervisor.start(undefined);
  hello();
  for (let id = 1; id <= 60; id++) {
    clock.advance(4);
    home.last().says({ type: "pong", id });
    clock.advance(996);
  }
  expect(home.children).toHaveLength(1);
  expect(supervisor.status().answerMs).toBe(4);
  expect(supervisor.answeredWithin(1000)).toBe(true);
  clock.advance(2000);
  expect(supervisor.answeredWithin(1000)).toBe(false);
});

test("a stop is no death: it is waited for, and after the patience the process is killed", async () => {
  const { clock, home, supervisor, hello, events } = setUp();
  supervisor.start(undefined);
  hello();
  let stopped = false;
  const end = supervisor.stop({ type: "stop" }, 500).then(() => {
    stopped = true;
  });
  expect(home.last().sent.at(-1)).toEqual({ type: "stop" });
  clock.advance(499);
  await Promise.resolve();
  expect(stopped).toBe(false);
  clock.advance(1);
  await end;
  expect(home.last().killed).toEqual(["SIGKILL"]);
  expect(home.children).toHaveLength(1);
  expect(events.some((event) => event.type === "process.exit")).toBe(false);
});

test("stopping while it waits for its next start ends the waiting", async () => {
  const { clock, home, supervisor } = setUp();
  supervisor.start(undefined);
  for (let death = 0; death < 5; death++) home.last().dies("signal SIGSEGV");
  await supervisor.stop({ type: "stop" }, 500);
  clock.advance(60_000);
  expect(home.children).toHaveLength(5);
});

test("a start that comes after the stop starts nothing, and ends what runs already", async () => {
  const { home, supervisor } = setUp();
  await supervisor.stop({ type: "stop" }, 500);
  const first = nursery().fork();
  supervisor.start(undefined);
  supervisor.start(first);
  expect(home.children).toEqual([]);
  expect(first.killed).toEqual(["SIGKILL"]);
});

test("what it writes to its standard error is told", () => {
  const { home, supervisor, events } = setUp();
  supervisor.start(undefined);
  home.last().complains("RangeError: no");
  expect(events).toEqual([{ type: "warning", reason: "vrrp (pid 100) wrote: RangeError: no" }]);
});
