/** A reload touches what it names and nothing else: seen in the kernel, in the log, and by a connection that stays open. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claims, holds, ipvsOf, NODE, resigns, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { GLOBAL, instance, openStage, type Stage, service, VIP, WEB } from "./director.ts";
import { timeOfDayMs } from "./process.ts";
import { eventually } from "./services.ts";

const TRANSITIONS = /vrrp\.transition|server\.state|service\.quorum|process\./;
const web = (servers: readonly string[], more = "") => service(`${VIP} 80`, servers, more);
const BOTH = ["10.3.1.11 80", "10.3.1.12 80"];
const BASE = `${GLOBAL}${instance("WEB")}${web(BOTH)}`;

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  vipd = await startVipd(stage.director, BASE);
  await untilHolds(stage.director, VIP);
});
afterAll(() => stage?.lab.close());

async function addresses(): Promise<string> {
  return (await stage.director.run(["ip", "-o", "-4", "address", "show"])).stdout;
}

/** What the kernel says of adding and removing, while `change` runs. */
async function watched(change: () => Promise<void>): Promise<string> {
  const monitor = stage.director.start(["ip", "-o", "-4", "monitor", "address"]);
  await new Promise((done) => setTimeout(done, 500));
  await change();
  await new Promise((done) => setTimeout(done, 300));
  await monitor.stop("SIGTERM");
  return monitor.output();
}

test("a file that did not change: nothing at all happens", async () => {
  const before = [await ipvsOf(stage.director), await addresses()];
  const sinceMs = timeOfDayMs();
  expect(await watched(() => vipd.reload())).toBe("");
  expect([await ipvsOf(stage.director), await addresses()]).toEqual(before);
  expect(vipd.lines(TRANSITIONS, sinceMs)).toEqual([]);
  expect(vipd.lines(/ipvs\.change/, sinceMs)).toEqual([]);
});

test("an address and a server more, a weight less: exactly that, and an open connection stays", async () => {
  const keep = stage.peer.start([NODE, join(import.meta.dirname, "peers/keep.ts"), VIP, "80", "50"]);
  await keep.line(/^answer 3/, { timeoutMs: 20_000 });
  const before = await ipvsOf(stage.director);
  const sinceMs = timeOfDayMs();
  const text = `${GLOBAL}${instance("WEB", { addresses: [`${VIP}/24`, "10.3.0.101/24"] })}${web([...BOTH, "10.3.1.25 25"])}`;
  const seen = await watched(() => vipd.reload(text));
  await eventually(
    async () => ((await ipvsOf(stage.director)).length > before.length ? true : undefined),
    10_000,
    () => "the server is not in IPVS",
  );
  expect(await ipvsOf(stage.director)).toEqual([...before, `-a ${WEB} -r 10.3.1.25:25 -m -w 1`].sort());
  expect(seen.match(/inet [\d.]+/g)).toEqual(["inet 10.3.0.101"]);
  expect(vipd.lines(TRANSITIONS, sinceMs)).toEqual([]);
  const answers = keep.lines.length;
  await keep.line(/^answer/, { from: answers });
  expect(keep.output()).not.toContain("closed");
  await keep.stop();
  await vipd.reload(BASE);
  await untilHolds(stage.director, "10.3.0.101", false);
  expect(await ipvsOf(stage.director)).toEqual(before);
});

test("a dead server stays dead, and is not asked for again by its old reason", async () => {
  await stage.webs[1].kill();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=down/);
  const before = await ipvsOf(stage.director);
  expect(before.join()).not.toContain("10.3.1.12");
  const sinceMs = timeOfDayMs();
  await vipd.reload(BASE.replace("lb_algo rr", "lb_algo wrr"));
  expect(await ipvsOf(stage.director)).toEqual(before.map((line) => line.replace("-s rr", "-s wrr")));
  await new Promise((done) => setTimeout(done, 1500));
  expect((await ipvsOf(stage.director)).join()).not.toContain("10.3.1.12");
  expect(vipd.lines(/server\.state/, sinceMs)).toEqual([]);
  await stage.webs[1].start();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=up/, { sinceMs });
  await vipd.reload(BASE);
});

test("an instance more becomes master; the other does not notice", async () => {
  const from = stage.wire.frames.length;
  const sinceMs = timeOfDayMs();
  const second = instance("SECOND", { vrid: 52, addresses: ["10.3.0.110/24"] });
  await vipd.reload(`${BASE}${second}`);
  await stage.wire.frame(claims("10.3.0.1", 52), { from });
  await untilHolds(stage.director, "10.3.0.110");
  expect(vipd.lines(/vrrp\.transition.*instance=WEB/, sinceMs)).toEqual([]);
});

test("an instance less resigns and its address goes; the other does not notice", async () => {
  const from = stage.wire.frames.length;
  const sinceMs = timeOfDayMs();
  await vipd.reload(BASE);
  await stage.wire.frame(resigns("10.3.0.1", 52), { from });
  await untilHolds(stage.director, "10.3.0.110", false);
  expect(await holds(stage.director, VIP)).toBe(true);
  expect(vipd.lines(/vrrp\.transition.*instance=WEB/, sinceMs)).toEqual([]);
  expect(spacing(from)).toBeLessThan(1000);
});

/** The longest time between two adverts of the instance that stays. */
function spacing(from: number): number {
  const times = stage.wire.frames
    .slice(from)
    .filter(claims("10.3.0.1", 51))
    .map(({ atMs }) => atMs);
  return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
}

test("a service less goes from IPVS; a foreign one beside it stays", async () => {
  await stage.director.run(["ipvsadm", "-A", "-t", "10.3.0.99:99", "-s", "lc"]);
  const sinceMs = timeOfDayMs();
  await vipd.reload(`${GLOBAL}${instance("WEB")}`);
  expect(await ipvsOf(stage.director)).toEqual(["-A -t 10.3.0.99:99 -s lc"]);
  expect(await holds(stage.director, VIP)).toBe(true);
  expect(vipd.lines(/vrrp\.transition/, sinceMs)).toEqual([]);
  await vipd.reload(BASE);
  expect((await ipvsOf(stage.director)).length).toBe(4);
  await stage.director.run(["ipvsadm", "-D", "-t", "10.3.0.99:99"]);
});
