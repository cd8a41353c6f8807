import { expect, test } from "vitest";
import { openClock, type TimeSource } from "../../src/os/clock.ts";

/** A timerfd that fires when the test says so. */
function createTime(stepMs = 0) {
  let nowMs = 0;
  let fire = () => {};
  const armed: number[] = [];
  const source: TimeSource = {
    now: () => {
      nowMs += stepMs;
      return nowMs;
    },
    earlyMs: 0.3,
    openTimer(onExpired) {
      fire = onExpired;
      return { armAt: (atMs) => armed.push(atMs), close() {} };
    },
  };
  return {
    source,
    armed: () => armed.splice(0),
    fireAt(ms: number) {
      nowMs = ms;
      fire();
    },
  };
}

test("the timer is armed for the earliest, and left alone when that moves away", () => {
  const { source, armed, fireAt } = createTime();
  const ran: string[] = [];
  const clock = openClock({}, source);
  const a = clock.alarm(() => ran.push("a"));
  const b = clock.alarm(() => ran.push("b"));
  a.set(100);
  b.set(50);
  b.set(200);
  expect(armed()).toEqual([100, 50]);
  fireAt(50);
  expect(ran).toEqual([]);
  expect(armed()).toEqual([100]);
  fireAt(100.2);
  expect(ran).toEqual(["a"]);
  expect(armed()).toEqual([200]);
});

test("before and after surround a turn; what `before` moves does not run", () => {
  const { source, fireAt } = createTime();
  const story: string[] = [];
  const clock = openClock(
    {
      before: (lateMs) => {
        story.push(`before ${lateMs}`);
        a.set(500);
      },
      after: () => story.push("after"),
    },
    source,
  );
  const a = clock.alarm(() => story.push("a"));
  const b = clock.alarm((lateMs) => story.push(`b ${lateMs}`));
  a.set(100);
  b.set(110);
  fireAt(130);
  expect(story).toEqual(["before 30", "b 20", "after"]);
});

test("what is cleared does not run, and `after` runs once", () => {
  const { source, fireAt } = createTime();
  const ran: string[] = [];
  const clock = openClock({}, source);
  const a = clock.alarm(() => ran.push("a"));
  a.set(10);
  a.clear();
  using _kept = clock.after(10, () => ran.push("kept"));
  clock.after(10, () => ran.push("disposed"))[Symbol.dispose]();
  fireAt(10);
  fireAt(20);
  expect(ran).toEqual(["kept"]);
});

test("an exact alarm wakes before its time, hears, and waits the rest out", () => {
  const { source, armed, fireAt } = createTime(0.01);
  const story: string[] = [];
  const turn = { before: () => story.push("before"), after: () => story.push("after") };
  const clock = openClock(turn, source);
  clock.alarm((lateMs) => story.push(lateMs >= 0 && lateMs < 0.1 ? "in time" : `late ${lateMs}`), true).set(100);
  expect(armed()[0]).toBeCloseTo(99.7);
  fireAt(99.75);
  expect(story).toEqual(["before", "before", "in time", "after"]);
});

test("what is heard in the last moment moves an exact alarm away", () => {
  const { source, armed, fireAt } = createTime(0.01);
  const ran: string[] = [];
  const clock = openClock({ before: () => down.set(200), after: () => ran.push("after") }, source);
  const down = clock.alarm(() => ran.push("down"), true);
  down.set(100);
  armed();
  fireAt(99.75);
  expect(ran).toEqual(["after"]);
  expect(armed()[0]).toBeCloseTo(199.7);
});
