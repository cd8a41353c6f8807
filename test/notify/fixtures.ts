import { ip } from "../../src/base/address.ts";
import type { Event, EventBody } from "../../src/events.ts";
import type { CommandSettings, InstanceNotify, MailSettings, NotifySettings } from "../../src/notify/settings.ts";

export function stamped(body: EventBody, seq = 1): Event {
  return { boot: "b00t", seq, wallMs: Date.UTC(2026, 10, 20, 12, 0, seq), monotonicMs: 1000 * seq, ...body };
}

export function command(...argv: string[]): CommandSettings {
  return { argv, user: undefined, group: undefined, at: "vipd.conf:1" };
}

export const quiet: InstanceNotify = {
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
};

export const nobody: NotifySettings = {
  instances: [],
  services: [],
  servers: [],
  fifos: { all: undefined, vrrp: undefined, lvs: undefined },
  scriptUser: undefined,
  scriptSecurity: false,
  scriptTimeoutMs: 60_000,
};

export const mail: MailSettings = {
  recipients: ["admin@example.org"],
  from: "Lab <lab@example.org>",
  relay: { host: "127.0.0.1", port: 25 },
  helo: undefined,
  connectTimeoutMs: 2000,
  routerId: "LVS_A",
  faults: true,
};

export const toMaster: Extract<EventBody, { type: "vrrp.transition" }> = {
  type: "vrrp.transition",
  instance: "VI_1",
  from: "BACKUP",
  to: "MASTER",
  reason: "no advert from 10.0.0.2 for 3.61 s",
  priority: 100,
  afterMs: 65_000,
  master: "self",
  addresses: ["10.0.0.9/24 on eth0"],
};

export const toBackup: typeof toMaster = {
  ...toMaster,
  from: "MASTER",
  to: "BACKUP",
  reason: "10.0.0.2 advertises priority 150 > 100",
  master: ip("10.0.0.2"),
};

export const serverDown: Extract<EventBody, { type: "server.state" }> = {
  type: "server.state",
  service: "[10.0.0.9]:tcp:80",
  server: "[10.0.1.1]:tcp:80",
  from: "up",
  to: "down",
  reason: "refused",
  weight: 1,
  afterMs: 120_000,
  check: "TCP_CHECK",
};
