/** vipd's virtual services against a kernel that has IPVS; ipvsadm is the judge. */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { createVirtualServices, type IpvsConfig, type VirtualServices } from "../../src/daemon/ipvs.ts";
import type { EventBody } from "../../src/events.ts";
import type { IpvsIo } from "../../src/ipvs/io.ts";
import type { ServiceSettings } from "../../src/ipvs/settings.ts";
import { openClock } from "../../src/os/clock.ts";
import { createKernelTable } from "../../src/os/ipvs.ts";
import { checkOf } from "../ipvs/check-settings.ts";
import { server, service, sorry } from "../ipvs/fixtures.ts";
import { inside } from "./namespace.ts";
import { createLab, type Lab, type LabNode } from "./net.ts";

let lab: Lab;
let node: LabNode;
const clock = openClock();

beforeAll(async () => {
  lab = await createLab();
  node = await lab.node("director");
}, 60_000);

beforeEach(() => node.run(["ipvsadm", "-C"]));

afterAll(async () => {
  clock.close();
  await lab.close();
}, 60_000);

type Director = { readonly vipd: VirtualServices; readonly events: EventBody[] };

async function start(config: IpvsConfig, ours: readonly string[] = []): Promise<Director> {
  const events: EventBody[] = [];
  const vipd = createVirtualServices({ io: tableOf(node), clock, emit: (body) => events.push(body), ours: () => ours });
  await vipd.open(config);
  await reload(vipd, config);
  return { vipd, events };
}

async function reload(vipd: VirtualServices, config: IpvsConfig): Promise<void> {
  expect(await vipd.prepare(config as never, 1)).toBe(undefined);
  await vipd.commit();
  await vipd.accepted();
}

/** The kernel's table of the node's namespace: a socket stays where it was opened. */
function tableOf(of: LabNode): IpvsIo {
  const table = createKernelTable();
  return { ...table, open: () => inside(of, () => table.open()) };
}

function configOf(...services: readonly ServiceSettings[]): IpvsConfig {
  const checks = services.flatMap((one) =>
    one.servers.flatMap((real) => real.checks.map((id) => checkOf(id, one, real))),
  );
  return {
    services,
    checks: { checks, logAllFailures: false },
    ipvs: { timeouts: undefined, flush: false, flushOnStop: "no" },
  };
}

async function saved(): Promise<readonly string[]> {
  return (await node.run(["ipvsadm", "-S", "-n"])).stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .sort();
}

async function say(vipd: VirtualServices, id: string, state: "up" | "down"): Promise<void> {
  vipd.verdict({ id, state, reason: "said so", tookMs: 1 });
  await new Promise((done) => setTimeout(done, 50));
}

const pair = service([server(11), server(12, { weight: 5 })], { sorryServer: sorry(99) });
const web = "-t 192.0.2.1:80";

test("start, death, sorry server, recovery, stop; a foreign service stays as it is", async () => {
  await node.run(["ipvsadm", "-A", "-t", "192.0.2.9:80", "-s", "wlc"]);
  await node.run(["ipvsadm", "-a", "-t", "192.0.2.9:80", "-r", "192.0.2.77:80", "-m", "-w", "3"]);
  const foreign = await saved();
  const { vipd } = await start(configOf(pair));
  const all = [`-A ${web} -s rr`, `-a ${web} -r 192.0.2.11:80 -m -w 1`, `-a ${web} -r 192.0.2.12:80 -m -w 5`];
  expect(await saved()).toEqual([...foreign, ...all].sort());
  await say(vipd, "check 11", "down");
  expect(await saved()).toEqual([...foreign, `-A ${web} -s rr`, `-a ${web} -r 192.0.2.12:80 -m -w 5`].sort());
  await say(vipd, "check 12", "down");
  expect(await saved()).toEqual([...foreign, `-A ${web} -s rr`, `-a ${web} -r 192.0.2.99:80 -m -w 1`].sort());
  await say(vipd, "check 12", "up");
  await say(vipd, "check 11", "up");
  expect(await saved()).toEqual([...foreign, ...all].sort());
  await vipd.stop({ keep: false });
  expect(await saved()).toEqual(foreign);
});

test("every kind of service reads back as it was written: a compare finds nothing to do", async () => {
  const services = [
    pair,
    service([server(21, { forwarding: { method: "DR" }, upperThreshold: 100, lowerThreshold: 50 })], {
      match: { type: "fwmark", mark: 7, family: "ipv4" },
      scheduler: "sh",
      schedulerFlags: ["sh-port", "sh-fallback"],
      persistence: { timeoutSeconds: 300, granularity: 24, engine: undefined },
    }),
    service([server(31, { forwarding: { method: "TUN", tunnel: "ipip", port: 0, checksum: "nocsum" } })], {
      match: { type: "address", protocol: "udp", ip: ip("192.0.2.1"), port: 53 },
      onePacket: true,
    }),
    service([server(41, { ip: ip("2001:db8::41"), key: "[2001:db8::41]:443", port: 443 })], {
      match: { type: "address", protocol: "tcp", ip: ip("2001:db8::1"), port: 443 },
      scheduler: "wlc",
      persistence: { timeoutSeconds: 60, granularity: 64, engine: undefined },
    }),
    service([server(51, { ip: ip("127.0.0.1"), key: "127.0.0.1:80", forwarding: { method: "DR" } })], {
      match: { type: "address", protocol: "tcp", ip: ip("192.0.2.2"), port: 80 },
      scheduler: "mh",
      schedulerFlags: ["mh-port"],
    }),
  ];
  const { vipd, events } = await start(configOf(...services));
  expect(events.filter(({ type }) => type === "ipvs.error")).toEqual([]);
  const before = await saved();
  expect(before).toHaveLength(11);
  events.length = 0;
  await vipd.compare();
  await vipd.compare();
  expect(events).toEqual([]);
  expect(await saved()).toEqual(before);
  await vipd.stop({ keep: false });
});

test("what an admin changes with ipvsadm is put right; what vanished is made again", async () => {
  const { vipd, events } = await start(configOf(pair));
  const before = await saved();
  await node.run(["ipvsadm", "-e", "-t", "192.0.2.1:80", "-r", "192.0.2.12:80", "-m", "-w", "9"]);
  await node.run(["ipvsadm", "-d", "-t", "192.0.2.1:80", "-r", "192.0.2.11:80"]);
  await node.run(["ipvsadm", "-a", "-t", "192.0.2.1:80", "-r", "192.0.2.66:80", "-m"]);
  events.length = 0;
  await vipd.compare();
  expect(await saved()).toEqual(before);
  expect(events).toMatchObject([
    { what: "put right what somebody else changed: add 1 server, change 1 server, remove 1 server" },
  ]);
  await node.run(["ipvsadm", "-C"]);
  await say(vipd, "check 11", "down");
  await vipd.compare();
  expect(await saved()).toEqual(before.filter((line) => !line.includes("192.0.2.11")));
  await vipd.stop({ keep: false });
});

test("a crash and a start revive no dead server, remove what is configured no longer, and disturb nothing", async () => {
  const gone = service([server(21)], { match: { type: "fwmark", mark: 7, family: "ipv4" } });
  const crashed = await start(configOf(pair, gone));
  await say(crashed.vipd, "check 11", "down");
  const { vipd, events } = await start(configOf(pair), crashed.vipd.keys());
  expect(await saved()).toEqual([`-A ${web} -s rr`, `-a ${web} -r 192.0.2.12:80 -m -w 5`]);
  expect(events.filter(({ type }) => type === "ipvs.change")).toMatchObject([{ what: "remove 1 service" }]);
  await say(vipd, "check 11", "up");
  expect(await saved()).toHaveLength(3);
  await vipd.stop({ keep: true });
  expect(await saved()).toHaveLength(3);
  await crashed.vipd.stop({ keep: true });
});

test("a scheduler that the kernel does not have is an error that names the service; the others work", async () => {
  const odd = service([server(31)], {
    match: { type: "address", protocol: "tcp", ip: ip("192.0.2.3"), port: 80 },
    scheduler: "nonsense",
  });
  const { vipd, events } = await start(configOf(odd, pair));
  const errors = events.flatMap((event) => (event.type === "ipvs.error" ? [event.reason] : []));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain("192.0.2.3:80");
  expect(await saved()).toHaveLength(3);
  await vipd.stop({ keep: false });
});

test("a thousand services with ten servers each are programmed in seconds, and left alone by a reload", async () => {
  const services = Array.from({ length: 1000 }, (_, index) => {
    const servers = Array.from({ length: 10 }, (_, last) => server(11 + last));
    const match = { type: "address", protocol: "tcp", ip: ip("192.0.2.1"), port: 1000 + index } as const;
    return service(servers, { match });
  });
  const startedMs = clock.now();
  const { vipd, events } = await start(configOf(...services));
  const tookMs = clock.now() - startedMs;
  expect(await saved()).toHaveLength(11_000);
  expect(tookMs).toBeLessThan(6000);
  events.length = 0;
  await vipd.compare();
  await reload(vipd, configOf(...services));
  expect(events).toEqual([]);
  await vipd.stop({ keep: false });
  expect(await saved()).toEqual([]);
});
