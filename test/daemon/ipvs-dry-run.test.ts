import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { createDryRunTable } from "../../src/daemon/ipvs/dry-run.ts";
import type { IpvsIo } from "../../src/ipvs/io.ts";
import { destination, tableService } from "../ipvs/fixtures.ts";

const service = tableService(80, { scheduler: "wlc", flags: 0x01, timeoutSeconds: 300, netmask: 24 });
const key = "tcp 192.0.2.1:80";
const real = destination(ip("192.0.2.11"), 80, { forwarding: { method: "DR" }, weight: 3 });

test("every operation is a line: when, the generic netlink command, what; and the table remembers", async () => {
  let log = "";
  let wallMs = 1_795_177_586_752.25;
  const write = (lines: string) => {
    log += lines;
  };
  const table = createDryRunTable({ write, wall: () => (wallMs += 1), kernel: undefined });
  await table.open();
  table.perform([
    { op: "addService", key, service },
    { op: "addDestination", key, service, destination: real },
  ]);
  table.perform([{ op: "setDestination", key, service, destination: { ...real, weight: 0 } }]);
  expect(table.destinations(service)).toEqual([{ ...real, weight: 0 }]);
  table.perform([{ op: "deleteDestination", key, service, destination: real }]);
  table.perform([{ op: "deleteService", key, service }]);
  table.setTimeouts({ tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 });
  expect(table.services()).toEqual([]);
  expect(log.split("\n")).toEqual([
    "1795177586753250000 1 add service tcp 192.0.2.1:80 scheduler wlc persistent 300 s per /24",
    "1795177586754250000 5 add server 192.0.2.11:80 weight 3 DR to tcp 192.0.2.1:80",
    "1795177586755250000 6 change server 192.0.2.11:80 weight 0 DR of tcp 192.0.2.1:80",
    "1795177586756250000 7 remove server 192.0.2.11:80 of tcp 192.0.2.1:80",
    "1795177586757250000 3 remove service tcp 192.0.2.1:80",
    "1795177586758250000 12 set timeouts tcp 900 s, tcpfin 120 s, udp 300 s",
    "",
  ]);
});

test("it begins as the kernel's table, and a kernel without one is an empty table", async () => {
  let closed = 0;
  const kernel: IpvsIo = {
    open: () => Promise.resolve(),
    services: () => [service],
    destinations: () => [real],
    perform: () => expect.unreachable("a dry run changes nothing"),
    setTimeouts: () => expect.unreachable("a dry run changes nothing"),
    close: () => void closed++,
  };
  const table = createDryRunTable({ write() {}, wall: () => 0, kernel });
  await table.open();
  await table.open();
  expect(table.services()).toEqual([service]);
  expect(table.destinations(service)).toEqual([real]);
  expect(closed).toBe(1);
  const none = createDryRunTable({
    write() {},
    wall: () => 0,
    kernel: { ...kernel, open: () => Promise.reject(new Error("no IPVS")) },
  });
  await none.open();
  expect(none.services()).toEqual([]);
});
