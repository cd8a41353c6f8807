import fc from "fast-check";
import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { type MutableTable, type Op, perform, plan } from "../../src/ipvs/plan.ts";
import { describeOp, summarize } from "../../src/ipvs/report.ts";
import { type Destination, destinationKey, type Row, type Table } from "../../src/ipvs/table.ts";
import { destination, row, tableService } from "./fixtures.ts";

const key = (port: number) => `tcp 192.0.2.1:${port}`;
const ports = [80, 81, 82, 83];

const destinations = fc
  .uniqueArray(fc.record({ last: fc.integer({ min: 11, max: 15 }), weight: fc.nat(2) }), {
    selector: ({ last }) => last,
  })
  .map((list) => list.map(({ last, weight }) => destination(ip(`192.0.2.${last}`), 80, { weight })));
const rows = fc.record({ scheduler: fc.constantFrom("rr", "wlc"), destinations });
const tables: fc.Arbitrary<Table> = fc
  .dictionary(fc.constantFrom(...ports.map(String)), rows)
  .map(
    (services) =>
      new Map(Object.entries(services).map(([port, made]) => [key(Number(port)), rowOf(Number(port), made)])),
  );

function rowOf(port: number, made: { readonly scheduler: string; readonly destinations: readonly Destination[] }): Row {
  return row(tableService(port, { scheduler: made.scheduler }), ...made.destinations);
}

function copyOf(table: Table): MutableTable {
  return new Map(
    Array.from(table, ([of, { service, destinations: all }]) => [of, { service, destinations: new Map(all) }]),
  );
}

function done(table: Table, ops: readonly Op[]): MutableTable {
  const copy = copyOf(table);
  for (const op of ops) {
    const there = copy.get(op.key);
    const server = "destination" in op ? there?.destinations.has(destinationKey(op.destination)) : undefined;
    // what the kernel would refuse
    if (op.op === "addService") expect(there).toBeUndefined();
    else expect(there).toBeDefined();
    if (op.op === "addDestination") expect(server).toBe(false);
    if (op.op === "setDestination" || op.op === "deleteDestination") expect(server).toBe(true);
    perform(copy, op);
  }
  return copy;
}

const oursOf = fc.subarray(ports.map(key)).map((keys) => new Set(keys));

test("done, the plan makes what is wanted, and leaves what is neither wanted nor ours as it was", () => {
  fc.assert(
    fc.property(tables, tables, oursOf, (desired, actual, ours) => {
      const after = done(actual, plan(desired, actual, ours));
      for (const [of, wanted] of desired) expect(after.get(of)).toEqual(wanted);
      for (const [of, there] of actual) {
        if (desired.has(of)) continue;
        if (ours.has(of)) expect(after.has(of)).toBe(false);
        else expect(after.get(of)).toEqual(there);
      }
    }),
  );
});

test("a table that is as wanted needs nothing, and a plan done needs no second", () => {
  fc.assert(
    fc.property(tables, tables, oursOf, (desired, actual, ours) => {
      expect(plan(desired, desired, ours)).toEqual([]);
      expect(plan(desired, done(actual, plan(desired, actual, ours)), ours)).toEqual([]);
    }),
  );
});

test("no server goes before those that replace it have come, and services go last", () => {
  fc.assert(
    fc.property(tables, tables, (desired, actual) => {
      const ops = plan(desired, actual, new Set(ports.map(key)));
      for (const of of ports.map(key)) {
        const kinds = ops.filter((op) => op.key === of && "destination" in op).map(({ op }) => op);
        expect(kinds.lastIndexOf("addDestination")).toBeLessThan(indexOr(kinds, "deleteDestination"));
      }
      const kinds = ops.map(({ op }) => op);
      const afterFirst = kinds.slice(indexOr(kinds, "deleteService"));
      expect(afterFirst.every((op) => op === "deleteService")).toBe(true);
    }),
  );
});

function indexOr(kinds: readonly Op["op"][], kind: Op["op"]): number {
  const index = kinds.indexOf(kind);
  return index === -1 ? kinds.length : index;
}

test("one weight that differs is one operation", () => {
  const a = destination(ip("192.0.2.11"), 80);
  const b = destination(ip("192.0.2.12"), 80);
  const actual = new Map([[key(80), row(tableService(80), a, b)]]);
  const desired = new Map([[key(80), row(tableService(80), a, { ...b, weight: 5 })]]);
  const ops = plan(desired, actual, new Set());
  expect(ops.map(describeOp)).toEqual(["change server 192.0.2.12:80 weight 5 NAT of tcp 192.0.2.1:80"]);
  expect(summarize(ops)).toBe("change 1 server");
});

test("what the kernel makes of a server on this machine, and of a plain tunnel, is no difference", () => {
  const wanted = destination(ip("192.0.2.11"), 80, { forwarding: { method: "DR" } });
  const ipip = { method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" } as const;
  const same = (desired: Destination, actual: Destination) =>
    plan(
      new Map([[key(80), row(tableService(80), desired)]]),
      new Map([[key(80), row(tableService(80), actual)]]),
      new Set(),
    );
  expect(same(wanted, { ...wanted, forwarding: { method: "local" } })).toEqual([]);
  expect(same({ ...wanted, forwarding: ipip }, { ...wanted, forwarding: { ...ipip, checksum: "csum" } })).toEqual([]);
  const gue = { method: "TUN", tunnel: "gue", port: 6080, checksum: "csum" } as const;
  expect(same({ ...wanted, forwarding: gue }, { ...wanted, forwarding: { ...gue, port: 6081 } })).toHaveLength(1);
  expect(same(wanted, { ...wanted, forwarding: { method: "NAT" } })).toHaveLength(1);
});
