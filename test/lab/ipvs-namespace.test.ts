/** net_namespace_ipvs: the virtual services are in another network namespace than the adverts; there they are made, compared and swept. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { ipvsOf, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { GLOBAL, instance, openStage, type Stage, service, VIP, WEB } from "./director.ts";

const SERVICES = [`-A ${WEB} -s rr`, `-a ${WEB} -r 10.3.1.11:80 -m -w 1`, `-a ${WEB} -r 10.3.1.12:80 -m -w 1`];

let stage: Stage;
let vipd: Vipd;

const configFor = (namespace: string) =>
  `net_namespace_ipvs ${namespace}\n${GLOBAL}${instance("WEB")}${service(`${VIP} 80`, ["10.3.1.11 80", "10.3.1.12 80"])}`;

async function within(namespace: string, ...argv: readonly string[]): Promise<string> {
  return (await stage.director.run(["ip", "netns", "exec", namespace, ...argv])).stdout;
}

/** With the loopback up: without a local route the kernel takes no real server. */
async function add(namespace: string): Promise<void> {
  await stage.director.run(["ip", "netns", "add", namespace]);
  await within(namespace, "ip", "link", "set", "lo", "up");
}

/** As `ipvsOf` of a node. */
async function tableOf(namespace: string): Promise<readonly string[]> {
  const lines = (await within(namespace, "ipvsadm", "-S", "-n")).split("\n");
  return lines.filter((line) => line !== "").sort();
}

beforeAll(async () => {
  stage = await openStage();
  await add("lb");
});
afterAll(async () => {
  for (const name of ["lb", "later"]) await stage?.director.run(["ip", "netns", "del", name], { check: false });
  await stage?.lab.close();
});

test("the services are there and nowhere else, and what somebody deletes there comes back", async () => {
  vipd = await startVipd(stage.director, configFor("lb"));
  await untilHolds(stage.director, VIP);
  await expect.poll(() => tableOf("lb"), { timeout: 10_000 }).toEqual(SERVICES);
  expect(await ipvsOf(stage.director)).toEqual([]);
  await within("lb", "ipvsadm", "-D", ...WEB.split(" "));
  await expect.poll(() => tableOf("lb"), { timeout: 25_000, interval: 500 }).toEqual(SERVICES);
});

test("a stop removes them there, and so does a sweep after a kill of everything", async () => {
  await vipd.stop();
  expect(await tableOf("lb")).toEqual([]);
  vipd = await startVipd(stage.director, configFor("lb"));
  await expect.poll(() => tableOf("lb"), { timeout: 10_000 }).toEqual(SERVICES);
  await stage.director.kill();
  expect(await tableOf("lb")).toEqual(SERVICES);
  expect((await vipd.command("sweep")).stdout).toContain("removed virtual server");
  expect(await tableOf("lb")).toEqual([]);
});

test("a namespace that is not there yet: said with what to do, the address is served, and the services come when it does", async () => {
  vipd = await startVipd(stage.director, configFor("later"));
  const error = await vipd.said(/ipvs\.error/);
  expect(error.text).toMatch(
    /Cannot enter the network namespace \/run\/netns\/later: ENOENT; create it with ip netns add/,
  );
  await untilHolds(stage.director, VIP);
  await add("later");
  await expect.poll(() => tableOf("later"), { timeout: 25_000, interval: 500 }).toEqual(SERVICES);
  await vipd.stop();
  expect(await tableOf("later")).toEqual([]);
});
