import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { createRouter, type Deliveries } from "../../src/notify/deliveries.ts";
import { command, mail, nobody, quiet, serverDown, toBackup, toMaster } from "./fixtures.ts";

const generic = { ...quiet, generic: command("/x/n.sh", "one two") };
const lines = (deliveries: Deliveries | undefined) => deliveries?.lines.map(({ fifo, line }) => `${fifo}: ${line}`);
const argv = (deliveries: Deliveries | undefined) =>
  deliveries?.runs.map(({ command: { argv: own }, extra }) => [...own, ...extra]);

test("the script of the state runs first, then the generic one with INSTANCE NAME STATE PRIORITY (behaviour 70)", () => {
  const router = createRouter();
  router.configure({ ...nobody, instances: [{ ...generic, master: command("/x/master.sh") }] }, undefined);
  expect(argv(router.deliveriesOf(toMaster))).toEqual([
    ["/x/master.sh"],
    ["/x/n.sh", "one two", "INSTANCE", "VI_1", "MASTER", "100"],
  ]);
});

test("FIFO lines are keepalived's, those of servers end in a NUL (behaviour 71)", () => {
  const router = createRouter();
  router.configure({ ...nobody, instances: [quiet] }, undefined);
  expect(lines(router.deliveriesOf(toMaster))).toEqual([
    'all: INSTANCE "VI_1" MASTER 100\n',
    'vrrp: INSTANCE "VI_1" MASTER 100\n',
  ]);
  const line = "RS [10.0.1.1]:tcp:80 [10.0.0.9]:tcp:80 DOWN\n\0";
  expect(lines(router.deliveriesOf(serverDown))).toEqual([`all: ${line}`, `lvs: ${line}`]);
});

test("a group tells its state with priority 0", () => {
  const router = createRouter();
  router.configure({ ...nobody, instances: [{ ...quiet, kind: "group", name: "G" }] }, undefined);
  const event = { type: "vrrp.group", group: "G", from: "BACKUP", to: "MASTER", reason: "r", afterMs: 1 } as const;
  expect(lines(router.deliveriesOf(event))).toEqual(['all: GROUP "G" MASTER 0\n', 'vrrp: GROUP "G" MASTER 0\n']);
});

test("a state that equals the one told last is not told again (behaviour 73)", () => {
  const router = createRouter();
  router.configure({ ...nobody, instances: [generic] }, undefined);
  const init = { ...toMaster, from: "FAULT", to: "INIT" } as const;
  expect(router.deliveriesOf(toBackup)).toBeDefined();
  expect(router.deliveriesOf(init)).toBeUndefined();
  expect(router.deliveriesOf(toBackup)).toBeUndefined();
  expect(router.deliveriesOf(toMaster)).toBeDefined();
});

test("a service that a reload removed and another brings back tells its quorum again", () => {
  const router = createRouter();
  const up = {
    type: "service.quorum",
    service: "[10.0.0.9]:tcp:80",
    from: "down",
    to: "up",
    reason: "r",
    weight: 1,
    quorum: 1,
    hysteresis: 0,
    sorryServer: undefined,
    initial: true,
  } as const;
  const entry = {
    service: up.service,
    quorumUp: command("/x/up.sh"),
    quorumDown: undefined,
    mail: false,
    omega: false,
  };
  const told = { ...nobody, services: [entry] };
  router.configure(told, undefined);
  expect(argv(router.deliveriesOf(up))).toEqual([["/x/up.sh"]]);
  expect(router.deliveriesOf(up)).toBeUndefined();
  router.configure(nobody, undefined);
  router.configure(told, undefined);
  expect(argv(router.deliveriesOf(up))).toEqual([["/x/up.sh"]]);
});

test("an instance removed by a reload reports FAULT, or DELETED with notify_deleted (behaviour 82)", () => {
  const removed = { ...toBackup, to: "STOP", deleted: true } as const;
  const plain = createRouter();
  plain.configure({ ...nobody, instances: [{ ...generic, fault: command("/x/fault.sh") }] }, undefined);
  plain.configure(nobody, undefined);
  expect(argv(plain.deliveriesOf(removed))?.[0]).toEqual(["/x/fault.sh"]);
  const deleted = createRouter();
  deleted.configure({ ...nobody, instances: [{ ...generic, reportDeleted: true }] }, undefined);
  deleted.configure(nobody, undefined);
  expect(argv(deleted.deliveriesOf(removed))?.[0]).toEqual([
    "/x/n.sh",
    "one two",
    "INSTANCE",
    "VI_1",
    "DELETED",
    "100",
  ]);
});

test("mail goes where smtp_alert says, and no_email_faults keeps FAULT back", () => {
  const router = createRouter();
  const instances = [{ ...quiet, mail: true }];
  router.configure({ ...nobody, instances }, { ...mail, faults: false });
  expect(router.deliveriesOf(toMaster)?.mail).toBe(true);
  expect(router.deliveriesOf({ ...toMaster, to: "FAULT" })?.mail).toBe(false);
  expect(router.deliveriesOf(serverDown)?.mail).toBe(false);
});

test("without recipients nothing is mailed", () => {
  const router = createRouter();
  router.configure({ ...nobody, instances: [{ ...quiet, mail: true }] }, undefined);
  expect(router.deliveriesOf(toMaster)?.mail).toBe(false);
  expect(router.deliveriesOf({ type: "ipvs.error", reason: "r" })).toBeUndefined();
});

test("trouble of vipd itself is mailed", () => {
  const router = createRouter();
  router.configure(nobody, mail);
  expect(router.deliveriesOf({ type: "config.refused", file: "f", problems: ["f:1:1: x; y"] })?.mail).toBe(true);
  expect(
    router.deliveriesOf({ type: "process.exit", process: "vrrp", pid: 7, reason: "SIGKILL", restartMs: 0 })?.mail,
  ).toBe(true);
  expect(
    router.deliveriesOf({ type: "process.exit", process: "mailer", pid: 7, reason: "SIGKILL", restartMs: 0 }),
  ).toBeUndefined();
});

test("a lower master that was heard is a line with our own priority, as keepalived 2.2.7 writes it", () => {
  const heard = { type: "vrrp.lower", instance: "VI_1", priority: 100, by: ip("10.0.0.2"), theirPriority: 50 } as const;
  const router = createRouter();
  router.configure({ ...nobody, instances: [quiet] }, undefined);
  expect(lines(router.deliveriesOf(heard))?.[1]).toBe('vrrp: INSTANCE "VI_1" MASTER_RX_LOWER_PRI 100\n');
});

test("priority changes are lines only where asked for (behaviour 45)", () => {
  const event = { type: "vrrp.priority", instance: "VI_1", from: 100, to: 80, state: "MASTER", reason: "r" } as const;
  const router = createRouter();
  router.configure({ ...nobody, instances: [quiet] }, undefined);
  expect(router.deliveriesOf(event)).toBeUndefined();
  router.configure({ ...nobody, instances: [{ ...quiet, priorityChanges: true }] }, undefined);
  expect(lines(router.deliveriesOf(event))?.[1]).toBe('vrrp: INSTANCE "VI_1" MASTER_PRIORITY 80\n');
});
