import { expect, test } from "vitest";
import type { ToVrrp } from "../../../src/daemon/messages.ts";
import { type Assembly, assemble, type Begin, type Piece } from "../../../src/daemon/vrrp/assembly.ts";
import { routerSettings } from "./routers.ts";

const begin = (generation: number): Begin => ({
  type: "begin",
  generation,
  startupDelayMs: 0,
  announceGapMs: { ipv4: 0, ipv6: 0 },
  namespace: undefined,
  realtimePriority: undefined,
  dryRun: false,
  ours: [],
  former: undefined,
});
const routers = (generation: number, ...names: readonly string[]): Extract<ToVrrp, { type: "routers" }> => ({
  type: "routers",
  generation,
  routers: names.map((name) => routerSettings({ key: name, name })),
});

function assembled(...pieces: readonly Piece[]): Assembly | undefined {
  return pieces.reduce<Assembly | undefined>(assemble, undefined);
}

test("pieces of one generation add up", () => {
  const whole = assembled(begin(1), routers(1, "a", "b"), routers(1, "c"));
  expect(whole?.routers.map(({ name }) => name)).toEqual(["a", "b", "c"]);
});

test("what belongs to an older generation is dropped", () => {
  const whole = assembled(begin(2), routers(2, "new"), routers(1, "old"), begin(1));
  expect(whole?.begin.generation).toBe(2);
  expect(whole?.routers.map(({ name }) => name)).toEqual(["new"]);
});

test("a piece without its beginning is nothing", () => {
  expect(assembled(routers(1, "a"))).toBeUndefined();
});
