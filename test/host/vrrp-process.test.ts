/** The vrrp process on real interfaces: two nodes on a bridge, seen by a capture on the bridge. */
import { readdir, readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { routerSettings } from "../daemon/vrrp/routers.ts";
import { type AdvertFrame, type AnyFrame, announces, type Capture, isAdvert } from "../lab/capture.ts";
import { createLab, type Lab, type LabNode, type Lan, type Link } from "../lab/net.ts";
import { virtualAddress } from "../vrrp/fixtures.ts";
import { startRole, type VrrpRole } from "./vrrp-role.ts";

const VIP = "10.0.0.9";
const INTERVAL_MS = 100;
const first = routerSettings({ version: 3, intervalMs: INTERVAL_MS, priority: 150 });
const second = routerSettings({ version: 3, intervalMs: INTERVAL_MS, priority: 100 });
/** 3 × 100 ms and the skew of priority 100. */
const DOWN_OF_SECOND_MS = 300 + (156 / 256) * INTERVAL_MS;
const SKEW_OF_SECOND_MS = (156 / 256) * INTERVAL_MS;

let lab: Lab;
let lan: Lan;
let a: LabNode;
let b: LabNode;
let linkOfA: Link;
let wire: Capture;

beforeAll(async () => {
  lab = await createLab();
  lan = await lab.lan("front");
  a = await lab.node("a");
  b = await lab.node("b");
  linkOfA = await a.attach(lan, { addresses: ["10.0.0.1/24"] });
  await b.attach(lan, { addresses: ["10.0.0.2/24"] });
  wire = await lan.capture();
}, 60_000);

afterAll(async () => await lab?.close());

/** An advert that says so. */
function advert(says: Partial<AdvertFrame>): (frame: AnyFrame) => frame is AdvertFrame {
  return (frame): frame is AdvertFrame =>
    isAdvert(frame) && Object.entries(says).every(([name, value]) => Object(frame)[name] === value);
}

async function addressesOf(node: LabNode): Promise<readonly string[]> {
  const { stdout } = await node.run(["ip", "-o", "-4", "address", "show", "dev", "eth0"]);
  return [...stdout.matchAll(/inet (\S+)/g)].map((found) => found[1] ?? "");
}

async function startPair(): Promise<readonly [VrrpRole, VrrpRole]> {
  const roleOfA = await startRole({ namespace: a.namespace });
  const roleOfB = await startRole({ namespace: b.namespace });
  await roleOfA.configure({ routers: [first] });
  await roleOfA.becomes("MASTER");
  await roleOfB.configure({ routers: [second] });
  await roleOfB.becomes("BACKUP");
  return [roleOfA, roleOfB];
}

describe("a lone node", () => {
  test("takes its address after the down interval, announces it, and gives it back when it stops", async () => {
    await using role = await startRole({ namespace: a.namespace });
    const from = wire.frames.length;
    expect(await role.configure({ routers: [first] })).toBeUndefined();
    const transition = await role.becomes("MASTER");
    expect(transition).toMatchObject({ from: "BACKUP", priority: 150 });
    const sent = await wire.frame(isAdvert, { from });
    expect(sent).toMatchObject({ source: "10.0.0.1", destination: "224.0.0.18", ttl: 255, priority: 150, vrid: 51 });
    expect(sent.addresses).toEqual([VIP]);
    const arp = await wire.frame(announces(VIP), { from });
    expect(arp.senderMac).toBe(linkOfA.mac);
    expect(arp.atMs - sent.atMs).toBeLessThan(20);
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24", `${VIP}/24`]);
    const status = await role.status();
    expect(status.routers).toMatchObject([
      { name: "VI_1", state: "MASTER", addresses: [{ device: "eth0", present: true }] },
    ]);

    const before = wire.frames.length;
    expect(await role.stop()).toBe(0);
    await wire.frame(advert({ priority: 0 }), { from: before });
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
    expect(role.stderr()).toBe("");
  }, 30_000);

  test("hands over and removes its address when its parent dies", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    const from = wire.frames.length;
    role.disconnect();
    expect(await role.exited).toBe(0);
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
    await wire.frame(advert({ priority: 0 }), { from });
  }, 30_000);

  test("puts back and announces an address that somebody else removes", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    await expect.poll(() => addressesOf(a)).toContain(`${VIP}/24`);
    const from = wire.frames.length;
    await a.run(["ip", "address", "del", `${VIP}/24`, "dev", "eth0"]);
    await role.event((body) => body.type === "vrrp.address" && body.what === "restored");
    expect(await addressesOf(a)).toContain(`${VIP}/24`);
    await wire.frame(announces(VIP), { from });
    await role.stop();
  }, 30_000);

  test("gives up an address that is removed again and again, with a fault that names it", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    const remove = `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ip address del ${VIP}/24 dev eth0; sleep 0.1; done; true`;
    await a.shell(remove, { check: false });
    const fault = await role.becomes("FAULT");
    expect(fault.reason).toContain(`${VIP}/24 on eth0`);
    await role.stop();
  }, 30_000);

  test("removes at start what a crash left, and leaves what is foreign", async () => {
    await a.run(["ip", "address", "add", `${VIP}/24`, "dev", "eth0"]);
    await a.run(["ip", "address", "add", "10.0.0.8/24", "dev", "eth0"]);
    await a.run(["ip", "address", "add", "10.0.0.77/24", "dev", "eth0"]);
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first], ours: ["eth0 10.0.0.8/24"] });
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24", "10.0.0.77/24"]);
    expect(role.events.filter((body) => body.type === "vrrp.address")).toMatchObject([
      { what: "swept", address: "10.0.0.8/24" },
      { what: "swept", address: `${VIP}/24`, instance: "VI_1" },
    ]);
    await role.stop();
    await a.run(["ip", "address", "del", "10.0.0.77/24", "dev", "eth0"]);
  }, 30_000);

  test("an owner keeps the address that it had before", async () => {
    await using role = await startRole({ namespace: a.namespace });
    const owner = { ...first, priority: 255, initial: "MASTER", addresses: [virtualAddress("10.0.0.1")] } as const;
    const from = wire.frames.length;
    await role.configure({ routers: [owner] });
    await role.becomes("MASTER");
    await wire.frame(announces("10.0.0.1"), { from });
    await role.stop();
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
  }, 30_000);

  test("the link goes and comes back under another index: fault, and master again", async () => {
    const link = await a.attach(lan, { name: "eth9", addresses: ["10.0.9.1/24"] });
    await using role = await startRole({ namespace: a.namespace });
    const on = (text: string) => virtualAddress(text, { link: "eth9" });
    const links = { adverts: "eth9", addresses: "eth9", tracked: "eth9" };
    const router = { ...first, key: "ipv4 eth9 51", vrid: 52, links, addresses: [on("10.0.9.9")] };
    await role.configure({ routers: [router] });
    await role.becomes("MASTER");
    await a.run(["ip", "link", "del", link.name]);
    await role.becomes("FAULT");
    const from = role.events.length;
    const again = wire.frames.length;
    await a.attach(lan, { name: "eth9", addresses: ["10.0.9.1/24"] });
    await role.becomes("MASTER", { from });
    await wire.frame(advert({ vrid: 52 }), { from: again });
    const { stdout } = await a.run(["ip", "-o", "address", "show", "dev", "eth9"]);
    expect(stdout).toContain("10.0.9.9/24");
    await role.stop();
    await a.run(["ip", "link", "del", "eth9"]);
  }, 30_000);

  test("a dry run decides and says, and changes nothing", async () => {
    await using role = await startRole({ namespace: a.namespace, dryRun: true });
    const from = wire.frames.length;
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    await role.event((body) => body.type === "info" && body.reason === `dry run: would add ${VIP}/24 on eth0`);
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
    expect(wire.frames.slice(from).filter(isAdvert)).toEqual([]);
    await role.stop();
    expect(wire.frames.slice(from).filter((frame) => isAdvert(frame) || announces()(frame))).toEqual([]);
  }, 30_000);

  test("a link that is not there yet refuses nothing: fault until it comes", async () => {
    await using role = await startRole({ namespace: a.namespace });
    const links = { adverts: "eth7", addresses: "eth7", tracked: "eth7" };
    const router = { ...first, key: "ipv4 eth7 51", links, addresses: [virtualAddress(VIP, { link: "eth7" })] };
    expect(await role.configure({ routers: [router] })).toBeUndefined();
    await role.becomes("FAULT");
    await role.stop();
  }, 30_000);
});

describe("an instance that cannot hear its peers (decision 10 b)", () => {
  const limit = (memberships: number) => a.sysctl("net.ipv4.igmp_max_memberships", memberships);
  const other = routerSettings({
    ...first,
    key: "other",
    name: "VI_2",
    vrid: 52,
    destinations: [ip("224.0.0.99")],
    addresses: [virtualAddress("10.0.0.10")],
  });
  const files = (role: VrrpRole, most: number) =>
    a.run(["prlimit", "--pid", String(role.pid), `--nofile=${most}:4096`]);
  const states = async (role: VrrpRole) => (await role.status()).routers.map(({ name, state }) => `${name} ${state}`);

  test("refuses no start, is in fault with the reason, and comes back by itself", async () => {
    await using role = await startRole({ namespace: a.namespace });
    const from = wire.frames.length;
    await limit(0);
    try {
      expect(await role.configure({ routers: [first] })).toBeUndefined();
      const fault = await role.becomes("FAULT");
      expect(fault).toMatchObject({
        from: "INIT",
        reason: "cannot join 224.0.0.18 on eth0: ENOBUFS; raise net.ipv4.igmp_max_memberships",
      });
      expect((await role.status()).routers).toMatchObject([{ state: "FAULT", faults: [fault.reason] }]);
      await new Promise((done) => setTimeout(done, 1500));
      expect(await states(role)).toEqual(["VI_1 FAULT"]);
      expect(wire.frames.slice(from).filter(isAdvert)).toEqual([]);
    } finally {
      await limit(20);
    }
    await role.becomes("MASTER", { timeoutMs: 5000 });
    expect(await role.stop()).toBe(0);
  }, 30_000);

  test("whose sockets cannot be opened at all: the others do not notice, and it comes back by itself", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    await a.attach(lan, { name: "eth8", addresses: ["10.0.8.1/24"] });
    const links = { adverts: "eth8", addresses: "eth8", tracked: "eth8" };
    const addresses = [virtualAddress("10.0.8.9", { link: "eth8" })];
    const elsewhere = { ...first, key: "elsewhere", name: "VI_2", vrid: 53, links, addresses };
    await files(role, 4);
    try {
      expect(await role.configure({ routers: [first, elsewhere] })).toBeUndefined();
      const fault = await role.becomes("FAULT");
      expect(fault.instance).toBe("VI_2");
      expect(fault.reason).toMatch(/^cannot hear adverts on eth8: .*EMFILE.*; raise LimitNOFILE$/);
      expect(await states(role)).toEqual(["VI_1 MASTER", "VI_2 FAULT"]);
    } finally {
      await files(role, 1024);
    }
    const from = role.events.length;
    const seen = wire.frames.length;
    expect(await role.becomes("MASTER", { from, timeoutMs: 12_000 })).toMatchObject({ instance: "VI_2" });
    await wire.frame(announces("10.0.8.9"), { from: seen });
    expect(role.stderr()).toBe("");
    await role.stop();
    await a.run(["ip", "link", "del", "eth8"]);
  }, 30_000);

  test("who cannot announce either says so, and does when he can", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [] });
    await files(role, 4);
    try {
      expect(await role.configure({ routers: [first] })).toBeUndefined();
      await role.becomes("FAULT");
      const dumb = await role.event((body) => body.type === "warning" && body.reason.startsWith("Cannot announce"));
      expect(dumb).toMatchObject({ reason: expect.stringMatching(/addresses on eth0: .*EMFILE/) });
    } finally {
      await files(role, 1024);
    }
    const seen = wire.frames.length;
    await role.becomes("MASTER", { timeoutMs: 12_000 });
    await wire.frame(announces(VIP), { from: seen });
    expect(role.stderr()).toBe("");
    await role.stop();
  }, 30_000);

  test("refuses no reload, and only that instance is in fault; an address event brings it back at once", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    await limit(1);
    try {
      expect(await role.configure({ routers: [first, other] })).toBeUndefined();
      expect(await role.becomes("FAULT")).toMatchObject({ instance: "VI_2" });
      await new Promise((done) => setTimeout(done, 3500)); // the next try but one is 3.5 s away
      expect(await states(role)).toEqual(["VI_1 MASTER", "VI_2 FAULT"]);
    } finally {
      await limit(20);
    }
    const from = role.events.length;
    await a.run(["ip", "address", "add", "10.0.0.66/24", "dev", "eth0"]);
    expect(await role.becomes("BACKUP", { from, timeoutMs: 1000 })).toMatchObject({ instance: "VI_2" });
    await role.becomes("MASTER", { from });
    expect(role.events.filter((body) => body.type === "vrrp.transition" && body.instance === "VI_1")).toHaveLength(2);
    await role.stop();
    await a.run(["ip", "address", "del", "10.0.0.66/24", "dev", "eth0"]);
  }, 30_000);
});

describe("what it is allowed", () => {
  /** `Name: value` of every thread. */
  async function threads(pid: number): Promise<readonly Readonly<Record<string, string>>[]> {
    const all = await readdir(`/proc/${pid}/task`);
    return Promise.all(
      all.map(async (thread) => {
        const text = await readFile(`/proc/${pid}/task/${thread}/status`, "utf8");
        const stat = await readFile(`/proc/${pid}/task/${thread}/stat`, "utf8");
        const [priority = "", policy = ""] = stat.slice(stat.lastIndexOf(")")).split(" ").slice(38, 40);
        const fields = [...text.matchAll(/^(\w+):[ \t]*(.*?)[ \t]*$/gm)].map(([, name = "", value = ""]) => [
          name,
          value,
        ]);
        return { ...Object.fromEntries(fields), priority, policy };
      }),
    );
  }

  test("every thread is realtime, is vipd-vrrp, holds NET_ADMIN and NET_RAW, and can gain nothing", async () => {
    const passwd = await a.write("passwd", "root:x:0:0::/root:/bin/sh\nvipd-vrrp:x:64112:64112::/:/usr/sbin/nologin\n");
    await using role = await startRole({ namespace: a.namespace, accounts: passwd });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    const all = await threads(role.pid);
    expect(all.length).toBeGreaterThan(3);
    for (const thread of all) {
      expect(thread).toMatchObject({
        Uid: "64112\t64112\t64112\t64112",
        Gid: "64112\t64112\t64112\t64112",
        Groups: "",
      });
      expect(thread).toMatchObject({ CapEff: "0000000000003000", CapPrm: "0000000000003000", NoNewPrivs: "1" });
      // SCHED_RR | SCHED_RESET_ON_FORK
      expect(thread).toMatchObject({ priority: "50", policy: "2" });
    }
    expect(role.events.filter((body) => body.type === "warning")).toEqual([]);
    await expect.poll(() => addressesOf(a)).toContain(`${VIP}/24`);
    expect(await role.stop()).toBe(0);
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
  }, 30_000);

  test("without its account it says what is weaker", async () => {
    const passwd = await a.write("passwd", "root:x:0:0::/root:/bin/sh\n");
    await using role = await startRole({ namespace: a.namespace, accounts: passwd });
    await role.configure({ routers: [first] });
    await role.event((body) => body.type === "warning" && body.reason.startsWith("There is no account vipd-vrrp"));
    const all = await threads(role.pid);
    for (const thread of all) expect(thread["CapEff"]).toBe("0000000000003000");
    await role.stop();
  }, 30_000);

  test("signals that are for vipd do nothing to it", async () => {
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    const from = role.events.length;
    const SIGRTMIN_2 = 36;
    const SIGRTMAX = 64;
    for (const signal of [
      "SIGHUP",
      "SIGINT",
      "SIGTERM",
      "SIGUSR1",
      "SIGUSR2",
      SIGRTMIN_2,
      SIGRTMAX - 1,
      SIGRTMAX,
    ] as const) {
      process.kill(role.pid, signal);
      await new Promise((done) => setTimeout(done, 20));
    }
    expect((await role.status()).routers).toMatchObject([{ state: "MASTER" }]);
    expect(role.events.slice(from).filter((body) => body.type === "vrrp.transition")).toEqual([]);
    expect(role.stderr()).toBe("");
    await role.stop();
  }, 30_000);

  test("a namespace that is not there is a refusal with its reason", async () => {
    await using role = await startRole({ namespace: "nowhere" });
    expect(await role.configure({ routers: [first] })).toMatch(/\/run\/netns\/nowhere/);
  }, 30_000);
});

describe("addresses", () => {
  test("IPv6 addresses too, without waiting for duplicates, and announced to all nodes", async () => {
    const six = await lan.capture("icmp6 and ip6[40] == 136");
    await using role = await startRole({ namespace: a.namespace });
    const excluded = [virtualAddress("fd00::9"), virtualAddress("fd00::10", { length: 128 })];
    await role.configure({ routers: [{ ...first, excluded }] });
    await role.becomes("MASTER");
    const show = async () =>
      (await a.run(["ip", "-o", "-6", "address", "show", "dev", "eth0", "scope", "global"])).stdout;
    await expect.poll(show).toMatch(/fd00::9\/64 scope global nodad/);
    expect(await show()).toMatch(
      /fd00::10\/128 scope global nodad deprecated|fd00::10\/128 scope global deprecated nodad/,
    );
    await expect.poll(() => six.frames.length).toBeGreaterThanOrEqual(10);
    await role.stop();
    expect(await show()).toBe("");
    await six.stop();
  }, 30_000);

  test("promote_secondaries is switched on while it runs, and off again", async () => {
    const setting = () =>
      a.run(["cat", "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"]).then(({ stdout }) => stdout.trim());
    await a.sysctl("net.ipv4.conf.all.promote_secondaries", 0);
    await a.sysctl("net.ipv4.conf.eth0.promote_secondaries", 0);
    await using role = await startRole({ namespace: a.namespace });
    await role.configure({ routers: [first] });
    await role.becomes("MASTER");
    expect(await setting()).toBe("1");
    await role.stop();
    expect(await setting()).toBe("0");
  }, 30_000);

  test("a reload changes what it names: one address goes, one comes, the state stays", async () => {
    await using role = await startRole({ namespace: a.namespace });
    const having = (...texts: readonly string[]) => ({
      ...first,
      addresses: texts.map((text) => virtualAddress(text)),
    });
    await role.configure({ routers: [having("10.0.0.9", "10.0.0.8")] });
    await role.becomes("MASTER");
    await expect.poll(() => addressesOf(a)).toEqual(["10.0.0.1/24", "10.0.0.9/24", "10.0.0.8/24"]);
    const from = role.events.length;
    await role.configure({ routers: [having("10.0.0.8", "10.0.0.7")] });
    await expect.poll(() => addressesOf(a)).toEqual(["10.0.0.1/24", "10.0.0.8/24", "10.0.0.7/24"]);
    expect(role.events.slice(from).filter((body) => body.type === "vrrp.transition")).toEqual([]);
    const labelled = { ...first, addresses: [virtualAddress("10.0.0.8", { label: "eth0:vip" })] };
    await role.configure({ routers: [labelled] });
    const show = async () => (await a.run(["ip", "-o", "-4", "address", "show", "label", "eth0:vip"])).stdout;
    await expect.poll(show).toContain("10.0.0.8/24");
    expect(role.events.slice(from).filter((body) => body.type === "vrrp.transition")).toEqual([]);
    expect(role.events.slice(from).filter((body) => body.type === "vrrp.address")).toEqual([]);
    const left = wire.frames.length;
    await role.configure({ routers: [] });
    await expect.poll(() => addressesOf(a)).toEqual(["10.0.0.1/24"]);
    await wire.frame(advert({ priority: 0 }), { from: left });
    await role.stop();
  }, 30_000);
});

describe("a pair", () => {
  test("the master dies without a word: the backup takes over when its time has come", async () => {
    const [roleOfA, roleOfB] = await startPair();
    await using _a = roleOfA;
    await using _b = roleOfB;
    await new Promise((done) => setTimeout(done, 500));
    const from = wire.frames.length;
    roleOfA.signal("SIGKILL");
    await roleOfB.becomes("MASTER");
    const takeover = await wire.frame(advert({ source: "10.0.0.2" }), { from });
    const last = wire.adverts().findLast((one) => one.source === "10.0.0.1" && one.atMs < takeover.atMs);
    const lateMs = takeover.atMs - (last?.atMs ?? 0) - DOWN_OF_SECOND_MS;
    expect(lateMs).toBeGreaterThan(-1);
    expect(lateMs).toBeLessThan(20);
    await wire.frame(announces(VIP), { from });
    expect(await addressesOf(b)).toContain(`${VIP}/24`);
    await roleOfB.stop();
    await a.run(["ip", "address", "del", `${VIP}/24`, "dev", "eth0"], { check: false });
  }, 30_000);

  test("a stop hands over at once, after the skew", async () => {
    const [roleOfA, roleOfB] = await startPair();
    await using _a = roleOfA;
    await using _b = roleOfB;
    const from = wire.frames.length;
    await roleOfA.stop();
    await roleOfB.becomes("MASTER");
    const takeover = await wire.frame(advert({ source: "10.0.0.2" }), { from });
    const last = wire.adverts().findLast((one) => one.source === "10.0.0.1");
    expect(last?.priority).toBe(0);
    const lateMs = takeover.atMs - (last?.atMs ?? 0) - SKEW_OF_SECOND_MS;
    expect(lateMs).toBeGreaterThan(-1);
    expect(lateMs).toBeLessThan(20);
    await roleOfB.stop();
  }, 30_000);

  test("the master's carrier is lost and returns: fault, the other takes over, then the better one again", async () => {
    const [roleOfA, roleOfB] = await startPair();
    await using _a = roleOfA;
    await using _b = roleOfB;
    await linkOfA.cut("carrier");
    await roleOfA.becomes("FAULT");
    await roleOfB.becomes("MASTER");
    expect(await addressesOf(a)).toEqual(["10.0.0.1/24"]);
    const from = roleOfA.events.length;
    const fromB = roleOfB.events.length;
    await linkOfA.heal();
    await roleOfA.becomes("MASTER", { from });
    await roleOfB.becomes("BACKUP", { from: fromB });
    await expect.poll(() => addressesOf(b)).toEqual(["10.0.0.2/24"]);
    expect(await addressesOf(a)).toContain(`${VIP}/24`);
    await roleOfA.stop();
    await roleOfB.stop();
  }, 30_000);

  test("a stalled backup hears the adverts that wait before it acts on its timer", async () => {
    const [roleOfA, roleOfB] = await startPair();
    await using _a = roleOfA;
    await using _b = roleOfB;
    const from = roleOfB.events.length;
    roleOfB.signal("SIGSTOP");
    await new Promise((done) => setTimeout(done, 1500));
    roleOfB.signal("SIGCONT");
    await new Promise((done) => setTimeout(done, 500));
    const transitions = roleOfB.events.slice(from).filter((body) => body.type === "vrrp.transition");
    expect(transitions).toEqual([]);
    expect((await roleOfB.status()).lateness.worstMs).toBeGreaterThan(1000);
    await roleOfB.stop();
    await roleOfA.stop();
  }, 30_000);
});
