import { expect, test } from "vitest";
import { dataText } from "../../src/daemon/data-text.ts";
import type { Status } from "../../src/daemon/status.ts";
import { good } from "../config/load.ts";

const config = good(`global_defs {
  router_id lb1
}
vrrp_script chk {
  script "/usr/bin/check one"
  interval 2
  fall 3
}
vrrp_instance A {
  interface eth0
  virtual_router_id 5
  priority 150
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    10.0.0.9
    10.0.0.10/24 label eth0:1 scope link
  }
  virtual_ipaddress_excluded {
    fe80::9/64
  }
  track_script {
    chk weight -20
  }
}
`);

const status = {
  at: { wallMs: 1_795_189_130_000, monotonicMs: 50_000 },
  vrrp: {
    routers: [
      {
        key: config.vrrp.routers[0]?.key,
        name: "A",
        state: "MASTER",
        sinceMs: 45_500,
        vrid: 5,
        version: 2,
        link: "eth0",
        basePriority: 150,
        priority: 130,
        intervalMs: 1000,
        masterDownMs: 3414.0625,
        group: "G",
        addresses: [{ address: "10.0.0.10/24", device: "eth0", present: true }],
      },
    ],
    groups: [{ name: "G", state: "MASTER", sinceMs: 0, members: ["A"] }],
  },
  scripts: [{ name: "chk", state: "down", running: false }],
} as unknown as Status;

test("keepalived.data: what exporters and grep look for, in keepalived's layout", () => {
  expect(dataText(status, config)).toBe(`------< Global definitions >------
 Router ID = lb1
------< VRRP Topology >------
 VRRP Instance = A
   VRRP Version = 2
   Sync group = G
   State = MASTER
   Wantstate = MASTER
   Last transition = 1795189125.500000 (2026-11-20T15:38:45.500Z)
   Master down timer = 3414063 usecs
   Interface = eth0
   Gratuitous ARP delay = 5
   Gratuitous ARP repeat = 5
   Gratuitous ARP refresh = 0
   Gratuitous ARP refresh repeat = 1
   Gratuitous ARP lower priority delay = 5
   Gratuitous ARP lower priority repeat = 5
   Down timer adverts = 3
   Virtual Router ID = 5
   Priority = 150
   Effective priority = 130
   Total priority = 130
   Advert interval = 1 sec
   Preempt = enabled
   Virtual IP (2):
     10.0.0.9 dev eth0 scope global
     10.0.0.10/24 dev eth0 scope link label eth0:1 set
   Virtual IP Excluded :
     fe80::9/64 dev eth0 scope global
------< VRRP Scripts >------
 VRRP Script = chk
   Command = '/usr/bin/check'
   Interval = 2 sec
   Timeout = 2 sec
   Weight = 0
   Rise = 1
   Fall = 3
   Status = BAD
   Tracking instances :
     A, weight -20
   State = idle
------< VRRP Sync groups >------
 VRRP Sync Group = G, MASTER
   VRRP member instances :
     A
`);
});

test("no password is in it; without the vrrp process or a configuration it is short", () => {
  expect(dataText(status, config)).not.toContain("secret");
  expect(dataText({ ...status, vrrp: undefined }, config)).not.toContain("VRRP Instance");
  expect(dataText(status, undefined)).toContain("   State = MASTER\n");
});
