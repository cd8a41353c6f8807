/** Virtual services as stories, over a table in memory that does what the kernel does. */
import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { createVirtualServices, type IpvsConfig, type VirtualServices } from "../../src/daemon/ipvs.ts";
import type { EventBody, UpDown } from "../../src/events.ts";
import type { IpvsIo } from "../../src/ipvs/io.ts";
import { type MutableTable, type Op, perform } from "../../src/ipvs/plan.ts";
import type { ServiceSettings } from "../../src/ipvs/settings.ts";
import { destinationKey, serviceKey } from "../../src/ipvs/table.ts";
import { type VirtualClock, virtualClock } from "../check/clock.ts";
import { checkOf } from "../ipvs/check-settings.ts";
import { destination, server, service, sorry, tableService } from "../ipvs/fixtures.ts";

type Kernel = IpvsIo & {
  readonly table: MutableTable;
  readonly sends: Op[][];
  missing: boolean;
  refuse: (op: Op) => string | undefined;
};

function kernelOf(table: MutableTable = new Map()): Kernel {
  const kernel: Kernel = {
    table,
    sends: [],
    missing: false,
    refuse: () => undefined,
    async open() {
      if (kernel.missing) throw new Error("Cannot use IPVS: the kernel does not offer it");
    },
    services: () => Array.from(table.values(), (one) => one.service),
    destinations: ({ id }) => [...(table.get(serviceKey(id))?.destinations.values() ?? [])],
    perform(ops) {
      kernel.sends.push([...ops]);
      return ops.map((op) => {
        const why = kernel.refuse(op);
        if (why === undefined) perform(table, op);
        return why;
      });
    },
    setTimeouts() {},
    close() {},
  };
  return kernel;
}

type Director = {
  readonly vipd: VirtualServices;
  readonly clock: VirtualClock;
  readonly events: EventBody[];
  say(check: string, state: UpDown, reason?: string): Promise<void>;
  reload(config: IpvsConfig): Promise<void>;
};

/** @param ours what the journal of an earlier run holds */
function bareDirector(kernel: Kernel, ours: readonly string[]) {
  const clock = virtualClock(0);
  const events: EventBody[] = [];
  const vipd = createVirtualServices({
    io: kernel,
    clock,
    emit: (body) => events.push(body),
    ours: () => ours,
    soon: queueMicrotask,
  });
  return { vipd, clock, events };
}

async function start(kernel: Kernel, config: IpvsConfig, ours: readonly string[] = []): Promise<Director> {
  const { vipd, clock, events } = bareDirector(kernel, ours);
  await vipd.open(config);
  const reload = async (next: IpvsConfig) => {
    expect(await vipd.prepare(next as never, 1)).toBe(undefined);
    await vipd.commit();
    await vipd.accepted();
  };
  await reload(config);
  return {
    vipd,
    clock,
    events,
    reload,
    async say(id, state, reason = state === "up" ? "connected" : "refused") {
      vipd.verdict({ id, state, reason, tookMs: 1 });
      await nextTurn();
    },
  };
}

const nextTurn = () => new Promise<void>((done) => setTimeout(done, 1));

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

function alphaOf(config: IpvsConfig, ...ids: readonly string[]): IpvsConfig {
  const checks = config.checks.checks.map((check) => ({ ...check, alpha: ids.includes(check.id) }));
  return { ...config, checks: { ...config.checks, checks } };
}

/** The table as text: `tcp 192.0.2.1:80: 11=1 12=0`. */
function shown(kernel: Kernel): readonly string[] {
  return Array.from(kernel.table, ([key, { destinations }]) => {
    const servers = Array.from(destinations.values(), ({ ip: address, weight }) => `${address.slice(8)}=${weight}`);
    return [`${key}:`, ...servers.sort()].join(" ");
  }).sort();
}

function told(events: readonly EventBody[], ...types: readonly EventBody["type"][]): readonly EventBody[] {
  return events.filter(({ type }) => types.includes(type));
}

const pair = service([server(11), server(12)]);

test("a server dies and returns: out of the table and in again, with events that say why", async () => {
  const kernel = kernelOf();
  const { say, events, clock } = await start(kernel, configOf(pair));
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  await say("check 11", "up");
  await clock.advance(5000);
  await say("check 11", "down", "timeout after 3 s");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=1"]);
  await say("check 11", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  const name = "[192.0.2.11]:tcp:80";
  expect(told(events, "server.state", "check.result")).toMatchObject([
    { type: "check.result", server: name, from: "unknown", to: "up" },
    { type: "check.result", server: name, from: "up", to: "down", reason: "timeout after 3 s" },
    {
      type: "server.state",
      server: name,
      from: "up",
      to: "down",
      reason: "timeout after 3 s",
      afterMs: 5000,
      check: "TCP_CHECK",
    },
    { type: "check.result", server: name, from: "down", to: "up" },
    { type: "server.state", server: name, from: "down", to: "up" },
  ]);
  expect(told(events, "ipvs.change")).toMatchObject([
    { service: "[192.0.2.1]:tcp:80", what: "add 1 service, add 2 servers", count: 3 },
    { what: "remove 1 server", count: 1 },
    { what: "add 1 server", count: 1 },
  ]);
});

test("both die: the sorry server answers, and goes when one is back", async () => {
  const kernel = kernelOf();
  const { say, events } = await start(kernel, configOf({ ...pair, sorryServer: sorry(99) }));
  await say("check 11", "down");
  await say("check 12", "down");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 99=1"]);
  await say("check 12", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=1"]);
  expect(told(events, "service.quorum")).toMatchObject([
    { from: "down", to: "up", initial: true, weight: 2 },
    {
      from: "up",
      to: "down",
      initial: false,
      weight: 0,
      reason: "lost quorum 1-0=1 > 0",
      sorryServer: "[192.0.2.99]:tcp:80",
    },
    { from: "down", to: "up", initial: false, weight: 1 },
  ]);
});

test("alpha: no server until its check has passed", async () => {
  const kernel = kernelOf();
  const { say } = await start(kernel, alphaOf(configOf(service([server(11)])), "check 11"));
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80:"]);
  await say("check 11", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1"]);
});

test("decision 21, alpha: what a crash left in the table begins down, and says so, until its check passes", async () => {
  const kernel = kernelOf();
  const config = alphaOf(configOf(pair), "check 11");
  const before = await start(kernel, config);
  await before.say("check 11", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  const after = await start(kernel, config, before.vipd.keys());
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=1"]);
  expect(after.vipd.health()).toEqual([
    ["check 11", "down"],
    ["check 12", "up"],
  ]);
  expect(after.vipd.status([])[0]?.servers).toMatchObject([
    { state: "down", reason: "alpha: down until its checks have passed" },
    { state: "up", reason: "was up before" },
  ]);
  await after.say("check 11", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
});

test("alpha: what is known of a check outlives a reload that changes its service", async () => {
  const kernel = kernelOf();
  const { say, reload } = await start(kernel, alphaOf(configOf(pair), "check 11"));
  await say("check 11", "up");
  await reload(alphaOf(configOf({ ...pair, scheduler: "wlc" }), "check 11"));
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
});

test("services of others, and their servers, are not touched: at start, on a compare, at the end", async () => {
  const kernel = kernelOf();
  const foreign = tableService(8080);
  perform(kernel.table, { op: "addService", key: serviceKey(foreign.id), service: foreign });
  kernel.table.get(serviceKey(foreign.id))?.destinations.set("x", destination(ip("192.0.2.55"), 80));
  const { vipd, clock } = await start(kernel, configOf(pair));
  await clock.advance(1000);
  await vipd.compare();
  expect(vipd.state().foreign).toEqual(["tcp 192.0.2.1:8080"]);
  await vipd.stop({ keep: false });
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:8080: 55=1"]);
});

test("what somebody else changes is put right by the next compare, and said", async () => {
  const kernel = kernelOf();
  const { vipd, events } = await start(kernel, configOf(pair));
  const row = kernel.table.get(pair.key);
  row?.destinations.delete("192.0.2.11:80");
  row?.destinations.set("192.0.2.77:80", destination(ip("192.0.2.77"), 80));
  await vipd.compare();
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  kernel.table.clear();
  await vipd.compare();
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  expect(told(events, "ipvs.change").slice(1)).toMatchObject([
    { what: "put right what somebody else changed: add 1 server, remove 1 server" },
    { what: "put right what somebody else changed: add 1 service, add 2 servers" },
  ]);
});

test("decision 21: a crash and a start neither disturb a service nor revive a dead server", async () => {
  const kernel = kernelOf();
  const before = await start(
    kernel,
    configOf(pair, service([server(21)], { match: { type: "fwmark", mark: 7, family: "ipv4" } })),
  );
  await before.say("check 11", "down");
  kernel.sends.length = 0;
  const journal = before.vipd.keys();
  const config = configOf({ ...pair, servers: [server(11), server(12, { weight: 4 })] });
  const after = await start(kernel, config, journal);
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=4"]);
  expect(kernel.sends.flat().map(({ op, key }) => `${op} ${key}`)).toEqual([
    "setDestination tcp 192.0.2.1:80",
    "deleteService fwmark 7 ipv4",
  ]);
  expect(after.vipd.health()).toEqual([
    ["check 11", "down"],
    ["check 12", "up"],
  ]);
  await after.say("check 11", "up");
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=4"]);
});

test("decision 21: with inhibit_on_failure, weight 0 in the table says that it was down", async () => {
  const kernel = kernelOf();
  const config = configOf(service([server(11, { inhibitOnFailure: true }), server(12, { inhibitOnFailure: true })]));
  const before = await start(kernel, config);
  await before.say("check 11", "down");
  const after = await start(kernel, config, before.vipd.keys());
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=0 12=1"]);
  expect(after.vipd.health()).toEqual([
    ["check 11", "down"],
    ["check 12", "up"],
  ]);
});

test("stop --keep-ipvs leaves the table; omega tells that everything goes down", async () => {
  const kernel = kernelOf();
  const { vipd, events } = await start(kernel, configOf({ ...pair, omega: true, sorryServer: sorry(99) }));
  const before = events.length;
  await vipd.stop({ keep: true });
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  expect(events.slice(before)).toMatchObject([
    { type: "server.state", to: "down", reason: "vipd is stopping" },
    { type: "server.state", to: "down", reason: "vipd is stopping" },
    { type: "service.quorum", to: "down", reason: "vipd is stopping", sorryServer: undefined },
  ]);
});

test("a reload changes what differs and nothing else; health of a server outlives new settings of its check", async () => {
  const kernel = kernelOf();
  const { say, reload, vipd, events } = await start(kernel, configOf(pair));
  await say("check 11", "down");
  kernel.sends.length = 0;
  events.length = 0;
  const changed = service([server(11, { checks: ["other check 11"] }), server(12), server(13)], { scheduler: "wlc" });
  const added = service([server(31)], { match: { type: "address", protocol: "udp", ip: ip("192.0.2.1"), port: 53 } });
  const next = configOf(changed, added);
  await say("check 12", "up");
  await vipd.prepare(next as never, 2);
  expect(vipd.health()).toEqual([
    ["check 11", "down"],
    ["check 12", "up"],
    ["other check 11", "down"],
    ["check 12", "up"],
  ]);
  vipd.abandon();
  await reload(next);
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=1 13=1", "udp 192.0.2.1:53: 31=1"]);
  expect(kernel.sends.flat().map(({ op }) => op)).toEqual([
    "setService",
    "addDestination",
    "addService",
    "addDestination",
  ]);
  expect(told(events, "server.state")).toEqual([]);
  await reload(configOf(added));
  expect(shown(kernel)).toEqual(["udp 192.0.2.1:53: 31=1"]);
  expect(vipd.keys()).toEqual(["udp 192.0.2.1:53"]);
});

test("a reload that takes over a service of somebody else reads it first", async () => {
  const kernel = kernelOf();
  const { reload } = await start(kernel, configOf(pair));
  const foreign = tableService(8080);
  const key = serviceKey(foreign.id);
  kernel.table.set(key, { service: foreign, destinations: new Map() });
  kernel.table
    .get(key)
    ?.destinations.set(destinationKey(destination(ip("192.0.2.55"), 80)), destination(ip("192.0.2.55"), 80));
  const wanted = service([server(31)], {
    match: { type: "address", protocol: "tcp", ip: ip("192.0.2.1"), port: 8080 },
  });
  const { vipd } = await start(kernel, configOf(pair), [pair.key]);
  expect(vipd.state().foreign).toEqual([key]);
  await vipd.prepare(configOf(pair, wanted) as never, 2);
  kernel.sends.length = 0;
  await vipd.commit();
  expect(kernel.sends.flat()).toEqual([]);
  await vipd.accepted();
  expect(kernel.sends.flat().map(({ op }) => op)).toEqual(["addDestination", "deleteDestination"]);
  await reload(configOf(pair));
});

test("a start that is refused leaves a service of somebody else as it is, though it names the same", async () => {
  const kernel = kernelOf();
  const foreign = tableService(80, { scheduler: "wlc" });
  kernel.table.set(pair.key, {
    service: foreign,
    destinations: new Map([["192.0.2.55:80", destination(ip("192.0.2.55"), 80)]]),
  });
  const lastGood = service([server(31)], {
    match: { type: "address", protocol: "udp", ip: ip("192.0.2.1"), port: 53 },
  });
  const own = service([server(21)], { match: { type: "fwmark", mark: 7, family: "ipv4" } });
  const { vipd, clock } = bareDirector(kernel, [lastGood.key]);
  await vipd.open(configOf(pair, own));
  await vipd.prepare(configOf(pair, own) as never, 1);
  await vipd.commit();
  expect(vipd.state().foreign).toEqual([pair.key]);
  expect(vipd.keys()).toEqual([own.key]);
  vipd.verdict({ id: "check 11", state: "down", reason: "refused", tookMs: 1 });
  await nextTurn();
  await vipd.prepare(configOf(lastGood) as never, 2);
  await vipd.commit();
  await vipd.accepted();
  await clock.advance(30_000);
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 55=1", "udp 192.0.2.1:53: 31=1"]);
  expect(vipd.keys()).toEqual([lastGood.key]);
  await vipd.stop({ keep: false });
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 55=1"]);
});

test("a start that is accepted takes over a service of the same name, with the health that its table tells", async () => {
  const kernel = kernelOf();
  const row = {
    service: tableService(80),
    destinations: new Map([["192.0.2.12:80", destination(ip("192.0.2.12"), 80)]]),
  };
  kernel.table.set(pair.key, row);
  const { events, vipd } = await start(kernel, configOf(pair));
  expect(kernel.sends.flat()).toEqual([]);
  expect(vipd.health()).toEqual([
    ["check 11", "down"],
    ["check 12", "up"],
  ]);
  expect(told(events, "ipvs.change")).toEqual([]);
  expect(vipd.keys()).toEqual([pair.key]);
});

test("a kernel without IPVS: said once, tried again every ten seconds, and programmed when it is there", async () => {
  const kernel = kernelOf();
  kernel.missing = true;
  const { say, clock, events, vipd } = await start(kernel, configOf(pair));
  await say("check 11", "down");
  await clock.advance(25_000);
  expect(told(events, "ipvs.error")).toEqual([
    { type: "ipvs.error", reason: "Cannot use IPVS: the kernel does not offer it" },
  ]);
  expect(vipd.state()).toMatchObject({ available: false, error: "Cannot use IPVS: the kernel does not offer it" });
  kernel.missing = false;
  await clock.advance(10_000);
  await nextTurn();
  await nextTurn();
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 12=1"]);
  expect(vipd.state()).toMatchObject({ available: true, error: undefined });
});

test("checkers that die while a reload is prepared are told of services that it does not change, too", async () => {
  const { say, vipd } = await start(kernelOf(), configOf(pair));
  await say("check 11", "down");
  await say("check 12", "up");
  const added = service([server(31)], { match: { type: "fwmark", mark: 7, family: "ipv4" } });
  await vipd.prepare(configOf(pair, added) as never, 2);
  expect(new Map(vipd.health())).toEqual(
    new Map([
      ["check 11", "down"],
      ["check 12", "up"],
    ]),
  );
});

test("a quorum that a reload takes away is lost, not one to start with", async () => {
  const { reload, events } = await start(kernelOf(), configOf(pair));
  await reload(configOf({ ...pair, quorum: 3 }));
  expect(told(events, "service.quorum")).toMatchObject([
    { to: "up", initial: true },
    { from: "up", to: "down", initial: false, reason: "lost quorum 3-0=3 > 2" },
  ]);
});

test("what the kernel refuses is said once, and tried again", async () => {
  const kernel = kernelOf();
  kernel.refuse = (op) =>
    op.op === "addService" ? "Cannot add service: ENOENT" : kernel.table.has(op.key) ? undefined : "ESRCH";
  const { events, vipd } = await start(kernel, configOf(pair));
  await vipd.compare();
  await vipd.compare();
  expect(told(events, "ipvs.error")).toEqual([
    { type: "ipvs.error", reason: "Cannot add service: ENOENT (and 2 more)" },
  ]);
  kernel.refuse = () => undefined;
  await vipd.compare();
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  await vipd.compare();
  expect(vipd.state().error).toBe(undefined);
});

test("a thousand services: never more than 256 operations in one turn, and a second commit changes nothing", async () => {
  const kernel = kernelOf();
  const services = Array.from({ length: 1000 }, (_, index) => {
    const match = { type: "address", protocol: "tcp", ip: ip("192.0.2.1"), port: 1000 + index } as const;
    return service([server(11), server(12), server(13)], { match });
  });
  const { reload } = await start(kernel, configOf(...services));
  expect(kernel.table.size).toBe(1000);
  expect(Math.max(...kernel.sends.map(({ length }) => length))).toBeLessThanOrEqual(256);
  kernel.sends.length = 0;
  await reload(configOf(...services));
  expect(kernel.sends).toEqual([]);
});

test("lvs_flush: the whole table is ours at start; lvs_flush_onstop: at the end, too", async () => {
  const kernel = kernelOf();
  const foreign = tableService(8080);
  kernel.table.set(serviceKey(foreign.id), { service: foreign, destinations: new Map() });
  const flush: IpvsConfig = { ...configOf(pair), ipvs: { timeouts: undefined, flush: true, flushOnStop: "all" } };
  const { vipd } = await start(kernel, flush);
  expect(shown(kernel)).toEqual(["tcp 192.0.2.1:80: 11=1 12=1"]);
  kernel.table.set(serviceKey(foreign.id), { service: foreign, destinations: new Map() });
  await vipd.compare();
  expect(kernel.table.size).toBe(2);
  await vipd.stop({ keep: false });
  expect(kernel.table.size).toBe(0);
});
