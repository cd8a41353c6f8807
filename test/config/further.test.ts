/** What no room acts upon yet, as values: defaults filled in, names resolved. */
import { describe, expect, test } from "vitest";
import type { FurtherSettings } from "../../src/config/further/settings.ts";
import { load } from "./load.ts";
import { OPTIONS } from "./round-trip.ts";

function further(text: string): FurtherSettings {
  const value = load(text, OPTIONS).config?.further;
  if (value === undefined) throw new Error("there is no value");
  return value;
}

describe("addresses, routes and rules", () => {
  test("a static address", () => {
    expect(further("static_ipaddress {\n 192.0.2.1 dev eth0 scope link track_group G\n}\n").static.addresses).toEqual([
      {
        ip: "192.0.2.1",
        length: 32,
        link: "eth0",
        trackGroup: "G",
        options: [{ name: "scope", value: "link" }],
      },
    ]);
  });
  test.each([
    [
      "10.0.0.0/8 via 192.0.2.1 dev eth0",
      {
        kind: "unicast",
        to: { ip: "10.0.0.0", length: 8 },
        via: "192.0.2.1",
        link: "eth0",
        table: "main",
        metric: 0,
        track: true,
        nexthops: [],
        options: [],
      },
    ],
    ["default via 192.0.2.1 table 7 preference 3 no_track", { to: "default", table: "7", metric: 3, track: false }],
    [
      "src 192.0.2.9 to 10.0.0.0/8 gw 192.0.2.1",
      { source: "192.0.2.9", to: { ip: "10.0.0.0", length: 8 }, via: "192.0.2.1" },
    ],
    ["blackhole 2001:DB8::/32", { kind: "blackhole", to: { ip: "2001:db8::", length: 32 }, options: [] }],
    [
      "10.0.0.0/8 dev eth0 mtu lock 1400 tos 4",
      {
        options: [
          { name: "mtu", value: 1400, lock: true },
          { name: "tos", value: "4" },
        ],
      },
    ],
    [
      "10.0.0.0/8 metric 5 nexthop via 192.0.2.1 dev eth0 weight 2 nexthop via inet 192.0.2.2 dev eth1",
      {
        via: undefined,
        metric: 5,
        nexthops: [
          { via: "192.0.2.1", link: "eth0", weight: 2 },
          { via: "192.0.2.2", link: "eth1", weight: 1 },
        ],
      },
    ],
  ])("the route %s", (line, expected) => {
    expect(further(`static_routes {\n ${line}\n}\n`).static.routes).toMatchObject([expected]);
  });
  test.each([
    [
      "from 192.0.2.0/24 lookup 7 priority 5",
      {
        not: false,
        from: { ip: "192.0.2.0", length: 24 },
        table: "7",
        preference: 5,
        action: "lookup",
        track: true,
        options: [],
      },
    ],
    [
      "not to default fwmark 7/255 prohibit preference 1",
      { not: true, to: "default", mark: { value: 7, mask: 255 }, action: "prohibit" },
    ],
    [
      "iif eth0 fwmark 9 goto 500 preference 2 no_track",
      {
        mark: { value: 9, mask: 0xffff_ffff },
        action: "goto",
        track: false,
        options: [
          { name: "iif", value: "eth0" },
          { name: "goto", value: "500" },
        ],
      },
    ],
  ])("the rule %s", (line, expected) => {
    expect(further(`static_rules {\n ${line}\n}\n`).static.rules).toMatchObject([expected]);
  });
});

describe("instances", () => {
  const of = (lines: string) =>
    further(`vrrp_instance V {\n interface eth0\n virtual_router_id 9\n${lines}\n}\n`).instances[0];
  test.each([
    ["use_vmac", { kind: "vmac", name: undefined, mac: undefined, advertsBelow: false }],
    [
      "use_vmac vrrp.9 02:00:00:00:00:01\n vmac_xmit_base",
      { name: "vrrp.9", mac: "02:00:00:00:00:01", advertsBelow: true },
    ],
    ["use_vmac netlink_notify_msg group 5", { name: undefined }],
    ["use_vmac name group", { name: "group" }],
    [
      "use_ipvlan ipv9 192.0.2.9/24 vepa",
      { kind: "ipvlan", name: "ipv9", address: { ip: "192.0.2.9", length: 24 }, mode: "vepa" },
    ],
  ])("%s", (lines, expected) => expect(of(lines)?.link).toMatchObject(expected));
  test("unicast, with limits of TTL", () => {
    const lines =
      "unicast_src_ip 10.0.0.1\nunicast_ttl 64\ncheck_unicast_src\nunicast_peer {\n 10.0.0.2\n 10.0.0.3 min_ttl 60 max_ttl 64\n}";
    expect(of(lines)?.unicast).toEqual({
      source: "10.0.0.1",
      ttl: 64,
      peers: [
        { ip: "10.0.0.2", minTtl: 0, maxTtl: 255 },
        { ip: "10.0.0.3", minTtl: 60, maxTtl: 64 },
      ],
      faultWithoutPeer: false,
      checkSource: true,
    });
    expect(of("")?.unicast).toBeUndefined();
  });
});

describe("what is tracked", () => {
  const owner = "vrrp_instance V {\n interface eth0\n virtual_router_id 9\n";
  test("files: the weight of the table, and who tracks them", () => {
    expect(further(`track_file f {\n file /f\n}\n${owner} track_file {\n f\n }\n}\n`).files).toEqual([
      { name: "f", path: "/f", weight: 1, reverse: false, trackedBy: ["V"] },
    ]);
  });
  test("processes", () => {
    const text =
      "vrrp_track_process p {\n process /bin/p -x\n param_match\n delay 2\n fork_delay 0.5\n weight 3 reverse\n}\n";
    expect(further(text).processes).toEqual([
      {
        name: "p",
        command: ["/bin/p", "-x"],
        match: "exact",
        weight: 3,
        reverse: true,
        quorum: 1,
        quorumMax: undefined,
        startDelayMs: 500,
        endDelayMs: 2000,
        fullCommand: false,
        trackedBy: [],
      },
    ]);
  });
  test("BFD sessions", () => {
    expect(
      further(`bfd_instance b {\n neighbour_ip 192.0.2.1\n min_rx 50\n}\n${owner} track_bfd {\n b\n }\n}\n`).bfd,
    ).toEqual([
      {
        name: "b",
        neighbour: "192.0.2.1",
        source: undefined,
        minRxMs: 50,
        minTxMs: 10,
        idleTxMs: 1000,
        multiplier: 5,
        passive: false,
        multihop: false,
        ttl: undefined,
        maxHops: 0,
        weight: 0,
        reverse: false,
        trackedBy: ["V"],
      },
    ]);
  });
  test("groups of instances and of links, delays", () => {
    const text =
      "track_group G {\n group {\n V W\n }\n}\ngarp_group {\n garp_interval 0.5\n interface eth2\n interfaces {\n eth0\n eth1\n }\n}\ninterface_up_down_delays {\n eth0 2 3\n eth1 1\n}\n";
    const { trackGroups, garpGroups, linkDelays } = further(text);
    expect(trackGroups).toEqual([{ name: "G", instances: ["V", "W"] }]);
    expect(garpGroups).toEqual([{ links: ["eth2", "eth0", "eth1"], gapMs: { ipv4: 500, ipv6: 0 } }]);
    expect(linkDelays).toEqual([
      { link: "eth0", downMs: 2000, upMs: 3000 },
      { link: "eth1", downMs: 1000, upMs: 0 },
    ]);
  });
});

describe("services", () => {
  test.each([
    ["192.0.2.1 80", { type: "addresses", first: "192.0.2.1", last: "192.0.2.1", port: 80 }],
    ["192.0.2.1-9", { type: "addresses", first: "192.0.2.1", last: "192.0.2.9", port: 0 }],
    ["192.0.2.1-192.0.2.20 443", { first: "192.0.2.1", last: "192.0.2.20", port: 443 }],
    ["2001:db8::10-1f 80", { first: "2001:db8::10", last: "2001:db8::1f" }],
    ["2001:db8::10-1ff 80", { first: "2001:db8::10", last: "2001:db8::1ff" }],
    ["192.0.2.0/28 80", { type: "network", network: { ip: "192.0.2.0", length: 28 }, port: 80 }],
    ["fwmark 7 inet6", { type: "fwmark", mark: 7, family: "ipv6" }],
    ["fwmark 8", { type: "fwmark", mark: 8, family: undefined }],
  ])("the entry %s of a group", (line, expected) => {
    const text = `virtual_server_group G {\n ${line}\n}\nvirtual_server group G {\n protocol TCP\n}\n`;
    expect(further(text).serviceGroups).toMatchObject([{ name: "G", used: true, entries: [expected] }]);
  });
  const withCheck = (inService: string, inServer: string, check: string) =>
    further(
      `virtual_server 192.0.2.1 80 {\n protocol TCP\n${inService}\n real_server 10.0.0.1 80 {\n${inServer}\n ${check}\n }\n}\n`,
    ).checks[0];
  test("a check takes what it does not say from its server, its service, the table", () => {
    expect(withCheck("", "", "DNS_CHECK {\n }")).toEqual({
      service: "192.0.2.1 80",
      server: "10.0.0.1 80",
      type: "DNS_CHECK",
      intervalMs: 60_000,
      timeoutMs: 5000,
      retries: 3,
      retryDelayMs: 60_000,
      warmupMs: 60_000,
      alpha: false,
      own: {},
    });
    expect(
      withCheck(
        "delay_loop 7\nretry 5\nalpha",
        "delay_before_retry 2",
        "SMTP_CHECK {\n connect_timeout 1.5\n helo_name me\n }",
      ),
    ).toMatchObject({
      intervalMs: 7000,
      timeoutMs: 1500,
      retries: 5,
      retryDelayMs: 2000,
      warmupMs: 7000,
      alpha: true,
      own: { helo_name: "me" },
    });
  });
  test("a check that connects to nothing has no timeout of a connection", () => {
    expect(withCheck("", "", `MISC_CHECK {\n misc_path "/bin/c 'a b'"\n misc_timeout 3\n }`)).toMatchObject({
      timeoutMs: undefined,
      retries: 0,
      retryDelayMs: 1000,
      own: { misc_path: ["/bin/c", "a b"], misc_timeout: 3000 },
    });
  });
  test("what runs already is not here", () => expect(withCheck("", "", "TCP_CHECK {\n }")).toBeUndefined());
});
