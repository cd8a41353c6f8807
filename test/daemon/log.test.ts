import { expect, test } from "vitest";
import { createLog, QUEUE_BYTES, type Sink, styled } from "../../src/daemon/log.ts";
import type { EventBody } from "../../src/events.ts";
import { stamped } from "../notify/fixtures.ts";

function sink() {
  const lines: string[] = [];
  let waiting = 0;
  const it: Sink = { write: (line) => lines.push(line) > 0, waiting: () => waiting, flush: () => Promise.resolve() };
  return { it, lines, fill: (bytes: number) => (waiting = bytes) };
}

const at = Date.UTC(2026, 10, 20, 12, 0, 5, 67);

test("a journal is told the level, people the time, syslog facility and program", () => {
  expect(styled({ type: "journal" }, "error", at, "ipvs.error")).toBe("<3>ipvs.error\n");
  expect(styled({ type: "time" }, "info", at, "info")).toMatch(/^2026-11-\d\d \d\d:\d\d:05\.067 info\n$/);
  expect(styled({ type: "syslog", facility: 3 }, "notice", at, "x")).toBe(`<29>vipd[${process.pid}]: x`);
  expect(styled({ type: "syslog", facility: 23 }, "warning", at, "x")).toBe(`<188>vipd[${process.pid}]: x`);
});

test("a reader that does not read costs lines, which are counted and reported, and no memory", () => {
  const { it, lines, fill } = sink();
  const log = createLog([{ sink: it, style: { type: "journal" } }], false);
  const say = (reason: string) => log.event(stamped({ type: "warning", reason }));
  say("one");
  fill(QUEUE_BYTES + 1);
  for (let lost = 0; lost < 1000; lost++) say("lost");
  expect(lines).toHaveLength(1);
  expect(log.lost()).toBe(1000);
  fill(0);
  say("two");
  expect(lines).toEqual([
    "<4>warning reason=one\n",
    '<4>log.lost lines=1000 reason="nobody read them"\n',
    "<4>warning reason=two\n",
  ]);
  say("three");
  expect(lines).toHaveLength(4);
});

test("one slow output does not silence the other", () => {
  const [slow, quick] = [sink(), sink()];
  slow.fill(QUEUE_BYTES + 1);
  const outputs = [slow, quick].map(({ it }) => ({ sink: it, style: { type: "journal" } as const }));
  createLog(outputs, false).event(stamped({ type: "info", reason: "x" }));
  expect([slow.lines.length, quick.lines.length]).toEqual([0, 1]);
});

test("what only an investigation needs is shown with -D", () => {
  const detail: EventBody = { type: "process.start", process: "vrrp", pid: 1, restarts: 0 };
  const important: EventBody = {
    type: "process.exit",
    process: "vrrp",
    pid: 1,
    reason: "signal SIGKILL",
    restartMs: 0,
  };
  for (const [shown, expected] of [
    [false, 1],
    [true, 2],
  ] as const) {
    const { it, lines } = sink();
    const log = createLog([{ sink: it, style: { type: "journal" } }], shown);
    log.event(stamped(detail));
    log.event(stamped(important));
    expect(lines).toHaveLength(expected);
  }
});
