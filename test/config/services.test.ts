/** Virtual servers, their checks, mail and notifications. */
import { describe, expect, test } from "vitest";
import { good, load, MAIN, said, service } from "./load.ts";

test("a service, its server and its check, with their defaults", () => {
  const config = good(service(""));
  expect(config.services).toEqual([
    {
      key: "tcp 192.0.2.1:80",
      name: "[192.0.2.1]:tcp:80",
      match: { type: "address", protocol: "tcp", ip: "192.0.2.1", port: 80 },
      scheduler: "rr",
      schedulerFlags: [],
      onePacket: false,
      persistence: undefined,
      servers: [
        {
          key: "10.0.0.1:8080",
          name: "[10.0.0.1]:tcp:8080",
          ip: "10.0.0.1",
          port: 8080,
          weight: 1,
          forwarding: { method: "NAT" },
          upperThreshold: 0,
          lowerThreshold: 0,
          inhibitOnFailure: false,
          checks: [expect.stringMatching(/^tcp 192\.0\.2\.1:80 10\.0\.0\.1:8080 TCP_CHECK [0-9a-f]{10}$/)],
        },
      ],
      sorryServer: undefined,
      quorum: 1,
      hysteresis: 0,
      omega: false,
    },
  ]);
  expect(config.checks).toEqual({
    logAllFailures: false,
    checks: [
      {
        id: config.services[0]?.servers[0]?.checks[0],
        service: "[192.0.2.1]:tcp:80",
        server: "[10.0.0.1]:tcp:8080",
        serviceKey: "tcp 192.0.2.1:80",
        serverKey: "10.0.0.1:8080",
        probe: { type: "TCP_CHECK" },
        connection: {
          ip: "10.0.0.1",
          port: 8080,
          bindIp: undefined,
          bindPort: undefined,
          bindDevice: undefined,
          mark: undefined,
          timeoutMs: 5000,
        },
        intervalMs: 60_000,
        retries: 1,
        retryDelayMs: 1000,
        warmupMs: 60_000,
        alpha: false,
      },
    ],
  });
});

describe("checks", () => {
  const check = (...lines: Parameters<typeof service>) => good(service(...lines)).checks.checks[0];
  test("what a check does not say its server says, then its service", () => {
    expect(check(" delay_loop 6\n retry 9\n connect_timeout 2\n alpha")).toMatchObject({
      intervalMs: 6000,
      warmupMs: 6000,
      retries: 9,
      connection: { timeoutMs: 2000 },
      alpha: true,
    });
    expect(check(" delay_loop 6\n retry 9", " delay_loop 5\n warmup 1", " retry 0")).toMatchObject({
      intervalMs: 5000,
      warmupMs: 1000,
      retries: 0,
    });
  });
  test("where it connects to and from", () => {
    expect(
      check(
        "",
        "",
        " connect_ip 10.0.0.9\n connect_port 81\n bindto 10.0.0.2\n bind_port 1000\n bind_if eth1\n fwmark 7",
      )?.connection,
    ).toEqual({
      ip: "10.0.0.9",
      port: 81,
      bindIp: "10.0.0.2",
      bindPort: 1000,
      bindDevice: "eth1",
      mark: 7,
      timeoutMs: 5000,
    });
  });
  test("the id is the same for the same settings only", () => {
    const id = (inCheck: string) => check("", "", inCheck)?.id;
    expect(id("")).toBe(id(" retry 1"));
    expect(id("")).not.toBe(id(" retry 2"));
    expect(id("")).not.toBe(id(" connect_port 81"));
    expect(id("")).not.toBe(id(" connect_timeout 4"));
  });
  test("HTTP_GET", () => {
    const text = service("").replace(
      /TCP_CHECK \{\n\n/,
      "HTTP_GET {\n url {\n path /a\n digest 640205B7b0fc66c1ea91c463fac6334d\n status_code 200 300-302\n virtualhost a.example\n }\n http_protocol 1.1\n nb_get_retry 4\n virtualhost b.example\n",
    );
    expect(load(text).problems).toMatchObject([
      {
        code: "VIPD010",
        level: "warning",
        verdict: "other",
        message: "nb_get_retry is an old spelling",
        remedy: "write retry instead",
      },
    ]);
    expect(good(text).checks.checks[0]).toMatchObject({
      retries: 4,
      retryDelayMs: 3000,
      probe: {
        type: "HTTP_GET",
        urls: [
          {
            path: "/a",
            digest: "640205b7b0fc66c1ea91c463fac6334d",
            statusCodes: [
              [200, 200],
              [300, 302],
            ],
            virtualHost: "a.example",
          },
        ],
        virtualHost: "b.example",
        httpProtocol: "1.1",
        sni: false,
        fastRecovery: false,
      },
    });
  });
  test("nb_get_retry in TCP_CHECK says what to write", () => {
    expect(said(service("", "", "  nb_get_retry 3"))).toEqual([
      "9:3 warning VIPD020 nb_get_retry is not known in this check, which goes on without it; write retry instead",
    ]);
  });
  test("a server whose only check is not honoured yet counts as up, and that is said", () => {
    const { config, problems } = load(service("").replace("TCP_CHECK", "PING_CHECK"));
    expect(config?.services[0]?.servers[0]?.checks).toEqual([]);
    expect(problems.map(({ code }) => code)).toEqual(["VIPD008", "VIPD019"]);
  });
});

describe("services", () => {
  const first = (inService: string) => good(service(inService)).services[0];
  test("by fwmark", () => {
    const text =
      "virtual_server fwmark 7 {\n lb_algo rr\n lb_kind DR\n real_server 10.0.0.1 {\n  TCP_CHECK {\n   connect_port 80\n  }\n }\n}\n";
    expect(good(text).services[0]).toMatchObject({
      key: "fwmark 7 ipv4",
      name: "FWM 7",
      servers: [{ key: "10.0.0.1:0", name: "[10.0.0.1]:none:0" }],
    });
    expect(said(text.replace("   connect_port 80\n", ""))[0]).toContain(
      "TCP_CHECK of [10.0.0.1]:none:0 has no port to connect to",
    );
  });
  test("protocols make different services of one address", () => {
    const two = service("") + service("").replace("protocol TCP", "protocol UDP");
    expect(good(two).services.map(({ key }) => key)).toEqual(["tcp 192.0.2.1:80", "udp 192.0.2.1:80"]);
    expect(said(service("") + service(""))[0]).toContain("virtual_server 192.0.2.1 80 stands twice, first in line 1");
  });
  test("persistence", () => {
    expect(first(" persistence_timeout 50\n persistence_granularity 255.255.255.0")?.persistence).toEqual({
      timeoutSeconds: 50,
      granularity: 24,
      engine: undefined,
    });
    expect(first(" persistence_timeout")?.persistence?.timeoutSeconds).toBe(360);
    expect(said(service(" persistence_timeout 0"))[0]).toContain(
      "persistence_timeout 0 is out of its range, and means what holds without it",
    );
    expect(said(service(" persistence_granularity 255.0.255.0"))[0]).toContain("is not a netmask");
  });
  test("schedulers and their flags", () => {
    expect(first(" lb_algo sh\n sh-port\n sh-fallback\n ops")).toMatchObject({
      scheduler: "sh",
      schedulerFlags: ["sh-port", "sh-fallback"],
      onePacket: true,
    });
    expect(said(service("").replace("lb_algo rr", "lb_algo wrrr"))[0]).toContain(
      "lb_algo wrrr is no scheduler; did you mean wrr?",
    );
  });
  test("tunnels", () => {
    const forwarding = (kind: string) =>
      good(service("").replace("lb_kind NAT", `lb_kind ${kind}`).replace("8080", "80")).services[0]?.servers[0]
        ?.forwarding;
    expect(forwarding("TUN")).toEqual({ method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" });
    expect(forwarding("TUN type gue port 5555 remcsum")).toEqual({
      method: "TUN",
      tunnel: "gue",
      port: 5555,
      checksum: "remcsum",
    });
    expect(forwarding("DR")).toEqual({ method: "DR" });
  });
  test("DR cannot change the port", () => {
    const { config, problems } = load(service("").replace("lb_kind NAT", "lb_kind DR"));
    expect(config?.services[0]?.servers[0]?.key).toBe("10.0.0.1:80");
    expect(problems).toMatchObject([
      {
        level: "warning",
        verdict: "other",
        message: "DR cannot change the port: 10.0.0.1 gets packets for port 80, not 8080",
      },
    ]);
  });
  test("a quorum above the total weight", () => {
    expect(first(" quorum 3\n weight 2")).toMatchObject({ quorum: 2 });
    expect(said(service(" quorum 3"))[0]).toContain(
      "quorum 3 of [192.0.2.1]:tcp:80 can never be reached: all weights together are 1",
    );
    expect(first(" weight 9\n quorum 3\n hysteresis 5")).toMatchObject({ quorum: 3, hysteresis: 2 });
  });
  test("a sorry server", () => {
    expect(
      first(" sorry_server 10.0.0.250 81\n sorry_server_inhibit\n sorry_server_lvs_method NAT")?.sorryServer,
    ).toEqual({
      key: "10.0.0.250:81",
      name: "[10.0.0.250]:tcp:81",
      ip: "10.0.0.250",
      port: 81,
      forwarding: { method: "NAT" },
      inhibit: true,
    });
  });
  test("what is missing is told and taken as keepalived takes it", () => {
    const text = "virtual_server 192.0.2.1 80 {\n real_server 10.0.0.1 80 {\n TCP_CHECK {\n }\n }\n}\n";
    expect(good(text).services[0]).toMatchObject({
      key: "udp 192.0.2.1:80",
      scheduler: "wlc",
      servers: [{ forwarding: { method: "NAT" } }],
    });
    expect(load(text).problems.map(({ level, verdict }) => `${level} ${verdict}`)).toEqual([
      "warning other",
      "warning other",
      "warning other",
    ]);
  });
  test("a server of the other family", () =>
    expect(said(service("").replace("10.0.0.1", "2001:db8::1")).join()).toContain("is of another family"));
  test("a group of services is checked and left out", () => {
    const text = `virtual_server_group G {\n 192.0.2.1-10 80\n}\n${service(" lb_algo nonsense").replace("192.0.2.1 80", "group G")}`;
    const { problems } = load(text);
    expect(problems.map(({ code }) => code)).toEqual(["VIPD008", "VIPD019", "VIPD011", "VIPD003"]);
  });
});

describe("mail and notifications", () => {
  const defs =
    "global_defs {\n router_id R\n notification_email {\n a@x\n b@x\n }\n smtp_server relay.example 2525\n}\n";
  test("mail needs a relay and recipients", () => {
    expect(good(defs).mail).toEqual({
      recipients: ["a@x", "b@x"],
      from: "root@alpha.example.org",
      relay: { host: "relay.example", port: 2525 },
      helo: undefined,
      connectTimeoutMs: 30_000,
      routerId: "R",
      faults: true,
    });
    expect(load("global_defs {\n smtp_server 10.0.0.1\n}\n")).toMatchObject({
      config: { mail: undefined },
      problems: [{ level: "warning", code: "VIPD075" }],
    });
  });
  test("who is mailed about, by default and by switches", () => {
    const mails = (before: string) => {
      const { services, servers } = good(before + service("")).notify;
      return [services[0]?.mail, servers[0]?.mail];
    };
    expect(mails("")).toEqual([false, true]);
    expect(mails("global_defs {\n smtp_alert\n}\n")).toEqual([true, true]);
    expect(mails("global_defs {\n smtp_alert\n smtp_alert_checker no\n}\n")).toEqual([false, false]);
  });
  test("commands of services and servers", () => {
    const { services, servers } = good(
      service(' quorum_up /up\n quorum_down "/down now"\n omega', " notify_up /u\n notify_down /d"),
    ).notify;
    expect(services[0]).toMatchObject({
      quorumUp: { argv: ["/up"], at: `${MAIN}:5` },
      quorumDown: { argv: ["/down", "now"] },
      omega: true,
    });
    expect(servers[0]).toMatchObject({
      service: "[192.0.2.1]:tcp:80",
      server: "[10.0.0.1]:tcp:8080",
      up: { argv: ["/u"] },
      down: { argv: ["/d"] },
    });
  });
  test("FIFOs and accounts", () => {
    const { startupScript, shutdownScript } = good(
      'global_defs {\n startup_script "/x y" fred staff\n shutdown_script /z\n}\n',
    ).global;
    expect([startupScript, shutdownScript]).toMatchObject([
      { argv: ["/x", "y"], user: "fred", group: "staff" },
      { argv: ["/z"], user: undefined },
    ]);
    const { fifos, scriptUser, scriptSecurity } = good(
      'global_defs {\n notify_fifo /run/f fred\n notify_fifo_script "/x y"\n script_user nobody nogroup\n enable_script_security\n}\n',
    ).notify;
    expect(fifos.all).toEqual({
      path: "/run/f",
      user: "fred",
      group: undefined,
      script: { argv: ["/x", "y"], user: undefined, group: undefined, at: `${MAIN}:3` },
    });
    expect({ scriptUser, scriptSecurity }).toEqual({
      scriptUser: { user: "nobody", group: "nogroup" },
      scriptSecurity: true,
    });
  });
  test("IPVS settings", () => {
    expect(good("global_defs {\n lvs_timeouts tcp 900 udp 30\n lvs_flush\n lvs_flush_on_stop VS\n}\n").ipvs).toEqual({
      timeouts: { tcpSeconds: 900, tcpFinSeconds: 0, udpSeconds: 30 },
      flush: true,
      flushOnStop: "configured",
    });
  });
});
