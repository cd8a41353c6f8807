/** Direct routing, tunnels, and a firewall mark with persistence: what the kernel is told, and that traffic goes that way. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ipvsOf, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { instance, openStage, type Stage, VIP } from "./director.ts";
import type { LabNode } from "./net.ts";
import { startWebServer } from "./services.ts";

const check = "TCP_CHECK {\n      connect_timeout 1\n    }";
const CONFIG = `${instance("WEB")}
virtual_server ${VIP} 8080 {
  delay_loop 1
  lb_algo rr
  lb_kind DR
  protocol TCP
  real_server 10.3.0.31 8080 {
    weight 3
    ${check}
  }
}
virtual_server ${VIP} 8081 {
  delay_loop 1
  lb_algo wrr
  lb_kind TUN
  protocol TCP
  real_server 10.3.0.41 8081 {
    weight 2
    ${check}
  }
}
virtual_server fwmark 7 {
  delay_loop 1
  lb_algo wlc
  lb_kind NAT
  persistence_timeout 50
  persistence_granularity 255.255.255.0
  real_server 10.3.1.11 80 {
    ${check}
  }
  real_server 10.3.1.12 80 {
    ${check}
  }
}
`;
const MODULES = join(import.meta.dirname, "../../.cache/lab/modules");
/** The firewall of this kernel cannot mark, its queues can. */
const MARK = `modprobe -d ${MODULES} -a sch_ingress cls_u32 act_skbedit
  tc qdisc add dev eth0 ingress
  tc filter add dev eth0 parent ffff: protocol ip u32 match ip dport 80 0xffff action skbedit mark 7`;

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  await Promise.all([realServer("direct", 31, 8080, "lo"), realServer("tunnel", 41, 8081, "tunl0")]);
  await stage.director.shell(`set -e; ${MARK}`);
  vipd = await startVipd(stage.director, CONFIG);
  await untilHolds(stage.director, VIP);
});
afterAll(() => stage?.lab.close());

/** On the front LAN, with the virtual address on a device that does not answer ARP for it. */
async function realServer(name: string, host: number, port: number, device: string): Promise<void> {
  const node = await stage.lab.node(name);
  for (const [key, value] of [
    ["arp_ignore", 1],
    ["arp_announce", 2],
  ] as const)
    await node.sysctl(`net.ipv4.conf.all.${key}`, value);
  await node.attach(stage.front, { addresses: [`10.3.0.${host}/24`] });
  await node.shell(`ip link set ${device} up; ip address add ${VIP}/32 dev ${device}`);
  await startWebServer(node, { address: "0.0.0.0", port, page: name });
}

async function ask(client: LabNode, port: number): Promise<string> {
  const { stdout } = await client.run(["curl", "-sS", "-m", "3", `http://${VIP}:${port}/`]);
  return stdout;
}

test("the table is exactly what the file says", async () => {
  expect(await ipvsOf(stage.director)).toEqual([
    "-A -f 7 -s wlc -p 50 -M 255.255.255.0",
    `-A -t ${VIP}:8080 -s rr`,
    `-A -t ${VIP}:8081 -s wrr`,
    "-a -f 7 -r 10.3.1.11:80 -m -w 1",
    "-a -f 7 -r 10.3.1.12:80 -m -w 1",
    `-a -t ${VIP}:8080 -r 10.3.0.31:8080 -g -w 3`,
    `-a -t ${VIP}:8081 -r 10.3.0.41:8081 -i -w 2 --tun-type ipip`,
  ]);
  expect(vipd.lines(/ipvs\.error/)).toEqual([]);
});

test("direct routing carries traffic", async () => {
  expect(await ask(stage.peer, 8080)).toBe("direct");
});

test("a tunnel carries traffic", async () => {
  expect(await ask(stage.peer, 8081)).toBe("tunnel");
});

test("a mark makes the service, and a client stays with its server", async () => {
  const first = await ask(stage.peer, 80);
  expect(first).toMatch(/^r[12]$/);
  for (let request = 0; request < 3; request++) expect(await ask(stage.peer, 80)).toBe(first);
});
