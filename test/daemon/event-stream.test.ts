import { expect, test } from "vitest";
import { bootName, createEventStream } from "../../src/daemon/event-stream.ts";
import type { Event } from "../../src/events.ts";
import { virtualClock } from "./virtual-clock.ts";

const info = (reason: string) => ({ type: "info", reason }) as const;

test("events are numbered from 1 without gaps, and every listener hears each", () => {
  const stream = createEventStream("boot-1", virtualClock());
  const heard: Event[] = [];
  stream.onEvent((event) => heard.push(event));
  stream.emit(info("a"));
  stream.emit(info("b"));
  expect(heard.map(({ boot, seq, type }) => [boot, seq, type])).toEqual([
    ["boot-1", 1, "info"],
    ["boot-1", 2, "info"],
  ]);
});

test("the time of day is that at which it happened, not at which it was told", () => {
  const clock = virtualClock();
  const stream = createEventStream("b", clock);
  clock.advance(1000);
  stream.emit(info("late"), 400);
  const [event] = stream.since(0).events;
  expect(event).toMatchObject({ monotonicMs: 400, wallMs: Date.UTC(2026, 10, 20, 12) + 400 });
});

test("since tells what is newer, and whether something between is no longer known", () => {
  const stream = createEventStream("b", virtualClock(), 350); // three of them
  for (let number = 1; number <= 40; number++) stream.emit(info(`${number}`));
  expect(stream.since(38)).toMatchObject({ complete: true, last: 40, events: [{ seq: 39 }, { seq: 40 }] });
  expect(stream.since(37).complete).toBe(true);
  expect(stream.since(36)).toMatchObject({ complete: false, events: [{ seq: 38 }, { seq: 39 }, { seq: 40 }] });
  expect(stream.since(40)).toEqual({ complete: true, last: 40, events: [] });
});

test("a run is named by the kernel's boot and its start", () => {
  expect(bootName("0f7ea1c2-aaaa-bbbb-cccc-dddddddddddd\n", 123_456)).toBe("0f7ea1c2-2n9c");
});
