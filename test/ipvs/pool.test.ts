import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import type { UpDown } from "../../src/events.ts";
import { desiredRow } from "../../src/ipvs/desired.ts";
import { firstQuorum, inheritedHealth, isServerUp, quorumAfter, quorumText, wasUpFor } from "../../src/ipvs/pool.ts";
import type { ServiceSettings } from "../../src/ipvs/settings.ts";
import { server, service, sorry } from "./fixtures.ts";

test.each([
  [["a", "b"], { a: "up", b: "up" }, false, true, "all of its checks are up"],
  [["a", "b"], { a: "up", b: "down" }, false, false, "one is down"],
  [["a", "b"], { a: "up" }, false, true, "one has not spoken: it counts as up"],
  [["a", "b"], { a: "up" }, true, false, "one has not spoken: with alpha it counts as down"],
  [["a", "b"], { a: "up", b: "up" }, true, true, "all have spoken"],
  [[], {}, false, true, "it has no checks"],
  [[], {}, true, true, "it has no checks: alpha has nothing to wait for"],
] as const)("behaviour 98: a server with checks %j, known %j, alpha %s is up: %s", (checks, known, alpha, up, _why) => {
  const health = new Map<string, UpDown>(Object.entries(known));
  const state = (id: string) => health.get(id);
  expect(isServerUp(server(11, { checks }), state, () => alpha)).toBe(up);
});

test("what nobody asked yet begins as its server was; what is known stays", () => {
  expect(inheritedHealth(undefined, true)).toBe("up");
  expect(inheritedHealth(undefined, false)).toBe("down");
  expect(inheritedHealth(undefined, undefined)).toBe(undefined);
  expect(inheritedHealth("down", true)).toBe("down");
  expect(inheritedHealth("up", false)).toBe("up");
});

test("alpha is an affair of each check", () => {
  const one = server(11, { checks: ["a", "b"] });
  const isAlpha = (id: string) => id === "a";
  expect(isServerUp(one, (id) => (id === "b" ? "up" : undefined), isAlpha)).toBe(false);
  expect(isServerUp(one, (id) => (id === "a" ? "up" : undefined), isAlpha)).toBe(true);
});

test.each([
  [false, true, true, "it was in use"],
  [false, false, false, "it was not"],
  [false, undefined, undefined, "the service is new"],
  [true, true, false, "under alpha a check must pass first"],
  [true, false, false, "nor is it revived"],
  [true, undefined, undefined, "under alpha a new service begins as ever"],
] as const)("decision 21: after a crash, alpha %s, in the table %s: it was up: %s: %s", (alpha, inTable, up, _why) => {
  expect(wasUpFor(alpha, inTable)).toBe(up);
});

test.each([
  [2, 0, "down", 2, "up", "gained at the quorum"],
  [2, 0, "down", 1, "down", "not below it"],
  [2, 0, "up", 1, "down", "lost below the quorum"],
  [3, 1, "down", 3, "down", "with hysteresis the quorum alone does not gain"],
  [3, 1, "down", 4, "up", "quorum + hysteresis does"],
  [3, 1, "up", 3, "up", "at the quorum it stays"],
  [3, 1, "up", 2, "up", "and down to quorum − hysteresis"],
  [3, 1, "up", 1, "down", "below that it is lost"],
  [1, 0, "up", 0, "down", "no live weight at all"],
  [2, 1, "up", 0, "down", "also within the hysteresis"],
] as const)(
  "behaviour 110: quorum %i, hysteresis %i, %s, weight %i: %s",
  (quorum, hysteresis, before, weight, after, _why) => {
    expect(quorumAfter(service([], { quorum, hysteresis }), before, weight)).toBe(after);
  },
);

test("at start a quorum must be gained", () => {
  expect(firstQuorum(service([], { quorum: 2, hysteresis: 1 }), 2)).toBe("down");
  expect(firstQuorum(service([], { quorum: 2, hysteresis: 1 }), 3)).toBe("up");
});

test("the arithmetic is in the reason", () => {
  expect(quorumText(service([], { quorum: 2, hysteresis: 1 }), "up", 4, false)).toBe("gained quorum 2+1=3 <= 4");
  expect(quorumText(service([], { quorum: 2, hysteresis: 1 }), "down", 0, false)).toBe("lost quorum 2-1=1 > 0");
  expect(quorumText(service([], { quorum: 2, hysteresis: 1 }), "down", 1, true)).toBe("not gained quorum 2+1=3 > 1");
});

/** `address weight`, of a service with servers 11 and 12. */
function weights(settings: ServiceSettings, quorum: UpDown, ...up: readonly number[]): readonly string[] {
  const row = desiredRow(settings, quorum, ({ ip: address }) => up.some((last) => address === ip(`192.0.2.${last}`)));
  return Array.from(row.destinations.values(), ({ ip: address, weight }) => `${address.slice(8)} ${weight}`).sort();
}
const both = [server(11, { weight: 3 }), server(12)];
const inhibited = both.map((one) => ({ ...one, inhibitOnFailure: true }));

test("behaviour 112: which servers a service has", () => {
  expect(weights(service(both), "up", 11, 12)).toEqual(["11 3", "12 1"]);
  expect(weights(service(both), "up", 11)).toEqual(["11 3"]);
  expect(weights(service(inhibited), "up", 11)).toEqual(["11 3", "12 0"]);
  expect(weights(service(both), "down", 11)).toEqual(["11 3"]);
  expect(weights(service(both, { sorryServer: sorry(99) }), "down", 11)).toEqual(["99 1"]);
  expect(weights(service(inhibited, { sorryServer: sorry(99) }), "down", 11)).toEqual(["11 0", "12 0", "99 1"]);
  expect(weights(service(both, { sorryServer: sorry(99) }), "up", 11)).toEqual(["11 3"]);
  expect(weights(service(both, { sorryServer: sorry(99, true) }), "up", 11)).toEqual(["11 3", "99 0"]);
});

test("behaviour 101: a server of weight 0 is drained, not down", () => {
  expect(weights(service([server(11, { weight: 0 })]), "down", 11)).toEqual(["11 0"]);
});

test("behaviour 115: a real server that is the sorry server too has one entry", () => {
  const settings = service(inhibited, { sorryServer: sorry(12, true) });
  expect(weights(settings, "up", 11, 12)).toEqual(["11 3", "12 1"]);
  expect(weights(settings, "down")).toEqual(["11 0", "12 1"]);
});

test("scheduler flags, persistence and one-packet are bits, seconds and a netmask", () => {
  const rowOf = (change: Partial<ServiceSettings>) => desiredRow(service([], change), "up", () => true).service;
  expect(rowOf({})).toMatchObject({ flags: 0, timeoutSeconds: 0, netmask: 32, pe: undefined });
  expect(rowOf({ scheduler: "sh", schedulerFlags: ["sh-port", "sh-fallback"] })).toMatchObject({ flags: 0x18 });
  expect(rowOf({ schedulerFlags: ["flag-3"], onePacket: true })).toMatchObject({ flags: 0x24 });
  expect(rowOf({ persistence: { timeoutSeconds: 300, granularity: 24, engine: "sip" } })).toMatchObject({
    flags: 0x01,
    timeoutSeconds: 300,
    netmask: 24,
    pe: "sip",
  });
  expect(rowOf({ match: { type: "fwmark", mark: 7, family: "ipv6" } })).toMatchObject({ netmask: 128 });
});
