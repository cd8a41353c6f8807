/** A dry run goes through the same states as a run that changes something. */
import { expect, test } from "vitest";
import { dryMachine } from "../../../src/daemon/vrrp/dry.ts";
import type { Machine } from "../../../src/daemon/vrrp/room.ts";
import type { AddressCommand } from "../../../src/network/plan.ts";

test("an address is as good as added, so that the router stays master; said once", async () => {
  const said: string[] = [];
  const machine = dryMachine({} as Machine, (reason) => said.push(reason));
  const command = { op: "add", key: "eth0 192.0.2.9", address: { ip: "192.0.2.9", length: 24, link: "eth0" } };
  const executor = machine.openAddresses({} as never);
  const plan = [command as unknown as AddressCommand];
  expect(await executor.run(plan)).toEqual([{ end: "pretended" }]);
  expect(await executor.run(plan)).toEqual([{ end: "pretended" }]);
  expect(said).toEqual(["dry run: would add 192.0.2.9/24 on eth0"]);
});
