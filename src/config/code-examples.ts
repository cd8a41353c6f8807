/** A small file for each code: `docs/codes.md` and `vipd explain CODE` show what vipd says about it, and a test sees that it says so. */
import type { Code } from "./problems.ts";

const instance = (lines: string, address = "192.0.2.9/24", name = "VI_1", vrid = 51) =>
  `vrrp_instance ${name} {\n  interface eth0\n  virtual_router_id ${vrid}\n${indented(lines)}  virtual_ipaddress {\n    ${address}\n  }\n}\n`;
const script = (lines: string) => `vrrp_script chk {\n  script /usr/bin/true\n${indented(lines)}}\n`;
const globals = (lines: string) => `global_defs {\n${indented(lines)}}\n`;
const service = (lines: string, server = "TCP_CHECK { }", head = "192.0.2.1 80", address = "10.0.0.1 80") =>
  `virtual_server ${head} {\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n${indented(lines)}  real_server ${address} {\n${indented(server, "    ")}  }\n}\n`;

function indented(lines: string, by = "  "): string {
  return lines === ""
    ? ""
    : `${lines
        .split("\n")
        .map((line) => by + line)
        .join("\n")}\n`;
}

export const codeExamples: Readonly<Record<Code, string>> = {
  VIPD001: globals("router_idd lb1"),
  VIPD002: "vrrp_instance VI_1 {\n  interface\n}\n",
  VIPD003: instance("priority 300"),
  VIPD004: globals("router_id lb1 lb2"),
  VIPD005: `vrrp_instance VI_1 {\n  interface eth0\n  virtual_router_id 51\n  virtual_ipaddress {\n    192.0.2.9/24\n\n}\n${globals("router_id lb1")}`,
  VIPD006: globals('router_id "lb1'),
  VIPD007: "includem /etc/keepalived/customers.conf\n",
  VIPD008: globals("enable_snmp_vrrp"),
  VIPD009: globals("process_names"),
  VIPD010: service("", "HTTP_GET {\n  nb_get_retry 3\n  url { path / }\n}"),
  VIPD011: instance("priority 100\npriority 150"),
  VIPD012: "vrrp_instance VI_1 {\n  interface eth0\n}\n",
  VIPD013: instance("track_script {\n  chk_haproxy\n}"),
  VIPD014: instance("") + instance("", "192.0.2.10/24", "VI_1", 52),
  VIPD015: instance("advert_int 0.5"),
  VIPD016: "~SEQ(I, 1, 0, 5) 192.0.2.$I\n",
  VIPD017: `\ufeff${globals("router_id lb1")}`,
  VIPD018: globals("router_id lb1").repeat(1) + "nonsense\n".repeat(2001),
  VIPD019: `virtual_server_group WEB {\n  192.0.2.1 80\n}\n${service("", "TCP_CHECK { }", "group WEB")}`,
  VIPD020: service("nat_mask 255.255.255.0"),
  VIPD021: instance("", "192.0.2.999/24"),
  VIPD022: `vrrp_script chk {\n  script /usr/local/bin/missing.sh\n}\n${instance("track_script {\n  chk\n}")}`,
  VIPD023: `vrrp_script chk {\n  script /usr/bin/true\n  user nobody-here\n}\n${instance("track_script {\n  chk\n}")}`,
  VIPD024: instance("").replace("eth0", "eth7"),
  VIPD025: globals("vrrp_notify_fifo_script /usr/bin/true"),
  VIPD026: instance("priority {{ priority }}"),
  VIPD027: "\n",
  VIPD028: `net_namespace lb\n${instance("")}`,
  VIPD040: instance("") + instance("", "192.0.2.9/24", "VI_2", 52),
  VIPD041: instance("", "192.0.2.2/24"),
  VIPD042: instance("", "198.51.100.9/24"),
  VIPD043: instance("", "192.0.2.9"),
  VIPD044: instance("", "127.0.0.5/8"),
  VIPD045: instance("state MASTER\npriority 150"),
  VIPD046: script("interval 2\nweight -2") + instance("state MASTER\npriority 100\ntrack_script {\n  chk\n}"),
  VIPD047: script("interval 2\nweight -20") + instance("nopreempt\npriority 150\ntrack_script {\n  chk\n}"),
  VIPD048:
    "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n}\n" +
    instance("priority 150") +
    instance("priority 100", "192.0.2.10/24", "VI_2", 52),
  VIPD049: instance("version 3\nadvert_int 0.01"),
  VIPD050: instance("advert_int 60"),
  VIPD051: instance("garp_master_delay 0"),
  VIPD052: script("interval 2").replace("/usr/bin/true", "/bin/true") + instance("track_script {\n  chk\n}"),
  VIPD053: instance("unicast_peer {\n}"),
  VIPD054: instance("unicast_src_ip 192.0.2.2\nunicast_peer {\n  192.0.2.2\n}"),
  VIPD055: instance("unicast_peer {\n  192.0.2.3\n  192.0.2.3\n}"),
  VIPD056: instance("unicast_src_ip 192.0.2.2"),
  VIPD057: instance("mcast_src_ip 192.0.2.77"),
  VIPD058: script("interval 1\ntimeout 5") + instance("track_script {\n  chk\n}"),
  VIPD059:
    'vrrp_script chk {\n  script "/usr/bin/pgrep haproxy | wc -l"\n  interval 2\n}\n' +
    instance("track_script {\n  chk\n}"),
  VIPD060: script("interval 2") + instance(""),
  VIPD061: script("interval 60\nfall 10") + instance("track_script {\n  chk\n}"),
  VIPD062:
    script("interval 2\nuser haproxy").replace("/usr/bin/true", "/root/check.sh") +
    instance("track_script {\n  chk\n}"),
  VIPD063: service("delay_loop 2", "HTTP_GET {\n  connect_timeout 5\n  url { path /a }\n  url { path /b }\n}"),
  VIPD064: service("delay_loop 20", "TCP_CHECK {\n  connect_timeout 10\n  retry 3\n  delay_before_retry 5\n}"),
  VIPD065: service("", "weight 1"),
  VIPD066: service("quorum 2\nhysteresis 1", "weight 2\nTCP_CHECK { }"),
  VIPD067: service("sorry_server 10.0.0.1 80"),
  VIPD068: service("", "TCP_CHECK { }", "192.0.2.1 80", "192.0.2.1 80"),
  VIPD069: service("persistence_timeout 60").replace("lb_algo rr", "lb_algo sh"),
  VIPD070: service("", "weight 5\nTCP_CHECK { }").replace(
    /\}\n$/,
    "  real_server 10.0.0.2 80 {\n    weight 1\n    TCP_CHECK { }\n  }\n}\n",
  ),
  VIPD071: service("ops"),
  VIPD072: instance("") + service("").replace("192.0.2.1 80", "192.0.2.10 80"),
  VIPD073: service("", "weight 0\nTCP_CHECK { }"),
  VIPD074: service("")
    .replace("lb_algo rr", "lb_algo dh")
    .replace(/\}\n$/, "  real_server 10.0.0.2 80 {\n    TCP_CHECK { }\n  }\n}\n"),
  VIPD075: globals("router_id lb1\nsmtp_server 192.0.2.25"),
  VIPD076: globals("notification_email {\n  admin@example.org\n}"),
  VIPD077: instance("smtp_alert true"),
  VIPD078:
    globals("router_id lb1\nsmtp_server 192.0.2.25\nnotification_email {\n  admin@example.org\n}") + instance(""),
  VIPD079:
    globals("smtp_server 192.0.2.25\nsmtp_alert true\nnotification_email {\n  admin@example.org\n}") + instance(""),
  VIPD080:
    globals("router_id lb1\nsmtp_server 192.0.2.25\nsmtp_alert true\nnotification_email {\n  admin.example.org\n}") +
    instance(""),
  VIPD081: instance("priority 255"),
};
