import { expect, test } from "vitest";
import { checkerSlices, vrrpSlices } from "../../src/daemon/slices.ts";
import { keysOf } from "../../src/network/keys.ts";
import { checkOf } from "../ipvs/check-settings.ts";
import { server, service } from "../ipvs/fixtures.ts";
import { mail } from "../notify/fixtures.ts";
import { virtualAddress } from "../vrrp/fixtures.ts";
import { EMPTY, withRouters } from "./config.ts";
import { routerSettings } from "./vrrp/routers.ts";

const secret = withRouters({ authentication: { type: "pass", password: "geheim42" } });
const real = server(11);
const web = service([real]);
const checks = Array.from({ length: 1000 }, (_, index) => checkOf(`check ${index}`, web, real));
const config = { ...secret, checks: { checks, logAllFailures: true }, services: [web], mail };

test("each role gets its slice: the checkers never see a password, nor whom mail goes to", () => {
  const told = JSON.stringify([...checkerSlices(config, 3, undefined, [])]);
  expect(told).not.toContain("geheim42");
  expect(told).not.toContain("admin@example.org");
  const vrrp = JSON.stringify([
    ...vrrpSlices(config, 3, { ours: [], dryRun: false, namespace: undefined, upMs: 0, former: undefined }),
  ]);
  expect(vrrp).toContain("geheim42");
  expect(vrrp).not.toContain("admin@example.org");
});

test("of the journal only what the routers do not name", () => {
  const routers = Array.from({ length: 500 }, (_, at) =>
    routerSettings({ addresses: [virtualAddress(`10.0.${at >> 8}.${at & 255}`)] }),
  );
  const large = { ...config, vrrp: { ...EMPTY.vrrp, routers } };
  const ours = [...keysOf(routers), "eth1 10.9.9.9/24"];
  const start = { ours, dryRun: false, namespace: undefined, upMs: 0, former: undefined };
  expect([...vrrpSlices(large, 1, start)][0]).toMatchObject({ type: "begin", ours: ["eth1 10.9.9.9/24"] });
});

test("a startup delay counts from vipd's own start, also for a process that comes later", () => {
  const slow = { ...config, vrrp: { ...config.vrrp, startupDelayMs: 30_000 } };
  const start = { ours: [], dryRun: false, namespace: undefined, former: undefined };
  expect([...vrrpSlices(slow, 1, { ...start, upMs: 10_000 })][0]).toMatchObject({ startupDelayMs: 20_000 });
  expect([...vrrpSlices(slow, 1, { ...start, upMs: 40_000 })][0]).toMatchObject({ startupDelayMs: 0 });
});

test("from begin to prepare, each piece with its generation, nothing lost", () => {
  const pieces = [...checkerSlices(config, 3, "blue", [["check 1", "down"]])];
  expect(pieces[0]).toEqual({ type: "begin", generation: 3, logAllFailures: true, namespace: "blue" });
  expect(pieces.at(-1)).toEqual({ type: "prepare", generation: 3 });
  expect(pieces.flatMap((piece) => (piece.type === "checks" ? piece.checks : []))).toEqual(checks);
  expect(pieces.flatMap((piece) => (piece.type === "health" ? piece.health : []))).toEqual([["check 1", "down"]]);
  for (const piece of pieces) expect("generation" in piece && piece.generation).toBe(3);
});

test("no piece is larger than what is read within a millisecond", () => {
  const routers = Array.from({ length: 500 }, () => secret.vrrp.routers).flat();
  const large = { ...config, vrrp: { ...EMPTY.vrrp, routers } };
  for (const slices of [
    checkerSlices(large, 1, undefined, []),
    vrrpSlices(large, 1, { ours: [], dryRun: false, namespace: undefined, upMs: 0, former: undefined }),
  ]) {
    for (const piece of slices) expect(JSON.stringify(piece).length).toBeLessThan(64 * 1024);
  }
});

test("a process that works already is told only what is new to it, and what to give up", () => {
  const other = checkOf("a new one", web, real);
  const after = { ...config, checks: { checks: [...checks.slice(2), other], logAllFailures: true } };
  const health = [
    ["check 5", "up"],
    ["a new one", "down"],
  ] as const;
  expect([...checkerSlices(after, 4, undefined, health, config)]).toEqual([
    { type: "begin", generation: 4, logAllFailures: true, namespace: undefined },
    { type: "keep", generation: 4, without: ["check 0", "check 1"] },
    { type: "checks", generation: 4, checks: [other] },
    { type: "health", generation: 4, health: [["a new one", "down"]] },
    { type: "prepare", generation: 4 },
  ]);
});
