import { expect, test } from "vitest";
import type { ToVrrp } from "../../../src/daemon/messages.ts";
import { type Assembly, assemble, type Begin, type Piece, settingsOf } from "../../../src/daemon/vrrp/assembly.ts";
import { changesBetween } from "../../../src/daemon/vrrp/changes.ts";
import type { VrrpSettings } from "../../../src/vrrp/settings.ts";
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

test("changes are told in words", () => {
  const one = assembled(begin(1), routers(1, "a", "b"));
  if (one === undefined) throw new RangeError("not assembled");
  const before = settingsOf(one);
  const [a] = before.routers;
  if (a === undefined) throw new RangeError("no router");
  const after: VrrpSettings = {
    ...before,
    routers: [{ ...a, priority: 50, intervalMs: 500 }, routerSettings({ key: "c", name: "c" })],
    groups: [{ name: "G", members: ["a"], trackers: [], trackingWeight: false }],
  };
  expect(changesBetween(before, before)).toEqual([]);
  expect(changesBetween(before, after)).toEqual([
    "vrrp_instance a changed: priority, intervalMs",
    "vrrp_instance c added",
    "vrrp_instance b removed",
    "vrrp_sync_group G added",
  ]);
});
