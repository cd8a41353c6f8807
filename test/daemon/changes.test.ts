import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { describeChanges, sameSettings } from "../../src/daemon/changes.ts";
import { server, service } from "../ipvs/fixtures.ts";
import { command, nobody } from "../notify/fixtures.ts";
import { EMPTY, withRouters } from "./config.ts";

test("nothing changed", () => {
  expect(describeChanges(withRouters({}), withRouters({}))).toEqual([]);
});

test("instances by identity, not by name; plain values as they were and are", () => {
  const before = withRouters({ key: "a", name: "VI_1" }, { key: "b", name: "VI_2" });
  const after = withRouters({ key: "a", name: "VI_1", priority: 150, intervalMs: 500 }, { key: "c", name: "VI_3" });
  expect(describeChanges(before, after)).toEqual([
    "instance VI_2 removed",
    "instance VI_1 changed: priority 100 → 150, advert_int 1 s → 500 ms",
    "instance VI_3 added",
  ]);
});

test("settings have the names that they have in the file, and durations their unit", () => {
  const router = withRouters({ preemptDelayMs: 0, vrid: 51 });
  expect(describeChanges(router, withRouters({ preemptDelayMs: 2500, vrid: 52 }))).toEqual([
    "instance VI_1 changed: virtual_router_id 51 → 52, preempt_delay 0 ms → 2.5 s",
  ]);
});

test("a password is never shown", () => {
  const before = withRouters({ authentication: { type: "pass", password: "alt" } });
  const after = withRouters({ authentication: { type: "pass", password: "neu" } });
  expect(describeChanges(before, after)).toEqual(["instance VI_1 changed: authentication"]);
});

test("real servers by their service", () => {
  const [first, second] = [server(11), server(12)];
  const before = { ...EMPTY, services: [service([first, second])] };
  const after = { ...EMPTY, services: [service([{ ...first, weight: 5 }])] };
  const name = before.services[0]?.name;
  expect(describeChanges(before, after)).toEqual([
    `real server ${second.name} of ${name} removed`,
    `real server ${first.name} of ${name} changed: weight 1 → 5`,
  ]);
});

test("a line that moved is no change", () => {
  const script = {
    name: "chk",
    command: command("/bin/chk"),
    intervalMs: 1000,
    timeoutMs: 1000,
    rise: 1,
    fall: 1,
    weight: 0,
    reverse: false,
  };
  const moved = { ...script, command: { ...script.command, at: "vipd.conf:77" } };
  expect(sameSettings(script, moved)).toBe(true);
  expect(sameSettings(script, { ...script, weight: 5 })).toBe(false);
  expect(describeChanges({ ...EMPTY, scripts: [script] }, { ...EMPTY, scripts: [moved] })).toEqual([]);
});

test("what is not listed one by one is at least named", () => {
  expect(describeChanges(EMPTY, { ...EMPTY, notify: { ...nobody, scriptSecurity: true } })).toEqual([
    "notifications changed",
  ]);
});

test("a change of everything is cut to a hundred lines", () => {
  const many = withRouters(...Array.from({ length: 300 }, (_, index) => ({ key: `${index}`, name: `VI_${index}` })));
  const lines = describeChanges(EMPTY, many);
  expect(lines).toHaveLength(101);
  expect(lines.at(-1)).toBe("… and 200 more");
});

test("addresses of an instance that stays, one by one", () => {
  const [first] = withRouters({}).vrrp.routers[0]?.addresses ?? [];
  if (first === undefined) throw new Error("the instance has no address");
  const other = { ...first, ip: ip("192.0.2.77") };
  const before = withRouters({ addresses: [first] });
  expect(describeChanges(before, withRouters({ addresses: [first, other] }))).toEqual([
    "instance VI_1 changed: addresses",
    `address 192.0.2.77/${first.length} on ${first.link} of VI_1 added`,
  ]);
  expect(describeChanges(before, withRouters({ addresses: [{ ...first, scope: 253 }] }))).toEqual([
    "instance VI_1 changed: addresses",
    `address ${first.ip}/${first.length} on ${first.link} of VI_1 changed: scope ${first.scope} → 253`,
  ]);
});

test("notifications by whose they are; not of what comes or goes anyway", () => {
  const one = {
    kind: "instance",
    name: "VI_1",
    master: undefined,
    backup: undefined,
    fault: undefined,
    stop: undefined,
    deleted: undefined,
    reportDeleted: false,
    masterRxLowerPriority: undefined,
    generic: undefined,
    mail: false,
    priorityChanges: false,
  } as const;
  const before = { ...EMPTY, notify: { ...nobody, instances: [one] } };
  const after = {
    ...EMPTY,
    notify: {
      ...nobody,
      instances: [
        { ...one, mail: true },
        { ...one, name: "VI_2" },
      ],
    },
  };
  expect(describeChanges(before, after)).toEqual(["notifications of instance VI_1 changed"]);
});
