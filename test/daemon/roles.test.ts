/** What the vrrp process is told when another one died before it. */
import { expect, test } from "vitest";
import { createVrrpRole } from "../../src/daemon/roles.ts";
import type { EventBody, VrrpState } from "../../src/events.ts";
import { nursery } from "./children.ts";
import { withRouters } from "./config.ts";
import { turns, virtualClock } from "./virtual-clock.ts";

/** @param removes how many addresses are there to remove, each time */
async function atWork(removes: readonly number[] = []) {
  const virtual = virtualClock();
  let sleptMs = 0;
  const clock = { ...virtual, now: () => virtual.now() + sleptMs };
  const home = nursery();
  const removals: number[] = [];
  const warnings: string[] = [];
  const fact = { tracker: "script", id: "chk", value: "up", reason: "succeeds", at: 0 } as const;
  const role = createVrrpRole({
    clock,
    fork: home.fork,
    respawn: true,
    emit: (body) => void (body.type === "warning" && warnings.push(body.reason)),
    namespaceOf: () => undefined,
    gaveUp: () => {},
    dryRun: false,
    ours: () => [],
    facts: () => [fact],
    happened: () => {},
    promoted: () => {},
    removeAddresses: () => removes[removals.push(clock.now()) - 1] ?? 0,
  });
  const says = (message: object) => home.last().says(message);
  role.start(undefined);
  says({ type: "hello", pid: home.last().pid });
  const prepared = role.prepare(withRouters({ name: "VI_1", key: "one" }, { name: "VI_2", key: "two" }), 1);
  says({ type: "prepared", generation: 1 });
  await prepared;
  const committed = role.commit();
  says({ type: "committed", generation: 1 });
  await committed;
  const becomes = (instance: string, to: VrrpState) => {
    const body = { type: "vrrp.transition", instance, from: "BACKUP", to, reason: "" } as unknown as EventBody;
    says({ type: "event", event: { body, monotonicMs: clock.now() } });
  };
  const former = () => home.last().sent.flatMap((one) => (Object(one).type === "begin" ? [Object(one).former] : []));
  /** Of vipd itself: time passes and no timer runs. */
  const sleep = (ms: number) => {
    sleptMs += ms;
  };
  return { clock, sleep, home, role, says, becomes, former, removals, warnings, fact };
}

test("the first one follows nobody", async () => {
  const { former } = await atWork();
  expect(former()).toEqual([undefined]);
});

test("who was master when it died, when that was, and what is known of scripts", async () => {
  const { clock, home, becomes, former, says, fact } = await atWork();
  becomes("VI_1", "MASTER");
  becomes("VI_2", "MASTER");
  becomes("VI_2", "BACKUP");
  says({ type: "pong", id: 1 });
  const answeredMs = clock.now();
  clock.advance(400); // it may have stood still all that time
  home.last().dies("signal SIGKILL");
  clock.advance(100);
  says({ type: "hello", pid: 101 });
  expect(former()).toEqual([{ masters: ["one"], aliveMs: answeredMs, facts: [fact] }]);
});

test("one that hung counts from its last answer", async () => {
  const { clock, home, becomes, former, says } = await atWork();
  becomes("VI_1", "MASTER");
  says({ type: "pong", id: 1 });
  const answeredMs = clock.now();
  for (let second = 0; second < 5; second++) clock.advance(1000);
  home.last().dies("signal SIGKILL");
  says({ type: "hello", pid: 101 });
  expect(former()).toMatchObject([{ masters: ["one"], aliveMs: answeredMs }]);
});

test("one that died while vipd slept may have been dead for long", async () => {
  const { clock, sleep, home, becomes, former, says } = await atWork();
  becomes("VI_1", "MASTER");
  says({ type: "pong", id: 1 });
  const answeredMs = clock.now();
  sleep(10_000);
  home.last().dies("signal SIGKILL");
  says({ type: "hello", pid: 101 });
  expect(former()).toMatchObject([{ masters: ["one"], aliveMs: answeredMs }]);
});

test("one that never got to work says nothing about when the one before it did; addresses that are gone have no master", async () => {
  const { clock, home, becomes, former, says, removals } = await atWork();
  becomes("VI_1", "MASTER");
  says({ type: "pong", id: 1 });
  const diedMs = clock.now();
  home.last().dies("signal SIGKILL");
  clock.advance(500);
  home.last().dies("exit code 70");
  says({ type: "hello", pid: 102 });
  expect(former()).toMatchObject([{ masters: ["one"], aliveMs: diedMs }]);
  clock.advance(1000);
  await turns();
  expect(removals).toHaveLength(1);
  home.last().dies("exit code 70");
  says({ type: "hello", pid: 103 });
  expect(former()).toMatchObject([{ masters: [] }]);
});

test("that it cannot be kept running, and what became of its addresses", async () => {
  const { clock, home, warnings } = await atWork([2, 1]);
  for (const lifeMs of [10, 10, 10, 10, 10, 1000, 2000]) {
    clock.advance(lifeMs);
    home.last().dies("signal SIGKILL");
  }
  expect(warnings).toEqual([
    "the vrrp process cannot be kept running: its 2 virtual addresses are removed, so that the other node can serve them",
    "the vrrp process cannot be kept running: its virtual address is removed, so that the other node can serve it",
    "the vrrp process cannot be kept running: no virtual address was here",
  ]);
});
