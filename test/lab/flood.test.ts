/** What a hostile or broken neighbour sends: no change of state, a bounded log, flat memory, and no flood in answer. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAdvert } from "./capture.ts";
import { claims, NODE, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { ADDRESS, instance, openStage, type Stage, VIP } from "./director.ts";
import { timeOfDayMs } from "./process.ts";

const PEER = "10.3.0.2";

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  vipd = await startVipd(stage.director, instance("WEB"));
  await untilHolds(stage.director, VIP);
  // it would hold every packet of the floods
  await stage.wire.stop();
});
afterAll(() => stage?.lab.close());

async function flood(count: number, pauseMs: number, kind: "malformed" | "rogue"): Promise<void> {
  const script = join(import.meta.dirname, "peers/flood.ts");
  const words = ["eth0", PEER, String(count), String(pauseMs), kind];
  const flooder = stage.peer.start([NODE, script, ...words]);
  await flooder.line(/^sent/, { timeoutMs: 200_000 });
  await flooder.exited;
}

/** Resident memory of the vrrp process. */
async function residentMb(): Promise<number> {
  const status = await readFile(`/proc/${await vipd.pid("vrrp")}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

type Router = { readonly state: string; readonly dropped: Readonly<Record<string, number>> };

async function router(): Promise<Router> {
  const status = JSON.parse((await vipd.command("status", "--json")).stdout);
  return status.vrrp.routers[0];
}

const total = ({ dropped }: Router) => Object.values(dropped).reduce((sum, count) => sum + count, 0);

test("100,000 malformed packets: no transition, few lines, no more memory, adverts go on", {
  timeout: 240_000,
}, async () => {
  await flood(10_000, 0, "malformed");
  const memory = await residentMb();
  const before = await router();
  const sinceMs = timeOfDayMs();
  const own = await stage.front.capture(`vrrp and src host ${ADDRESS}`);
  await flood(100_000, 0, "malformed");
  const adverts = own.frames.filter(claims(ADDRESS)).map(({ atMs }) => atMs);
  const gaps = adverts.slice(1).map((atMs, index) => atMs - (adverts[index] ?? 0));
  await own.stop();
  const after = await router();
  expect(after.state).toBe("MASTER");
  // those whose VRID is another's, and those that did not fit into its buffer, are not counted
  expect(total(after) - total(before)).toBeGreaterThan(20_000);
  expect(vipd.lines(/vrrp\.transition/, sinceMs)).toEqual([]);
  expect(vipd.lines(/./, sinceMs).length).toBeLessThan(100);
  expect(Math.max(...gaps)).toBeLessThan(1000);
  expect((await residentMb()) - memory).toBeLessThan(6);
  expect(Object.keys(after.dropped)).toEqual(expect.arrayContaining(["length", "ttl", "version", "checksum", "type"]));
});

test("a rogue with valid adverts of a lower priority: contested is said once, the answers are few", async () => {
  const sinceMs = timeOfDayMs();
  const own = await stage.front.capture(`(vrrp and src host ${ADDRESS}) or (arp and ether src ${stage.link.mac})`);
  await flood(3000, 1, "rogue");
  const tookMs = timeOfDayMs() - sinceMs;
  await own.stop();
  const adverts = own.frames.filter(isAdvert).length;
  const arps = own.frames.length - adverts;
  expect((await router()).state).toBe("MASTER");
  // its own adverts, and not an answer to each of the 3,000
  expect(adverts).toBeLessThan((tookMs / 100) * 2 + 20);
  expect(arps).toBeGreaterThan(0);
  expect(arps).toBeLessThan((tookMs / 1000) * 20 + 20);
  expect(vipd.lines(/vrrp\.contested .*phase=begin/, sinceMs)).toHaveLength(1);
  await vipd.said(new RegExp(`vrrp\\.contested .*phase=end .*by=${PEER}`), { sinceMs });
  expect(vipd.lines(/vrrp\.transition/, sinceMs)).toEqual([]);
  expect(vipd.lines(/./, sinceMs).length).toBeLessThan(30);
});
