/** A kernel without IPVS: a clear error that says how to get it, VRRP goes on; and when the module comes, the services come. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ipvsOf, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { GLOBAL, instance, openStage, type Stage, service, VIP, WEB } from "./director.ts";

const MODULES = join(import.meta.dirname, "../../.cache/lab/modules");
const CONFIG = `${GLOBAL}${instance("WEB")}${service(`${VIP} 80`, ["10.3.1.11 80", "10.3.1.12 80"])}`;

/** In an order in which they can be removed. */
async function modulesOfIpvs(): Promise<readonly string[]> {
  const { stdout } = await stage.director.shell("lsmod");
  const names = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  return [...names.filter((name) => name === "xt_ipvs" || name.startsWith("ip_vs_")), "ip_vs"];
}

let stage: Stage;
let vipd: Vipd;
let removed: readonly string[] = [];

beforeAll(async () => {
  stage = await openStage();
  removed = await modulesOfIpvs();
  await stage.director.run(["rmmod", ...removed]);
});
afterAll(async () => {
  await stage?.director.run(["modprobe", "-d", MODULES, "-a", ...removed]);
  await stage?.lab.close();
});

test("vipd starts, says what is missing and how to get it, and takes the address", async () => {
  expect((await stage.director.shell("lsmod")).stdout).not.toMatch(/^ip_vs /m);
  vipd = await startVipd(stage.director, CONFIG);
  const error = await vipd.said(/ipvs\.error/);
  expect(error.text).toMatch(/Cannot use IPVS.*modprobe ip_vs/);
  await untilHolds(stage.director, VIP);
  const status = await vipd.command("status");
  expect(status.stdout).toMatch(/MASTER/);
  expect(status.stdout).toMatch(/IPVS.*modprobe/);
  expect(JSON.parse((await vipd.command("status", "--json")).stdout).services[0].servers).toHaveLength(2);
});

test("the module is loaded: the services are made without a restart", async () => {
  await stage.director.run(["modprobe", "-d", MODULES, "-a", "ip_vs", "ip_vs_rr"]);
  await vipd.said(/server\.state|service\.quorum|config\.loaded/);
  await expect
    .poll(() => ipvsOf(stage.director), { timeout: 20_000, interval: 500 })
    .toEqual([`-A ${WEB} -s rr`, `-a ${WEB} -r 10.3.1.11:80 -m -w 1`, `-a ${WEB} -r 10.3.1.12:80 -m -w 1`]);
  expect(vipd.lines(/ipvs\.error/)).toHaveLength(1);
  await vipd.stop();
});
