/** native/netlink's IPVS against a kernel that has it; ipvsadm is the judge. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Destination,
  deleteDaemon,
  deleteDestination,
  deleteService,
  flush,
  type Ipvs,
  NetlinkError,
  newDaemon,
  newDestination,
  newService,
  openIpvs,
  SERVICE_FLAG,
  type Service,
  type ServiceId,
  setDestination,
  setService,
  setTimeouts,
  zero,
} from "../../native/netlink/ipvs/index.ts";
import { inside } from "./namespace.ts";
import { createLab, type Lab, type LabNode } from "./net.ts";

let lab: Lab;
let node: LabNode;
let ipvs: Ipvs;

beforeAll(async () => {
  lab = await createLab();
  node = await lab.node("ipvs");
  ipvs = inside(node, () => openIpvs());
}, 60_000);

beforeEach(() => ipvs.perform(flush()));

afterAll(async () => {
  ipvs.close();
  await lab.close();
}, 60_000);

const web: ServiceId = { type: "address", protocol: "tcp", ip: "192.0.2.1", port: 80 };
const sip: ServiceId = { type: "address", protocol: "udp", ip: "192.0.2.2", port: 5060 };
const secure: ServiceId = { type: "address", protocol: "tcp", ip: "2001:db8::1", port: 443 };
const marked: ServiceId = { type: "fwmark", mark: 7, family: "ipv4" };

function service(id: ServiceId, scheduler: string, more: Partial<Service> = {}): Service {
  const netmask = id.type === "address" && id.ip.includes(":") ? 128 : 32;
  return { id, scheduler, flags: 0, timeoutSeconds: 0, netmask, pe: undefined, ...more };
}

function server(ip: string, port: number, more: Partial<Destination> = {}): Destination {
  return { ip, port, weight: 1, forwarding: { method: "NAT" }, upperThreshold: 0, lowerThreshold: 0, ...more };
}

async function saved(): Promise<readonly string[]> {
  return (await node.run(["ipvsadm", "-S", "-n"])).stdout.trim().split("\n").sort();
}

function codeOf(deed: () => unknown): string | undefined {
  try {
    deed();
    return undefined;
  } catch (error) {
    if (error instanceof NetlinkError) return error.code;
    throw error;
  }
}

test("services and servers are written, changed, read and deleted", async () => {
  const persistent = { flags: SERVICE_FLAG.persistent, timeoutSeconds: 300, netmask: 24 };
  const sh = { flags: SERVICE_FLAG.scheduler1 | SERVICE_FLAG.scheduler2 };
  const services = [
    service(web, "wlc", persistent),
    service(sip, "rr", { flags: SERVICE_FLAG.onePacket }),
    service(secure, "sh", sh),
    service(marked, "mh"),
  ];
  for (const each of services) ipvs.perform(newService(each));
  const dr = { method: "DR" } as const;
  const gue = { method: "TUN", tunnel: "gue", port: 6080, checksum: "remcsum" } as const;
  const ipip = { method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" } as const;
  const servers = [
    server("10.0.0.1", 8080, { weight: 5 }),
    server("10.0.0.2", 80, { forwarding: dr, weight: 0, upperThreshold: 100, lowerThreshold: 50 }),
  ];
  for (const each of servers) ipvs.perform(newDestination(web, each));
  ipvs.perform(newDestination(marked, server("10.0.0.3", 0, { forwarding: gue })));
  ipvs.perform(newDestination(secure, server("2001:db8::11", 443, { forwarding: ipip })));
  expect(await saved()).toEqual(
    [
      "-A -t 192.0.2.1:80 -s wlc -p 300 -M 255.255.255.0",
      "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -m -w 5",
      "-a -t 192.0.2.1:80 -r 10.0.0.2:80 -g -w 0",
      "-A -u 192.0.2.2:5060 -s rr -o",
      "-A -t [2001:db8::1]:443 -s sh -b sh-fallback,sh-port",
      "-a -t [2001:db8::1]:443 -r [2001:db8::11]:443 -i -w 1 --tun-type ipip",
      "-A -f 7 -s mh",
      "-a -f 7 -r 10.0.0.3:0 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum",
    ].sort(),
  );
  const thresholds = await node.run(["ipvsadm", "-L", "-n", "--thresholds"]);
  expect(thresholds.stdout).toMatch(/10\.0\.0\.2:80\s+100\s+50\s/);
  const read = ipvs.services();
  expect(read).toHaveLength(services.length);
  for (const each of services)
    expect(read).toContainEqual({ ...each, stats: expect.objectContaining({ connections: 0 }) });
  expect(ipvs.destinations(web)).toEqual(expect.arrayContaining(servers.map((each) => expect.objectContaining(each))));
  expect(ipvs.destinations(marked)).toEqual([expect.objectContaining(server("10.0.0.3", 0, { forwarding: gue }))]);
  expect(ipvs.destinations(sip)).toEqual([]);

  ipvs.perform(setService(service(web, "rr")));
  ipvs.perform(setDestination(web, server("10.0.0.1", 8080, { weight: 9, forwarding: dr })));
  ipvs.perform(deleteDestination(web, { ip: "10.0.0.2", port: 80 }));
  expect(await saved()).toEqual(
    expect.arrayContaining(["-A -t 192.0.2.1:80 -s rr", "-a -t 192.0.2.1:80 -r 10.0.0.1:8080 -g -w 9"]),
  );
  ipvs.perform(deleteService(sip));
  ipvs.perform(zero(web));
  ipvs.perform(zero());
  ipvs.perform(flush());
  expect(ipvs.services()).toEqual([]);
});

test("what the kernel refuses", () => {
  ipvs.perform(newService(service(web, "rr")));
  expect(codeOf(() => ipvs.perform(newService(service(web, "rr"))))).toBe("EEXIST");
  expect(() => ipvs.perform(newService(service(sip, "nonesuch")))).toThrow(
    "Cannot add service udp 192.0.2.2:5060 scheduler nonesuch: ENOENT (no such file or directory)",
  );
  expect(codeOf(() => ipvs.perform(setDestination(web, server("10.0.0.1", 80))))).toBe("ENOENT");
  expect(codeOf(() => ipvs.perform(deleteService(sip)))).toBe("ESRCH");
  expect(ipvs.destinations(sip)).toEqual([]);
  const outcomes = ipvs.performAll([
    newDestination(web, server("10.0.0.1", 80)),
    newDestination(web, server("10.0.0.1", 80)),
    newDestination(web, server("10.0.0.2", 80)),
  ]);
  expect(outcomes.map((outcome) => outcome?.code)).toEqual([undefined, "EEXIST", undefined]);
  expect(ipvs.destinations(web)).toHaveLength(2);
});

test("timeouts, version, sync daemons", async () => {
  expect(ipvs.info().version).toMatch(/^1\.2\.\d+$/);
  expect(ipvs.info().tableSize).toBeGreaterThan(0);
  ipvs.perform(setTimeouts({ tcpSeconds: 700, tcpFinSeconds: 70, udpSeconds: 0 }));
  expect(ipvs.timeouts()).toMatchObject({ tcpSeconds: 700, tcpFinSeconds: 70, udpSeconds: 300 });
  expect((await node.run(["ipvsadm", "-L", "--timeout"])).stdout).toContain("700 70 300");

  const lan = await lab.lan("sync");
  await node.attach(lan, { name: "eth0", addresses: ["10.0.0.1/24"] });
  ipvs.perform(newDaemon({ state: "master", link: "eth0", syncId: 7, group: "224.0.0.99", port: 9000, ttl: 3 }));
  ipvs.perform(newDaemon({ state: "backup", link: "eth0", syncId: 8 }));
  expect(ipvs.daemons()).toEqual([
    {
      state: "master",
      link: "eth0",
      syncId: 7,
      maxLength: expect.any(Number),
      group: "224.0.0.99",
      port: 9000,
      ttl: 3,
    },
    {
      state: "backup",
      link: "eth0",
      syncId: 8,
      maxLength: expect.any(Number),
      group: "224.0.0.81",
      port: 8848,
      ttl: 1,
    },
  ]);
  await new Promise((done) => setTimeout(done, 100)); // their threads must have run once: see `deleteDaemon`
  ipvs.perform(deleteDaemon("master"));
  ipvs.perform(deleteDaemon("backup"));
  expect(ipvs.daemons()).toEqual([]);
  expect(codeOf(() => ipvs.perform(deleteDaemon("master")))).toBe("ESRCH");
});

test("1,000 services with ten servers each, in batches", () => {
  const ids = Array.from(
    { length: 1000 },
    (_, i): ServiceId => ({ type: "address", protocol: "tcp", ip: `10.1.${i >> 8}.${i & 0xff}`, port: 80 }),
  );
  const changes = ids.flatMap((id) => [
    newService(service(id, "wlc")),
    ...Array.from({ length: 10 }, (_, i) => newDestination(id, server(`10.2.0.${i + 1}`, 80))),
  ]);
  const started = performance.now();
  expect(ipvs.performAll(changes).filter((outcome) => outcome !== undefined)).toEqual([]);
  const tookMs = performance.now() - started;
  expect(ipvs.services()).toHaveLength(1000);
  expect(ids.reduce((sum, id) => sum + ipvs.destinations(id).length, 0)).toBe(10_000);
  expect(tookMs).toBeLessThan(10_000); // some 1,100 ms alone; the guest shares its processor
}, 60_000);
