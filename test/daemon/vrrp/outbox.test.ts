import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FromVrrp } from "../../../src/daemon/messages.ts";
import { createOutbox } from "../../../src/daemon/vrrp/outbox.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("messages leave after the turn, in order, a few at a time", async () => {
  const left: number[] = [];
  const outbox = createOutbox((message) => {
    if (message.type === "pong") left.push(message.id);
  });
  for (let id = 0; id < 100; id++) outbox.send({ type: "pong", id });
  expect(left).toEqual([]);
  vi.advanceTimersToNextTimer();
  expect(left.length).toBe(32);
  await vi.runAllTimersAsync();
  expect(left).toEqual(Array.from({ length: 100 }, (_, id) => id));
});

test("at the end everything leaves at once, and then it is done", () => {
  const left: FromVrrp[] = [];
  const outbox = createOutbox((message, done) => {
    left.push(message);
    done?.();
  });
  const done = vi.fn();
  for (let id = 0; id < 50; id++) outbox.send({ type: "pong", id });
  outbox.send({ type: "stopped" });
  outbox.flush(done);
  expect(left.length).toBe(51);
  expect(left.at(-1)).toEqual({ type: "stopped" });
  expect(done).toHaveBeenCalledOnce();
});
