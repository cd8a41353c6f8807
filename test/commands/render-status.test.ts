import { expect, test } from "vitest";
import { PLAIN, renderStatus } from "../../src/commands/render-status.ts";
import { statsJson, statsText } from "../../src/daemon/dumps.ts";
import type { Status } from "../../src/daemon/status.ts";
import { NOW, status } from "./status.ts";

test("everything an admin asks, with the reasons", () => {
  expect(renderStatus(status, PLAIN)).toMatchInlineSnapshot(`
    "vipd 0.1.0 on director-a, running for 1 h (pid 100), at 2026-11-20T12:00:00.000Z

    configuration: /etc/vipd/vipd.conf, generation 3, loaded 2026-11-20T11:00:00.000Z
      the last reload was refused, 2026-11-20T11:30:00.000Z; nothing was changed
      /etc/vipd/vipd.conf:9:1: no
      /etc/vipd/vipd.conf:7:3: native_ipv6 has no effect

    instance  state   since       link  vrid  priority      master
    VI_1      BACKUP  4 min 10 s  eth0  51    130 (of 150)  10.0.0.2 (priority 140, 400 ms ago)
      a better master was heard
      priority: script chk_haproxy down: -20
      adverts sent 12, received 345; became master 2 times
      packets dropped: ttl 3
      10.0.0.9/24 on eth0: not here

    group  state   since       members
    G1     BACKUP  4 min 10 s  VI_1

    script       state  last run    took   result
    chk_haproxy  down   700 ms ago  12 ms  exit status 1

    virtual server [10.0.0.9]:tcp:80 up for 1 min: rr, weight 1, quorum 1
      real server         state  since  weight  last check
      [10.1.0.11]:tcp:80  down   5 s    1       refused in 0.8 ms, 1 s ago
      [10.1.0.12]:tcp:80  up     1 min  1       it has no checks
    virtual servers of others, not touched: tcp 10.0.0.200:25

    mail to 192.0.2.25 port 25: 2 waiting, 7 delivered, 0 refused; last error: relay: refused

    process   pid  state    since   restarts  last end
    vrrp      101  ready    1 min   1         signal SIGKILL
    checkers  -    waiting  500 ms  5         exit status 70
    vrrp CANNOT WORK by this configuration, and is asked again: no namespace blue
    "
  `);
});

test("the mail relay is named before the first mail, and a fault that is the reason stands once", () => {
  const idle = { ...status.mail, waiting: 0, delivered: 0, lastError: undefined };
  expect(renderStatus({ ...status, mail: idle }, PLAIN)).toContain("mail to 192.0.2.25 port 25: 0 waiting");
  expect(renderStatus({ ...status, mail: { ...idle, relay: undefined } }, PLAIN)).not.toContain("mail");
  const [router] = status.vrrp?.routers ?? [];
  if (router === undefined) throw new TypeError("no router");
  const reason = "link eth0 is missing";
  const faulty = { ...router, state: "FAULT", reason, faults: [reason, "script chk is down"] } as const;
  const text = renderStatus({ ...status, vrrp: { ...status.vrrp, routers: [faulty] } as Status["vrrp"] }, PLAIN);
  expect(text.split(reason)).toHaveLength(2);
  expect(text).toContain("fault: script chk is down");
});

test("what is wrong is said first and plainly", () => {
  const fallback = { lastGood: "/var/lib/vipd/last-good.conf", problems: ["/etc/vipd/vipd.conf:1:1: no"] };
  const text = renderStatus(
    {
      ...status,
      vrrp: undefined,
      ipvsProblem: "the kernel has none",
      logLinesLost: 12,
      config: { ...status.config, fallback } as Status["config"],
    },
    PLAIN,
  );
  expect(text).toContain("THE FILE IS BROKEN: vipd works by the last good one, /var/lib/vipd/last-good.conf");
  expect(text).toContain("the vrrp process does not answer");
  expect(text).toContain("IPVS: the kernel has none");
  expect(text).toContain("12 lines lost");
});

test("a check that this machine cannot make is marked, though its server counts as up", () => {
  const reason = "this machine cannot ask: source port 7777 is in use; choose another bind_port";
  const check = { id: "c", state: "up", reason, trouble: true, lastMs: NOW, tookMs: 0, runs: 9, failures: 0 } as const;
  const [first, ...rest] = status.services;
  const [server] = first?.servers ?? [];
  if (first === undefined || server === undefined) throw new TypeError("no server");
  const services = [{ ...first, servers: [{ ...server, state: "up" as const, checks: [check] }] }, ...rest];
  const text = renderStatus({ ...status, services }, { ...PLAIN, bad: (line) => `!${line}` });
  expect(text).toMatch(/^! {2}\[10\.1\.0\.11\]:tcp:80 .*cannot ask: source port 7777 is in use/m);
});

test("a server that nobody has asked yet shows why it is as it is", () => {
  const check = { id: "c", state: "down", reason: "as before", trouble: false, runs: 0, failures: 0 } as const;
  const [first] = status.services;
  const [server] = first?.servers ?? [];
  if (first === undefined || server === undefined) throw new TypeError("no server");
  const reason = "alpha: down until its checks have passed";
  const checks = [{ ...check, lastMs: undefined, tookMs: undefined }];
  const text = renderStatus({ ...status, services: [{ ...first, servers: [{ ...server, reason, checks }] }] }, PLAIN);
  expect(text).toMatch(/\[10\.1\.0\.11\]:tcp:80 .*alpha: down until its checks have passed/);
});

test("keepalived's JSON and statistics for exporters", () => {
  const [entry] = JSON.parse(statsJson(status));
  expect(entry).toMatchObject({
    data: {
      iname: "VI_1",
      state: 1,
      base_priority: 150,
      effective_priority: 130,
      master_priority: 140,
      vips: ["10.0.0.9/24 dev eth0"],
    },
    stats: { advert_rcvd: 345, advert_sent: 12, become_master: 2, ip_ttl_err: 3, pri_zero_sent: 1 },
  });
  expect(statsText(status)).toMatch(/^VRRP Instance: VI_1\n {2}Advertisements:\n {4}Received: 345\n {4}Sent: 12\n/);
  expect(statsText(status)).toMatch(/TTL: 3/);
});
