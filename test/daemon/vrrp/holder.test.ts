import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type AddressKey, addressKey } from "../../../src/base/address-key.ts";
import { createHolder, type HolderOptions } from "../../../src/daemon/vrrp/holder.ts";
import type { EventBody } from "../../../src/events.ts";
import { keyOf } from "../../../src/network/keys.ts";
import type { AddressCommand, KernelAddress } from "../../../src/network/plan.ts";
import type { AddressOutcome } from "../../../src/os/addresses.ts";
import type { RouterSettings } from "../../../src/vrrp/settings.ts";
import { virtualAddress } from "../../vrrp/fixtures.ts";
import { routerSettings } from "./routers.ts";

const OURS = 112;
const KEY = "eth0 10.0.0.9/24";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A kernel that does what it is told when `answer` is called, and says so as the real one does: before the reply. */
function fakeKernel(present: readonly KernelAddress[] = []) {
  const actual = new Map<AddressKey, KernelAddress>();
  const story: string[] = [];
  const faults: (string | undefined)[] = [];
  const links = new Set(["eth0", "eth1"]);
  const refused = new Map<AddressKey, AddressOutcome>();
  let announcements: (() => void)[] = [];
  let requests: (() => void)[] = [];

  const set = (address: KernelAddress) => {
    const key = addressKey(address.link, address.ip, address.length);
    actual.set(key, address);
    announcements.push(() => holder.heard(key, "added"));
  };
  const remove = (key: AddressKey) => {
    actual.delete(key);
    announcements.push(() => holder.heard(key, "removed"));
  };
  const drain = () => {
    const now = announcements;
    announcements = [];
    for (const say of now) say();
  };
  const carryOut = (command: AddressCommand): AddressOutcome => {
    const refusal = refused.get(command.key);
    if (refusal !== undefined) return refusal;
    if (command.op === "delete") remove(command.key);
    else set(kernelAddress(command.address, OURS));
    return { end: "done" };
  };
  const options: HolderOptions = {
    actual,
    executor: {
      async warmUp() {},
      run(commands) {
        story.push(...commands.map(({ op, key }) => `${op} ${key}`));
        return new Promise((resolve) => requests.push(() => resolve(commands.map(carryOut))));
      },
      close() {},
    },
    isPresent: (link) => links.has(link),
    promotes: () => true,
    protocol: OURS,
    drain,
    refresh: async () => {},
    now: () => Date.now(),
    alarm: (run) => {
      let timer: NodeJS.Timeout | undefined;
      return {
        set: (atMs) => {
          clearTimeout(timer);
          timer = setTimeout(run, atMs - Date.now());
        },
        clear: () => clearTimeout(timer),
      };
    },
    report: (body) => story.push(told(body)),
    announce: (addresses, repeat) => story.push(`announce ${addresses.map(keyOf).join()} ${repeat} times`),
    fault: (_router, reason) => faults.push(reason),
  };
  const holder = createHolder(options);
  for (const address of present) set(address);
  return {
    holder,
    actual,
    links,
    refused,
    faults,
    /** Everything asked for is done, and what follows from it. */
    async answer() {
      for (let round = 0; round < 10; round++) {
        drain();
        await vi.advanceTimersByTimeAsync(0);
        const now = requests;
        requests = [];
        for (const reply of now) reply();
        await vi.advanceTimersByTimeAsync(0);
      }
    },
    /** Somebody else removes it. */
    async snatch(key: AddressKey) {
      remove(key);
      await this.answer();
    },
    /** Somebody else sets it. */
    async appears(address: KernelAddress) {
      set(address);
      await this.answer();
    },
    story: () => story.splice(0),
  };
}

function told(body: EventBody): string {
  return body.type === "vrrp.address" ? `${body.what} ${body.device} ${body.address}: ${body.reason}` : body.type;
}

function kernelAddress(from: Pick<KernelAddress, "ip" | "length" | "link">, protocol: number): KernelAddress {
  const { ip, length, link } = from;
  return {
    ip,
    length,
    link,
    peer: undefined,
    broadcast: undefined,
    label: undefined,
    scope: 0,
    secondary: false,
    protocol,
  };
}

const foreign = (text: string) => kernelAddress(virtualAddress(text), 0);
const owner = (): RouterSettings => routerSettings({ priority: 255 });

test("a master's addresses are added, and removed when it is master no longer", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  expect(kernel.story()).toEqual([`add ${KEY}`]); // handed over at once, before anything is answered
  await kernel.answer();
  kernel.holder.want(router, false);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.story()).toEqual([`delete ${KEY}`]);
  expect(kernel.actual.size).toBe(0);
});

test("given up before the kernel has answered: it is removed once it has", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  kernel.holder.want(router, false);
  kernel.holder.want(router, true);
  kernel.holder.want(router, false);
  kernel.holder.carryOut();
  expect(kernel.story()).toEqual([`add ${KEY}`]);
  await kernel.answer();
  expect(kernel.story()).toEqual([`delete ${KEY}`]);
  expect(kernel.actual.size).toBe(0);
});

test("what somebody else removes is put back at once and announced", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  kernel.story();
  await kernel.snatch(KEY);
  expect(kernel.story()).toEqual([
    `add ${KEY}`,
    "restored eth0 10.0.0.9/24: somebody else removed it",
    `announce ${KEY} 5 times`,
  ]);
});

test("at the sixth time in ten seconds the instance is in fault, and may try again after a rest", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  for (let time = 0; time < 5; time++) await kernel.snatch(KEY);
  expect(kernel.faults).toEqual([]);
  await kernel.snatch(KEY);
  const reason = "10.0.0.9/24 on eth0 was removed by somebody else more than 5 times in 10 s";
  expect(kernel.faults).toEqual([reason]);
  expect(kernel.story().at(-1)).toBe(`gaveUp eth0 10.0.0.9/24: ${reason}`);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(kernel.faults).toEqual([reason, undefined]);
});

test("an address with no_track may be removed by others", async () => {
  const kernel = fakeKernel();
  const router = routerSettings({ addresses: [virtualAddress("10.0.0.9", { track: false })] });
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  kernel.story();
  await kernel.snatch(KEY);
  expect(kernel.story()).toEqual([]);
});

test("at start what is ours and left behind goes, also where another program left it; what is foreign stays", async () => {
  const kernel = fakeKernel([foreign("10.0.0.9"), foreign("10.0.0.8"), foreign("10.0.0.1")]);
  kernel.holder.configure([routerSettings()], ["eth0 10.0.0.8/24", "eth7 10.0.0.7/24"]);
  const swept = kernel.holder.sweep(new Set());
  await kernel.answer();
  await swept;
  expect([...kernel.actual.keys()]).toEqual(["eth0 10.0.0.1/24"]);
  expect(kernel.story()).toEqual([
    "delete eth0 10.0.0.8/24",
    `delete ${KEY}`,
    "swept eth0 10.0.0.8/24: it was left behind, and no instance holds it now",
    "swept eth0 10.0.0.9/24: it was left behind, and no instance holds it now",
  ]);
});

test("a dry run says once what it would remove, and goes on beside it", async () => {
  const kernel = fakeKernel([foreign("10.0.0.9")]);
  kernel.refused.set(KEY, { end: "pretended" });
  kernel.holder.configure([routerSettings()], []);
  const swept = kernel.holder.sweep(new Set());
  await kernel.answer();
  await swept;
  expect(kernel.story()).toEqual([`delete ${KEY}`]);
  expect([...kernel.actual.keys()]).toEqual([KEY]);
});

test("an owner's address that stood before us is adopted and never removed", async () => {
  const kernel = fakeKernel([foreign("10.0.0.9")]);
  kernel.holder.configure([owner()], [KEY]);
  await kernel.holder.sweep(new Set());
  kernel.holder.want(owner(), true);
  kernel.holder.want(owner(), false);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.story()).toEqual(["adopted eth0 10.0.0.9/24: it stood before and belongs to the owner"]);
  expect([...kernel.actual.keys()]).toEqual([KEY]);
  expect(kernel.holder.isVirtual(KEY)).toBe(false);
});

test("an owner's address that we set and left behind in a crash is ours", async () => {
  const kernel = fakeKernel([kernelAddress(virtualAddress("10.0.0.9"), OURS)]);
  kernel.holder.configure([owner()], [KEY]);
  const swept = kernel.holder.sweep(new Set());
  await kernel.answer();
  await swept;
  expect(kernel.actual.size).toBe(0);
});

test("a list that changed while master: the difference is added and removed", async () => {
  const kernel = fakeKernel();
  const before = routerSettings({ addresses: [virtualAddress("10.0.0.9"), virtualAddress("10.0.0.8")] });
  const after = routerSettings({ addresses: [virtualAddress("10.0.0.8"), virtualAddress("10.0.0.7")] });
  kernel.holder.configure([before], []);
  kernel.holder.want(before, true);
  kernel.holder.carryOut();
  await kernel.answer();
  kernel.story();
  kernel.holder.configure([after], []);
  kernel.holder.want(after, true);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.story()).toEqual([`delete ${KEY}`, "add eth0 10.0.0.7/24"]);
});

test("what the kernel refuses puts the instance in fault, with its reason", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  const reason = "Cannot add 10.0.0.9/24 on eth0: EPERM (Operation not permitted)";
  kernel.refused.set(KEY, { end: "failed", code: "EPERM", reason });
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.story()).toEqual([`add ${KEY}`, `failed eth0 10.0.0.9/24: ${reason}`]);
  expect(kernel.faults).toEqual([`10.0.0.9/24 on eth0: ${reason}`]);
});

test("the link goes away: nothing is done until it is back, then everything", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  kernel.story();
  kernel.links.delete("eth0");
  await kernel.snatch(KEY);
  expect(kernel.story()).toEqual([]);
  kernel.links.add("eth0");
  kernel.holder.lookAt("eth0");
  await kernel.answer();
  expect(kernel.story()).toEqual([`add ${KEY}`]);
});

test("a whole dump shows what events did not: it is repaired", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  kernel.story();
  kernel.actual.delete(KEY);
  kernel.holder.lookAtAll();
  await kernel.answer();
  expect(kernel.story()).toEqual([`add ${KEY}`]);
});

test("somebody sets one of ours while we are backup: it is removed, and that is said", async () => {
  const kernel = fakeKernel();
  kernel.holder.configure([routerSettings()], []);
  kernel.actual.set(KEY, foreign("10.0.0.9"));
  kernel.holder.heard(KEY, "added");
  await kernel.answer();
  expect(kernel.story()).toEqual([
    `delete ${KEY}`,
    "removed eth0 10.0.0.9/24: somebody else set it, and this node is not master",
  ]);
});

test("what a reload takes out of the configuration is nobody's once it is gone: who sets it then may keep it", async () => {
  for (const master of [false, true]) {
    const kernel = fakeKernel();
    const router = routerSettings();
    kernel.holder.configure([router], []);
    kernel.holder.want(router, master);
    kernel.holder.carryOut();
    await kernel.answer();
    kernel.holder.configure([], [KEY]);
    kernel.holder.want(router, false);
    kernel.holder.carryOut();
    await kernel.answer();
    expect(kernel.actual.size).toBe(0);
    kernel.story();
    await kernel.appears(foreign("10.0.0.9"));
    kernel.holder.lookAtAll();
    await kernel.answer();
    expect(kernel.story()).toEqual([]);
    expect(kernel.holder.isVirtual(KEY)).toBe(false);
  }
});

test("an IPv6 address that the kernel announces only later is no trouble", async () => {
  const kernel = fakeKernel();
  const router = routerSettings({ addresses: [virtualAddress("fd00::9")] });
  const key = "eth0 fd00::9/64";
  kernel.refused.set(key, { end: "done" });
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.story()).toEqual([`add ${key}`]);
  kernel.holder.want(router, false);
  kernel.holder.carryOut();
  kernel.refused.clear();
  await kernel.appears({ ...foreign("fd00::9"), protocol: OURS });
  expect(kernel.story()).toEqual([`delete ${key}`]);
});

test("an IPv6 address that is there with another prefix length is a fault", async () => {
  const kernel = fakeKernel();
  const router = routerSettings({ addresses: [virtualAddress("fd00::9")] });
  kernel.refused.set("eth0 fd00::9/64", { end: "already" });
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  await kernel.answer();
  expect(kernel.faults).toEqual(["fd00::9/64 on eth0: it is there already, with another prefix length"]);
});

test("somebody removes it before the kernel's answer was read: it is put back", async () => {
  const kernel = fakeKernel();
  const router = routerSettings();
  kernel.holder.configure([router], []);
  kernel.holder.want(router, true);
  kernel.holder.carryOut();
  kernel.refused.set(KEY, { end: "done" });
  kernel.holder.heard(KEY, "removed");
  await kernel.answer();
  expect(kernel.story()).toEqual([`add ${KEY}`, `add ${KEY}`]);
});
