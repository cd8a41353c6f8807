/** Mistakes that only show on a live machine: what is said names the thing, the place and the remedy. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { GLOBAL, instance, openStage, type Stage, service, VIP } from "./director.ts";

const CONFIG = `${GLOBAL.replace("smtp_server 10.3.1.25", "smtp_server relay.invalid")}${instance("WEB")}${instance(
  "LATER",
  {
    vrid: 52,
    addresses: ["10.3.2.100/24"],
  },
).replace("interface eth0", "interface eth7")}${service(`${VIP} 80`, ["10.3.1.11 80"]).replace(
  "connect_timeout 1",
  "connect_timeout 1\n      bindto 10.3.1.1\n      bind_port 7777",
)}`;

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  const occupant = stage.director.start([
    NODE,
    join(import.meta.dirname, "peers/web.ts"),
    "10.3.1.1",
    "7777",
    "occupied",
  ]);
  await occupant.line(/^listening/);
  vipd = await startVipd(stage.director, CONFIG, { args: ["-D"] });
  await untilHolds(stage.director, VIP);
});
afterAll(() => stage?.lab.close());

test("a source port in use: which server's check, which port, what to do", async () => {
  const line = await vipd.said(/this machine cannot ask/);
  expect(line.text).toMatch(/\[10\.3\.1\.11\]:tcp:80 .*source port 10\.3\.1\.1:7777 is in use.*bind_port/);
});

test("a relay whose name leads nowhere: which, and that the mail waits", async () => {
  const line = await vipd.said(/mail\.deferred/, { timeoutMs: 30_000 });
  expect(line.text).toMatch(/relay\.invalid/);
  expect(line.text).toMatch(/waiting=\d+/);
  expect(line.text).toMatch(/smtp_server/);
});

test("an interface that is not there: FAULT by name, and recovery when it comes", async () => {
  const fault = await vipd.said(/vrrp\.transition instance=LATER .*to=FAULT/);
  expect(fault.text).toMatch(/eth7/);
  const lan = await stage.lab.lan("later");
  await stage.director.attach(lan, { name: "eth7", addresses: ["10.3.2.1/24"] });
  await vipd.said(/vrrp\.transition instance=LATER .*to=MASTER/);
  await untilHolds(stage.director, "10.3.2.100");
});
