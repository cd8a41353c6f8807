/** Instances, groups and scripts: what a file means, and what is said about contradictions. */
import { describe, expect, test } from "vitest";
import type { RouterSettings } from "../../src/vrrp/settings.ts";
import { good, instance, load, MAIN, said } from "./load.ts";

function router(lines: string, before = ""): RouterSettings {
  const [found] = good(before + instance(lines)).vrrp.routers;
  if (found === undefined) throw new Error("left out");
  return found;
}

const global = (lines: string) => `global_defs {\n${lines}\n}\n`;

test("the defaults of an instance", () => {
  expect(router("")).toEqual({
    key: "ipv4 eth0 51 multicast 224.0.0.18",
    name: "V",
    family: "ipv4",
    version: 2,
    vrid: 51,
    links: { adverts: "eth0", addresses: "eth0", tracked: "eth0" },
    priority: 100,
    initial: "BACKUP",
    intervalMs: 1000,
    downAdverts: 3,
    preempt: true,
    preemptDelayMs: 0,
    authentication: { type: "none" },
    source: undefined,
    trackSource: false,
    destinations: ["224.0.0.18"],
    multicast: true,
    addresses: [
      {
        ip: "192.0.2.9",
        length: 24,
        link: "eth0",
        scope: 0,
        label: undefined,
        broadcast: undefined,
        peer: undefined,
        noPrefixRoute: false,
        home: false,
        preferredSeconds: undefined,
        track: true,
      },
    ],
    excluded: [],
    garp: { repeat: 5, delayMs: 5000, refreshMs: 0, refreshRepeat: 1, lowerPrioRepeat: 5, lowerPrioDelayMs: 5000 },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: undefined,
    ownerIgnoreAdverts: false,
    checkAddresses: "always",
    checksumAsV2: false,
    strict: false,
    trackers: [],
    group: undefined,
    receiveBufferBytes: undefined,
  });
});

test("net_namespace_ipvs without a name is the namespace in which vipd is started, and not that of net_namespace", () => {
  const ipvs = (lines: string) => good(lines + instance("")).global.ipvsNamespace;
  expect(ipvs("net_namespace blue\n")).toBeUndefined();
  expect(ipvs("net_namespace blue\nnet_namespace_ipvs\n")).toBe("");
  expect(ipvs("net_namespace blue\nnet_namespace_ipvs lb\n")).toBe("lb");
});

describe("defaults that depend on other keywords", () => {
  test("state MASTER without a priority has 255", () => {
    expect(router(" state MASTER")).toMatchObject({ priority: 255, initial: "MASTER" });
    expect(router(" state MASTER\n priority 150")).toMatchObject({ priority: 150, initial: "MASTER" });
  });
  test("priority 255 without a state begins as MASTER", () => expect(router(" priority 255").initial).toBe("MASTER"));
  test("garp settings come from the instance, else from global_defs, else from the table", () => {
    const before = global(" vrrp_garp_master_delay 7\n vrrp_garp_master_repeat 3\n vrrp_garp_master_refresh 60");
    expect(router(" garp_master_delay 2", before).garp).toEqual({
      repeat: 3,
      delayMs: 2000,
      refreshMs: 60_000,
      refreshRepeat: 1,
      lowerPrioRepeat: 3,
      lowerPrioDelayMs: 2000,
    });
    expect(router("", global(" vrrp_min_garp")).garp).toMatchObject({ repeat: 1, delayMs: 0, refreshMs: 0 });
  });
  test("an instance takes version, multicast group, strictness from global_defs", () => {
    const before = global(
      " vrrp_version 3\n vrrp_mcast_group4 224.0.0.99\n vrrp_skip_check_adv_addr\n vrrp_higher_prio_send_advert false\n vrrp_down_timer_adverts 4",
    );
    expect(router("", before)).toMatchObject({
      version: 3,
      key: "ipv4 eth0 51 multicast 224.0.0.99",
      checkAddresses: "newMaster",
      higherPrioSendAdvert: false,
      downAdverts: 4,
    });
  });
  test("strict mode changes what it must", () => {
    expect(router(" strict_mode\n down_timer_adverts 9")).toMatchObject({
      strict: true,
      downAdverts: 3,
      lowerPrioNoAdvert: true,
      higherPrioSendAdvert: false,
      garp: { lowerPrioRepeat: 0 },
    });
  });
});

describe("contradictions are told, and settled as keepalived does", () => {
  test("nopreempt with state MASTER", () => {
    expect(router(" state MASTER\n priority 100\n nopreempt").preempt).toBe(true);
    expect(said(instance(" state MASTER\n priority 100\n nopreempt"))).toEqual([
      "9:2 warning VIPD015 nopreempt has no effect with state MASTER; write state BACKUP on every node",
    ]);
    expect(router(" nopreempt").preempt).toBe(false);
  });
  test("preempt_delay with nopreempt", () => {
    expect(router(" nopreempt\n preempt_delay 5").preemptDelayMs).toBe(0);
    expect(router(" preempt_delay 2.5").preemptDelayMs).toBe(2500);
  });
  test("a password of more than 8 characters is cut, and never quoted", () => {
    const { config, problems } = load(instance(" authentication {\n auth_type PASS\n auth_pass secret-word\n }"));
    expect(config?.vrrp.routers[0]?.authentication).toEqual({ type: "pass", password: "secret-w" });
    expect(problems).toMatchObject([{ level: "warning", verdict: "other", line: 9 }]);
    expect(JSON.stringify(problems)).not.toContain("secret");
  });
  test("authentication with version 3", () => {
    expect(router(" version 3\n authentication {\n auth_type PASS\n auth_pass x\n }").authentication).toEqual({
      type: "none",
    });
  });
  test("a weight on the owner of the addresses", () => {
    const script = "vrrp_script s {\n script /bin/true\n weight 5\n}\n";
    expect(said(script + instance(" priority 255\n track_script {\n s\n }")).join()).toContain(
      "priority 255, which no weight changes",
    );
  });
  test("more addresses than an advert has room for: the others are held without being advertised", () => {
    const many = Array.from({ length: 300 }, (_, at) => `  10.1.${at >> 8}.${at & 255}\n`).join("");
    const text = `vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n${many} }\n}\n`;
    const [found] = load(text).config?.vrrp.routers ?? [];
    expect(found?.addresses).toHaveLength(255);
    expect(found?.excluded.map(({ ip }) => ip)).toEqual(
      Array.from({ length: 45 }, (_, at) => `10.1.${(255 + at) >> 8}.${(255 + at) & 255}`),
    );
    expect(said(text)).toEqual([
      "1:15 warning VIPD015 vrrp_instance V has 300 addresses, and an advert has room for 255: the others are held without being advertised; move them to virtual_ipaddress_excluded, on every node",
    ]);
  });
  test("an instance without addresses", () => {
    const bare = (lines: string) => `vrrp_instance V {\n interface eth0\n virtual_router_id 5\n${lines}\n}\n`;
    expect(load(bare("")).problems).toMatchObject([{ level: "warning", code: "VIPD012" }]);
    expect(load(bare(" version 3")).problems).toMatchObject([{ level: "error", code: "VIPD012" }]);
    expect(load(bare(" no_virtual_ipaddress")).problems).toEqual([]);
  });
  test("a VRID that is used twice on an interface", () => {
    expect(said(instance("") + instance("", "W"))).toEqual([
      "11:20 error VIPD014 virtual_router_id 51 on eth0 is used by V in line 1 already; give each instance on an interface its own number",
    ]);
  });
});

describe("addresses", () => {
  const address = (line: string) =>
    good(`vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n  ${line}\n }\n}\n`).vrrp
      .routers[0]?.addresses[0];
  test("options", () => {
    expect(address("192.0.2.9/24 dev eth1 scope link label eth1:v brd + no_track noprefixroute")).toMatchObject({
      link: "eth1",
      scope: 253,
      label: "eth1:v",
      broadcast: "192.0.2.255",
      track: false,
      noPrefixRoute: true,
    });
    expect(address("192.0.2.9")).toMatchObject({ length: 32 });
    expect(address("192.0.2.9/20 broadcast 192.0.2.77 peer 192.0.2.8/32")).toMatchObject({
      broadcast: "192.0.2.77",
      peer: "192.0.2.8",
    });
    expect(address("10.1.2.3/18 brd +")).toMatchObject({ broadcast: "10.1.63.255" });
  });
  test.each([
    ["x.x.x.x/24", "x.x.x.x/24 is not an IP address"],
    ["192.0.2.9/33", "192.0.2.9/33 has no prefix length from 0 to 32"],
    ["192.0.2.9 192.0.2.10", "unknown word 192.0.2.10 after the address 192.0.2.9"],
    ["192.0.2.9 devv eth0", "unknown word devv after the address 192.0.2.9"],
    ["192.0.2.9 scope far", "scope far is not site, link, host, nowhere, global or a number"],
    ["192.0.2.9 dev", "dev lacks its value"],
  ])("%s", (line, message) => {
    expect(
      said(`vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n  ${line}\n }\n}\n`).join(),
    ).toContain(message);
  });
  test("the interface of an address elsewhere is tracked, unless no_track", () => {
    expect(router(" virtual_ipaddress {\n 10.0.0.1 dev eth1\n 10.0.0.2 dev eth2 no_track\n }").trackers).toEqual([
      { tracker: "interface", id: "eth1", weight: 0, reverse: false },
    ]);
  });
  test("an address of the other family is told", () => {
    expect(said(instance(" virtual_ipaddress {\n 2001:db8::1\n }"))[0]).toContain(
      "2001:db8::1 is of another family than the first address of V",
    );
  });
});

describe("what cannot be honoured yet is left out and named", () => {
  test.each([
    [" unicast_peer {\n 192.0.2.2\n }", "unicast to peers"],
    [" use_vmac", "a virtual MAC address"],
    [" authentication {\n auth_type AH\n auth_pass x\n }", "AH authentication"],
    [" vrf red", "a VRF"],
  ])("%s", (lines, what) => {
    const { config, problems } = load(instance(lines));
    expect(config?.vrrp.routers).toEqual([]);
    expect(config?.notify.instances).toEqual([]);
    expect(problems.filter(({ verdict }) => verdict === "none")).toMatchObject([
      {
        level: "warning",
        verdict: "none",
        code: "VIPD019",
        message: `vrrp_instance V is left out: ${what} is not honoured yet`,
      },
    ]);
  });
  test("IPv6", () => {
    const { config, problems } = load(
      "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n fe80::1\n }\n}\n",
    );
    expect(config?.vrrp.routers).toEqual([]);
    expect(problems[0]?.message).toContain("VRRP for IPv6 is not honoured yet");
  });
});

describe("groups", () => {
  const two = instance("") + instance("", "W").replace("51", "52");
  test("members are named by their keys, in the order of the file", () => {
    const config = good(`vrrp_sync_group G {\n group {\n W\n V\n }\n smtp_alert\n}\n${two}`);
    expect(config.vrrp.groups).toEqual([
      {
        name: "G",
        members: ["ipv4 eth0 52 multicast 224.0.0.18", "ipv4 eth0 51 multicast 224.0.0.18"],
        trackers: [],
        trackingWeight: false,
      },
    ]);
    expect(config.vrrp.routers.map(({ group }) => group)).toEqual(["G", "G"]);
    expect(config.notify.instances.map(({ kind, name, mail }) => [kind, name, mail])).toEqual([
      ["instance", "V", false],
      ["instance", "W", false],
      ["group", "G", true],
    ]);
  });
  test("a member that does not exist, one that is in two groups, a group of one", () => {
    const text = `vrrp_sync_group G {\n group {\n V\n X\n }\n}\nvrrp_sync_group H {\n group {\n V\n W\n }\n}\n${two}`;
    expect(said(text).map((line) => line.split(";")[0])).toEqual([
      "2:2 warning VIPD015 vrrp_sync_group G has only one member",
      "4:2 warning VIPD013 G lists X, which is no vrrp_instance",
      "8:2 warning VIPD015 vrrp_sync_group H has only one member",
      "9:2 warning VIPD014 V is a member of G already",
    ]);
  });
  test("weights of members have no effect unless the group says so", () => {
    const tracking = " track_interface {\n eth9 weight 10\n }";
    const text = (extra: string) =>
      `vrrp_sync_group G {\n group {\n V\n W\n }\n${extra}\n}\n${instance(tracking)}${instance("", "W").replace("51", "52")}`;
    expect(good(text("")).vrrp.routers[0]?.trackers).toMatchObject([{ id: "eth9", weight: 0 }]);
    expect(good(text(" sync_group_tracking_weight")).vrrp.routers[0]?.trackers).toMatchObject([
      { id: "eth9", weight: 10 },
    ]);
  });
});

describe("scripts", () => {
  const script = (lines: string, name = "s") => `vrrp_script ${name} {\n${lines}\n}\n`;
  test("a tracked script with its defaults", () => {
    const config = good(
      script(' script "/bin/test -e /x" nobody nogroup\n weight -20') + instance(" track_script {\n s\n }"),
    );
    expect(config.scripts).toEqual([
      {
        name: "s",
        command: { argv: ["/bin/test", "-e", "/x"], user: "nobody", group: "nogroup", at: `${MAIN}:2` },
        intervalMs: 1000,
        timeoutMs: 1000,
        rise: 1,
        fall: 1,
        weight: -20,
        reverse: false,
      },
    ]);
    expect(config.vrrp.routers[0]?.trackers).toEqual([{ tracker: "script", id: "s", weight: -20, reverse: false }]);
  });
  test("reverse of the script holds where it is tracked without a weight", () => {
    const reversed = script(" script /x\n weight 0 reverse");
    expect(good(reversed + instance(" track_script {\n s\n }")).vrrp.routers[0]?.trackers).toEqual([
      { tracker: "script", id: "s", weight: 0, reverse: true },
    ]);
    expect(good(reversed + instance(" track_script {\n s weight 7\n }")).vrrp.routers[0]?.trackers).toEqual([
      { tracker: "script", id: "s", weight: 7, reverse: false },
    ]);
  });
  test("fractions of seconds, a user of its own, a weight where it is tracked", () => {
    const config = good(
      script(" script /x\n interval 0.5\n timeout 0.25\n rise 3\n fall 2\n user fred staff") +
        instance(" track_script {\n s weight 7 reverse\n }"),
    );
    expect(config.scripts[0]).toMatchObject({
      intervalMs: 500,
      timeoutMs: 250,
      rise: 3,
      fall: 2,
      command: { user: "fred", group: "staff" },
    });
    expect(config.vrrp.routers[0]?.trackers).toEqual([{ tracker: "script", id: "s", weight: 7, reverse: true }]);
  });
  test("a script that nobody tracks does not run", () => {
    const { config, problems } = load(script(" script /x"));
    expect(config?.scripts).toEqual([]);
    expect(problems).toMatchObject([{ level: "hint", message: "vrrp_script s is tracked by nothing and never runs" }]);
  });
  test("a name that is not defined", () => {
    expect(said(script(" script /x", "chk_web") + instance(" track_script {\n chk_wbe\n }"))).toContain(
      "11:2 error VIPD013 V tracks the script chk_wbe, which is not defined; did you mean chk_web?",
    );
  });
  test("weights out of range", () => {
    expect(said(script(" script /x\n weight 300") + instance(" track_script {\n s\n }"))[0]).toContain(
      "weight 300 is not a whole number from -253 to 253",
    );
    expect(good(script(" script /x\n weight -254") + instance(" track_script {\n s\n }")).scripts[0]?.weight).toBe(
      -253,
    );
  });
});
