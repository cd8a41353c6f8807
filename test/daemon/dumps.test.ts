import { expect, test } from "vitest";
import { statsJson, statsText } from "../../src/daemon/dumps.ts";
import type { Status } from "../../src/daemon/status.ts";
import type { RouterStatus } from "../../src/vrrp/status.ts";

const dropped = {
  length: 1,
  ttl: 2,
  version: 3,
  authType: 4,
  authentication: 5,
  interval: 6,
  type: 7,
  checksum: 8,
  destination: 9,
};
const router: RouterStatus = {
  key: "VI_1",
  name: "VI_1",
  state: "MASTER",
  sinceMs: 1000,
  reason: "said so",
  vrid: 51,
  version: 2,
  link: "eth0",
  basePriority: 150,
  priority: 140,
  adjustments: [],
  faults: [],
  intervalMs: 1000,
  masterDownMs: 3414,
  master: undefined,
  addresses: [{ address: "192.0.2.1/24", device: "eth0", present: true }],
  adverts: { sent: 10, received: 20, priorityZeroSent: 30, priorityZeroReceived: 40 },
  transitions: { toMaster: 50, fromMaster: 60 },
  dropped,
  group: undefined,
  contested: undefined,
};
const status = {
  at: { wallMs: 100_000, monotonicMs: 5000 },
  vrrp: { routers: [router], groups: [], lateness: undefined },
} as unknown as Status;

test("keepalived.stats: what was dropped stands under keepalived's headings", () => {
  expect(statsText(status)).toBe(`VRRP Instance: VI_1
  Advertisements:
    Received: 20
    Sent: 10
  Became master: 50
  Released master: 60
  Packet Errors:
    Length: 1
    TTL: 2
    Invalid Type: 7
    Advertisement Interval: 6
    Address List: 0
  Authentication Errors:
    Invalid Type: 0
    Type Mismatch: 4
    Failure: 5
  Priority Zero:
    Received: 40
    Sent: 30
`);
});

test("keepalived.json: the same numbers under exporters' names", () => {
  const [{ data, stats }] = JSON.parse(statsJson(status));
  expect(data).toMatchObject({ iname: "VI_1", state: 2, effective_priority: 140, last_transition: 96 });
  expect(stats).toMatchObject({ packet_len_err: 1, ip_ttl_err: 2, authtype_mismatch: 4, auth_failure: 5 });
  expect(stats).toMatchObject({ advert_rcvd: 20, advert_sent: 10, become_master: 50, pri_zero_sent: 30 });
});
