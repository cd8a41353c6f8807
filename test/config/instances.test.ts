/** What keepalived reports of an instance or a service as a whole, and corrects: vipd says it, too, where it stands. */
import { describe, expect, test } from "vitest";
import { instance, load, said, service } from "./load.ts";

/** Without what is not honoured yet. */
const told = (text: string) => said(text).filter((line) => !/VIPD0(08|09|19)/.test(line));
/** What keepalived would count, by line. */
const counted = (text: string) =>
  load(text)
    .problems.filter(({ verdict }) => verdict === "other")
    .map(({ line, column, message }) => `${line}:${column} ${message}`);

describe("virtual interfaces and unicast", () => {
  const peers = " unicast_peer {\n  192.0.2.3\n }";
  test("unicast from a virtual MAC address needs vmac_xmit_base", () => {
    expect(counted(instance(` use_vmac\n${peers}`))).toEqual([
      "7:2 use_vmac with unicast_peer sends from the interface itself, as if vmac_xmit_base were written",
    ]);
    expect(counted(instance(` use_vmac\n vmac_xmit_base\n${peers}`))).toEqual([]);
  });
  test("and an interface", () =>
    expect(counted(instance(` use_vmac\n vmac_xmit_base\n${peers}`).replace(" interface eth0\n", ""))).toEqual([
      "6:2 use_vmac has no effect: unicast without an interface has nothing to put one on",
    ]));
  test("a VRF behind the interface", () => {
    const text = instance(" vrf blue");
    expect(counted(text)).toEqual(["7:2 vrf blue stands behind interface eth0, where keepalived ignores it"]);
    expect(counted(text.replace(" vrf blue\n", "").replace(" interface eth0", " vrf blue\n interface eth0"))).toEqual(
      [],
    );
  });
  test("the loopback carries no instance", () =>
    expect(counted(instance("").replace("interface eth0", "interface lo"))).toEqual([
      "2:12 interface lo is the loopback, where nobody hears an advert",
    ]));
  test("unicast_ttl without peers", () => {
    expect(counted(instance(" unicast_ttl 5"))).toEqual(["7:2 unicast_ttl has no effect without unicast_peer"]);
    expect(counted(instance(` unicast_ttl 5\n${peers}`))).toEqual([]);
  });
  test("two instances that make the same interface", () => {
    const second = instance(" use_vmac vmac0", "W").replace("51", "52").replace("192.0.2.9", "192.0.2.10");
    expect(counted(`${instance(" use_vmac vmac0")}${second}`)).toEqual([
      "15:11 V (line 1) makes an interface vmac0 already: this one gets another name",
    ]);
    expect(counted(`${instance(" use_vmac vmac0")}${second.replace("vmac0", "vmac1")}`)).toEqual([]);
  });
  test("a second name of the same interface", () => {
    expect(counted(instance(" use_vmac vmac0 vmac1"))).toEqual(["7:17 use_vmac has a name already: vmac0"]);
    expect(counted(instance(" use_vmac vmac0 00:00:5e:00:01:33"))).toEqual([]);
  });
  test("the scope of an IPv6 address", () => {
    const text = instance(" virtual_ipaddress_excluded {\n  fe80::5/64 scope link\n  192.0.2.77/24 scope link\n }");
    expect(counted(text)).toEqual(["8:14 a scope is for IPv4 addresses only: that of IPv6 follows from the address"]);
    expect(counted("static_ipaddress {\n 2001:db8::1/64 dev eth0 scope site\n}\n")).toHaveLength(1);
  });
});

describe("a sync group", () => {
  test("a member whose VRID is taken is there, and left out", () => {
    const group = "vrrp_sync_group G {\n group {\n  V\n  W\n }\n}\n";
    const lines = told(`${group}${instance("")}${instance("", "W").replace("192.0.2.9", "192.0.2.10")}`);
    expect(lines.some((line) => line.includes("is no vrrp_instance"))).toBe(false);
    expect(lines.filter((line) => line.includes("error"))).toHaveLength(1);
  });
});

describe("a sorry server that is a real server, too", () => {
  const counts = (inService: string, inServer: string) =>
    counted(service(` sorry_server 10.0.0.1 8080\n${inService}`, inServer)).filter((line) => line.includes("sorry"));
  test("is inhibited in both places, or in none", () => {
    expect(counts(" sorry_server_inhibit", "  weight 1")).toEqual([
      "7:14 this server is the sorry_server of line 5, too, and only one of them is inhibited: keepalived takes what the server says for both",
    ]);
    expect(counts("", "  inhibit_on_failure")).toHaveLength(1);
    expect(counts(" inhibit_on_failure", "")).toHaveLength(1);
    expect(counts(" sorry_server_inhibit", "  inhibit_on_failure")).toEqual([]);
    expect(counts("", "")).toEqual([]);
  });
});

describe("times of routes", () => {
  const route = (time: string) =>
    counted(`static_routes {\n 10.0.0.0/8 via 192.0.2.1 dev eth0 rtt ${time}\n}\n`).map((line) =>
      line.slice(line.indexOf(" ") + 1),
    );
  test.each(["100ms", "1s", "1.5s", "1.500s", "1.05sec", "1.123s", "4007", "1."])("%s is one", (time) =>
    expect(route(time)).toEqual([]),
  );
  test.each(["1.5ms", "1.5", "1.0005s", "0.1"])("%s is more exact than a millisecond", (time) =>
    expect(route(time)).toEqual([`rtt ${time} is more exact than a millisecond`]),
  );
  test.each(["5x", "1e3", "100us"])("%s is none", (time) => expect(route(time)).toEqual([`rtt ${time} is no time`]));
  test("default6 is a destination", () =>
    expect(counted("static_routes {\n default6 via fe80::1 dev eth0\n}\n")).toEqual([]));
});

describe("what keepalived takes without a word", () => {
  test("the length of a network behind an address", () => {
    const text = instance(" mcast_src_ip 192.0.2.2/24");
    expect(counted(text)).toEqual([]);
    expect(load(text).config?.vrrp.routers[0]?.source).toBe("192.0.2.2");
    expect(told(text)).toEqual([
      "7:15 warning VIPD004 mcast_src_ip 192.0.2.2/24 is an address, of which the length of its network is no part; write 192.0.2.2",
    ]);
    expect(counted(service("", "", "   connect_ip 10.0.0.7/24\n   bindto 10.0.0.8/24"))).toEqual([]);
    expect(counted(instance(" mcast_src_ip 192.0.2.2/abc"))).toHaveLength(1);
  });
  test("zeros behind the decimals that count", () => {
    expect(counted(instance(" advert_int 1.000000"))).toEqual([]);
    expect(counted(instance(" version 3\n advert_int 0.500"))).toEqual([]);
    expect(counted(instance(" version 3\n advert_int 0.501"))).toHaveLength(1);
  });
  test("some old spellings", () => {
    const text = "vrrp_track_file f {\n file /run/f\n}\nglobal_defs {\n lvs_flush_onstop\n vrrp_rlimit_rtime 3000\n}\n";
    expect(counted(text)).toEqual([]);
    expect(told(text).filter((line) => line.includes("hint VIPD010"))).toHaveLength(3);
  });
});

test("vrrp_iptables: Debian's keepalived has none, and says so", () =>
  expect(counted("global_defs {\n vrrp_iptables\n}\n")).toEqual(["2:2 vrrp_iptables is an old spelling"]));

describe("a service for every port", () => {
  const group = (entries: string, inService = "") =>
    counted(
      `virtual_server_group G {\n${entries}\n}\n${service(inService).replace("virtual_server 192.0.2.1 80", "virtual_server group G")}`,
    ).filter((line) => line.includes("persistence"));
  const told = "is always persistent, and persistence_timeout 360 is taken";
  test("is always persistent: an entry of a group without a port, or with port 0", () => {
    expect(group(" 192.0.2.1")).toEqual([
      `4:22 192.0.2.1 in virtual_server_group G (line 2) has no port: a service for every port ${told}`,
    ]);
    expect(group(" 192.0.2.2 80\n 192.0.2.8/30 0")).toEqual([
      `5:22 192.0.2.8/30 in virtual_server_group G (line 3) has no port: a service for every port ${told}`,
    ]);
  });
  test("nothing is said where it is persistent, or every entry has a port or a mark", () => {
    expect(group(" 192.0.2.1", " persistence_timeout 60")).toEqual([]);
    expect(group(" 192.0.2.1-9 80\n fwmark 3")).toEqual([]);
  });
  test("a virtual_server without a port", () => {
    const alone = (inService: string) => counted(service(inService).replace("192.0.2.1 80", "192.0.2.1"));
    expect(alone("").filter((line) => line.includes("persistent"))).toEqual([
      "1:25 a service for every port is always persistent: persistence_timeout 360 is taken",
    ]);
    expect(alone(" persistence_timeout 60")).toEqual([]);
  });
});

describe("what runs under keepalived with a report runs here with a warning", () => {
  test.each([
    ["vrrp_garp_interval 0", "vrrp_garp_interval 0 is out of its range, and means what holds without it"],
    ["vrrp_gna_interval 0", "vrrp_gna_interval 0 is out of its range, and means what holds without it"],
    ["lvs_id LB", "lvs_id was removed from keepalived"],
  ])("%s", (line, message) => {
    const loaded = load(`global_defs {\n ${line}\n}\n${instance("")}`);
    expect(loaded.problems.filter(({ verdict }) => verdict === "other")).toMatchObject([{ level: "warning", message }]);
    expect(loaded.config?.vrrp.announceGapMs).toEqual({ ipv4: 0, ipv6: 0 });
  });
  test("persistence_timeout 0, nat_mask, nb_get_retry of a TCP_CHECK", () => {
    const loaded = load(service(" persistence_timeout 0\n nat_mask 255.255.255.0", "", "   nb_get_retry 3"));
    expect(loaded.problems.filter(({ verdict }) => verdict === "other").map(({ level }) => level)).toEqual([
      "warning",
      "warning",
      "warning",
    ]);
    expect(loaded.config?.services[0]?.persistence).toBeUndefined();
    expect(counted(service(" persistence_timeout -1"))).toHaveLength(1);
    expect(load(service(" persistence_timeout 00x")).config).toBeUndefined();
  });
});

test("an old spelling in a check that is not honoured yet is told, too", () => {
  const text = service("").replace("TCP_CHECK {\n\n", "SSL_GET {\n nb_get_retry 3\n url {\n path /\n }\n");
  expect(counted(text)).toEqual(["9:2 nb_get_retry is an old spelling"]);
});

test("the multicast group of an IPv6 instance is one of IPv6", () => {
  const six = instance(" mcast_dst_ip ff12::12").replace("192.0.2.9/24", "fe80::9/64");
  expect(counted(six)).toEqual([]);
  expect(counted(six.replace("ff12::12", "224.0.0.99"))).toEqual(["7:15 224.0.0.99 is not an IPv6 multicast address"]);
});

describe("one mistake is told once", () => {
  test("addresses that cannot be read are not missing", () =>
    expect(counted(instance("").replace("192.0.2.9/24", "X.X.X.9"))).toEqual(["5:3 X.X.X.9 is not an IP address"]));
  test("members that are not there are not missing", () =>
    expect(counted(`vrrp_sync_group G {\n group {\n  A\n  B\n }\n}\n`)).toEqual([
      "3:3 G lists A, which is no vrrp_instance",
      "4:3 G lists B, which is no vrrp_instance",
    ]));
  test("an auth_type that is wrong is not missing", () =>
    expect(counted(instance(" authentication {\n  auth_type PASS;\n  auth_pass x\n }"))).toEqual([
      "8:13 auth_type PASS; is none of PASS, AH",
    ]));
  test("a list without its braces, an instance outside of group, a placeholder of a shell: what to write", () => {
    expect(said(instance(" track_interface eth1"))).toEqual([
      "7:22 error VIPD005 track_interface lacks its {; write track_interface { eth1 }",
    ]);
    expect(said("vrrp_sync_group G {\n VI_1\n}\n")).toContain(
      "2:2 error VIPD001 unknown keyword VI_1 in vrrp_sync_group; write group { VI_1 } if it is an instance",
    );
    expect(said(instance(" priority ${PRIO:-100}"))).toEqual([
      "7:11 error VIPD016 ${PRIO:-100} is not defined; fill it in before (envsubst), or write the value",
    ]);
  });
  test("a forwarding method of a fork", () =>
    expect(counted(service("").replace("NAT", "FNAT"))).toEqual([
      "4:10 lb_kind FNAT belongs to a fork of keepalived (dpvs, or an FNAT kernel)",
    ]));
});
