import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { routerSettings, vrrpSettings } from "../vrrp/fixtures.ts";
import { createLan } from "./lan.ts";
import { createSimulation } from "./simulation.ts";
import { createTime } from "./time.ts";

describe("time", () => {
  test("things happen in the order of their time, each at its own", () => {
    const time = createTime();
    const seen: string[] = [];
    const note = (name: string) => () => void seen.push(`${name} ${time.now()}`);
    time.at(30, note("c"));
    const moved = time.at(10, note("moved"));
    time.at(20, () => time.at(5, note("never in the past")));
    time.cancel(time.at(15, note("cancelled")));
    time.move(moved, 25);
    time.runUntil(29);
    expect(seen).toEqual(["never in the past 20", "moved 25"]);
    expect(time.now()).toBe(29);
  });
});

describe("the switch", () => {
  const setUp = () => {
    const time = createTime();
    const lan = createLan<string>(time, seededRandom(1));
    const heard: string[][] = [[], [], []];
    for (const frames of heard) lan.plug((frame) => void frames.push(frame));
    return { time, lan, heard };
  };

  test("everybody but the sender hears a frame, after its delay", () => {
    const { time, lan, heard } = setUp();
    lan.setWeather({ loss: 0, duplication: 0, delayMs: [2, 2] });
    lan.send(0, "x");
    time.runUntil(1.9);
    expect(heard).toEqual([[], [], []]);
    time.runUntil(2);
    expect(heard).toEqual([[], ["x"], ["x"]]);
  });

  test("a cut is one way, until healed; what is under way arrives", () => {
    const { time, lan, heard } = setUp();
    lan.send(0, "before");
    lan.cut(0, 1);
    lan.send(0, "cut");
    lan.send(1, "back");
    lan.heal(0, 1);
    lan.send(0, "healed");
    time.runUntil(1);
    // Frames of the same instant may change places: nobody may rely on their order.
    expect(heard.map((frames) => frames.toSorted())).toEqual([
      ["back"],
      ["before", "healed"],
      ["back", "before", "cut", "healed"],
    ]);
  });

  test("loss and duplication come as often as they should", () => {
    const { time, lan, heard } = setUp();
    lan.setWeather({ loss: 0.3, duplication: 0.1, delayMs: [0, 10] });
    for (let sent = 0; sent < 10_000; sent++) lan.send(0, "x");
    time.runUntil(10);
    expect((heard[1]?.length ?? 0) / 10_000).toBeCloseTo(0.7 * 1.1, 1);
  });
});

describe("a node", () => {
  const key = routerSettings().key;

  test("a paused one hears what came meanwhile with the time of its arrival, then looks at its timers", () => {
    const lan = createSimulation();
    lan.add("a", vrrpSettings([routerSettings({ priority: 150 })]));
    const b = lan.add("b", vrrpSettings([routerSettings()]));
    lan.advance(4000);
    const events: string[] = [];
    lan.onStep((node, event) => {
      if (node === b) events.push(event.type === "packet" ? `packet ${event.arrivedMs.toFixed(0)}` : event.type);
    });
    b.pause(4000);
    lan.advance(4000);
    expect(events).toEqual(["packet 4414", "packet 5414", "packet 6414", "packet 7414", "stalled", "expired"]);
    expect(b.stateOf(key)).toBe("BACKUP");
  });

  test("a crash says nothing and leaves the addresses, a stop does neither", () => {
    const lan = createSimulation();
    const a = lan.add("a", vrrpSettings([routerSettings()]));
    lan.advance(4000);
    a.crash();
    expect([a.isUp(), a.kernel.has(key)]).toEqual([false, true]);
    a.start(vrrpSettings([routerSettings()]));
    expect(a.kernel.has(key)).toBe(false);
    lan.advance(4000);
    a.stop();
    expect([a.isUp(), a.kernel.has(key)]).toEqual([false, false]);
  });

  test("the client sends to whoever announced last, as far as it can hear", () => {
    const lan = createSimulation();
    lan.add("a", vrrpSettings([routerSettings({ priority: 150 })]));
    lan.add("b", vrrpSettings([routerSettings()]));
    lan.advance(4000);
    expect(lan.clientSees(key)).toBe("a");
    lan.isolate("a");
    lan.advance(4000);
    expect(lan.clientSees(key)).toBe("b");
  });
});
