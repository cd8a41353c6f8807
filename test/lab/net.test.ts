import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { announces, isAdvert } from "./capture.ts";
import { createLab } from "./net.ts";

test("two nodes on a LAN, an IPVS service, keepalived's advert", async () => {
  await using lab = await createLab();
  const lan = await lab.lan("front");
  const a = await lab.node("a");
  const b = await lab.node("b");
  const eth0 = await a.attach(lan, { addresses: ["10.0.0.1/24"], mac: "02:00:00:00:00:01" });
  await b.attach(lan, { addresses: ["10.0.0.2/24"] });
  expect(eth0.mac).toBe("02:00:00:00:00:01");
  await a.run(["ping", "-c1", "-W2", "10.0.0.2"]);
  await a.run(["ipvsadm", "-A", "-t", "10.0.0.100:80", "-s", "wrr"]);
  expect((await a.run(["ipvsadm", "-S", "-n"])).stdout).toBe("-A -t 10.0.0.100:80 -s wrr\n");

  const file = await a.write(
    "keepalived.conf",
    `vrrp_instance V {
       interface eth0
       virtual_router_id 51
       priority 100
       virtual_ipaddress { 10.0.0.50/24 }
     }\n`,
  );
  const wire = await lan.capture();
  const keepalived = a.start(["keepalived", "-n", "-l", "-D", "-G", "-f", file]);
  const advert = await wire.frame(isAdvert);
  expect(advert).toMatchObject({
    source: "10.0.0.1",
    vrid: 51,
    priority: 100,
    addresses: ["10.0.0.50"],
    intervalMs: 1000,
    ttl: 255,
  });
  const arp = await wire.frame(announces("10.0.0.50"));
  expect(arp.senderMac).toBe(eth0.mac);
  await keepalived.line(/Entering MASTER STATE/);
  expect((await a.pids()).length).toBeGreaterThanOrEqual(2);

  await a.kill();
  expect(await a.pids()).toEqual([]);
  expect((await keepalived.exited).signal).toBe("SIGKILL");
  expect((await a.run(["ip", "-o", "addr", "show", "dev", "eth0"])).stdout).toContain("10.0.0.50/24");

  await eth0.cut("silent");
  expect((await b.run(["ping", "-c1", "-W1", "10.0.0.1"], { check: false })).code).toBe(1);
  await eth0.heal();
  await b.run(["ping", "-c1", "-W2", "10.0.0.1"]);
  await eth0.cut("carrier");
  expect((await a.run(["ip", "-o", "link", "show", "eth0"])).stdout).toContain("NO-CARRIER");
  await eth0.heal();
});

test("closing a lab leaves nothing", async () => {
  const lab = await createLab();
  const node = await lab.node("n");
  await node.attach(await lab.lan("x"), { addresses: ["10.9.9.1/24"] });
  const sleeper = node.start(["sleep", "1000"]);
  await node.shell("true");
  await lab.close();
  expect((await sleeper.exited).signal).toBe("SIGKILL");
  const left = execFileSync("sh", ["-c", "ip netns; ls /run /sys/fs/cgroup; mount"], { encoding: "utf8" });
  expect(left).not.toContain(node.namespace);
  expect(left).not.toContain("vipd-lab");
});
