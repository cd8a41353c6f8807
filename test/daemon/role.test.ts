import { expect, test } from "vitest";
import { createRole } from "../../src/daemon/role.ts";
import type { EventBody } from "../../src/events.ts";
import { nursery } from "./children.ts";
import { EMPTY } from "./config.ts";
import { turns, virtualClock } from "./virtual-clock.ts";

type To = { readonly type: string; readonly generation?: number; readonly id?: number };
type From = { readonly type: string; readonly id?: number };

function setUp() {
  const clock = virtualClock();
  const home = nursery();
  const events: EventBody[] = [];
  const heard: From[] = [];
  const working: boolean[] = [];
  const role = createRole<To, From, From>({
    name: "vrrp",
    clock,
    fork: home.fork,
    respawn: true,
    emit: (body) => events.push(body),
    *slices(_config, generation) {
      yield { type: "begin", generation };
      yield { type: "prepare", generation };
    },
    parse: (message) => (message === "nonsense" ? undefined : (message as From)),
    message: (message) => heard.push(message),
    working: (fresh) => working.push(fresh),
    ended: () => {},
  });
  const says = (message: object | string) => home.last().says(message);
  const orders = () => home.last().sent.filter((one) => (one as To).type !== "ping");
  return { clock, home, events, heard, working, role, says, orders };
}

/** A role that works by generation 1. */
async function atWork() {
  const all = setUp();
  all.role.start(undefined);
  all.says({ type: "hello" });
  const prepared = all.role.prepare(EMPTY, 1);
  all.says({ type: "prepared", generation: 1 });
  await prepared;
  const committed = all.role.commit();
  all.says({ type: "committed", generation: 1 });
  await committed;
  return all;
}

test("two phases: begin and prepare, then commit", async () => {
  const { orders, role, working, heard } = await atWork();
  expect(orders()).toEqual([
    { type: "begin", generation: 1 },
    { type: "prepare", generation: 1 },
    { type: "commit", generation: 1 },
  ]);
  expect(role.process().state).toBe("ready");
  expect(working).toEqual([true]);
  expect(heard).toEqual([{ type: "committed", generation: 1 }]);
});

test("a configuration that comes before the process says hello waits for it", async () => {
  const { role, says, orders } = setUp();
  role.start(undefined);
  const prepared = role.prepare(EMPTY, 1);
  expect(orders()).toEqual([]);
  says({ type: "hello" });
  says({ type: "prepared", generation: 1, refused: "no such namespace" });
  expect(await prepared).toBe("no such namespace");
});

test("a process that does not answer refuses after 20 s", async () => {
  const { clock, role, says } = setUp();
  role.start(undefined);
  says({ type: "hello" });
  const prepared = role.prepare(EMPTY, 1);
  clock.advance(20_000);
  expect(await prepared).toBe("the process vrrp did not answer within 20 s");
});

test("an answer about another generation is dropped", async () => {
  const { role, says } = await atWork();
  let answer: string | undefined = "nothing yet";
  void role.prepare(EMPTY, 3).then((refused) => {
    answer = refused;
  });
  says({ type: "prepared", generation: 2, refused: "old" });
  await turns();
  expect(answer).toBe("nothing yet");
  says({ type: "prepared", generation: 3 });
  await turns();
  expect(answer).toBeUndefined();
});

test("a process that is started anew gets what was accepted last, by itself", async () => {
  const { home, role, says, orders, working } = await atWork();
  home.last().dies("signal SIGKILL");
  expect(role.process().state).toBe("starting");
  says({ type: "hello" });
  says({ type: "prepared", generation: 1 });
  expect(orders().map((one) => (one as To).type)).toEqual(["begin", "prepare", "commit"]);
  says({ type: "committed", generation: 1 });
  expect(role.process().state).toBe("ready");
  expect(working).toEqual([true, true]);
});

test("a process started anew that refuses is asked again after 1, 2, 4 … s, and the status says why", async () => {
  const { clock, home, role, says, orders, events } = await atWork();
  home.last().dies("signal SIGKILL");
  says({ type: "hello" });
  const refuse = () => says({ type: "prepared", generation: 1, refused: "no namespace blue" });
  const asked = () => orders().filter((one) => (one as To).type === "prepare").length;
  refuse();
  expect(role.process().refusal).toBe("no namespace blue");
  for (const [index, ms] of [1000, 2000, 4000].entries()) {
    clock.advance(ms - 1);
    expect(asked()).toBe(index + 1);
    clock.advance(1);
    expect(asked()).toBe(index + 2);
    says({ type: "pong", id: 0 });
    refuse();
  }
  clock.advance(8000);
  says({ type: "prepared", generation: 1 });
  says({ type: "committed", generation: 1 });
  expect(role.process()).toMatchObject({ state: "ready", refusal: undefined });
  says({ type: "pong", id: 0 });
  clock.advance(14_000);
  expect(asked()).toBe(5);
  expect(events.filter(({ type }) => type === "warning")).toEqual([
    {
      type: "warning",
      reason: "vrrp cannot work by the present configuration: no namespace blue; it is asked again until it can",
    },
  ]);
});

test("a reload is not crossed by what a refusing process would be asked again", async () => {
  const { clock, home, role, says, orders } = await atWork();
  home.last().dies("signal SIGKILL");
  says({ type: "hello" });
  says({ type: "prepared", generation: 1, refused: "no namespace blue" });
  const prepared = role.prepare(EMPTY, 2);
  clock.advance(5000);
  expect(orders().at(-1)).toEqual({ type: "prepare", generation: 2 });
  says({ type: "prepared", generation: 2 });
  expect(await prepared).toBeUndefined();
  void role.commit();
  says({ type: "committed", generation: 2 });
  expect(role.process()).toMatchObject({ state: "ready", refusal: undefined });
});

test("abandoned: the process is told, and one that was started meanwhile gets what is in force", async () => {
  const { home, role, says, orders } = await atWork();
  void role.prepare(EMPTY, 2);
  home.last().dies("signal SIGSEGV");
  says({ type: "hello" });
  expect(orders()).toContainEqual({ type: "prepare", generation: 2 });
  role.abandon();
  expect(orders().slice(-3)).toEqual([
    { type: "abandon", generation: 2 },
    { type: "begin", generation: 1 },
    { type: "prepare", generation: 1 },
  ]);
});

test("a commit whose process dies does not wait for ever", async () => {
  const { home, role, says } = await atWork();
  const prepared = role.prepare(EMPTY, 2);
  says({ type: "prepared", generation: 2 });
  await prepared;
  const committed = role.commit();
  home.last().dies("signal SIGKILL");
  await committed;
});

test("a question is answered, or given up after two seconds, or at its death", async () => {
  const { clock, home, role, says } = await atWork();
  const first = role.ask();
  says({ type: "status", id: 1 });
  expect(await first).toEqual({ type: "status", id: 1 });
  const second = role.ask();
  clock.advance(2000);
  expect(await second).toBeUndefined();
  const third = role.ask();
  home.last().dies("signal SIGKILL");
  expect(await third).toBeUndefined();
});

test("what says nonsense is ended and started again", async () => {
  const { home, says, events } = await atWork();
  says("nonsense");
  expect(home.children).toHaveLength(2);
  expect(events).toContainEqual({
    type: "warning",
    reason: "vrrp said something that is no message; it is ended and started again",
  });
});
