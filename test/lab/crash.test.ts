/** SIGKILL to each process in turn; stops that keep or remove; what belongs to others, in IPVS and on the links, outlives it all. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { announcedBy, claims, holds, ipvsOf, resigns, sleep, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { ADDRESS, GLOBAL, instance, openStage, type Stage, service, VIP, WEB } from "./director.ts";
import { timeOfDayMs } from "./process.ts";
import { eventually } from "./services.ts";

const CONFIG = `${GLOBAL}${instance("WEB")}${service(`${VIP} 80`, ["10.3.1.11 80", "10.3.1.12 80"])}`;
const FOREIGN_SERVICE = ["-A -t 10.3.0.99:99 -s lc", "-a -t 10.3.0.99:99 -r 10.3.1.77:99 -m -w 7"];
const FOREIGN_ADDRESS = "10.3.0.200";
const ALIVE = [`-A ${WEB} -s rr`, `-a ${WEB} -r 10.3.1.11:80 -m -w 1`, `-a ${WEB} -r 10.3.1.12:80 -m -w 1`];
const DEAD = ALIVE.filter((line) => !line.includes("10.3.1.12"));
const withForeign = (own: readonly string[]) => [...FOREIGN_SERVICE, ...own].sort();

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  const { director } = stage;
  for (const line of FOREIGN_SERVICE) await director.run(["ipvsadm", ...line.split(" ")]);
  await director.run(["ip", "address", "add", `${FOREIGN_ADDRESS}/24`, "dev", "eth0"]);
  vipd = await startVipd(director, CONFIG, { args: ["-D"] });
  await untilHolds(director, VIP);
});
afterAll(() => stage?.lab.close());

/** Looks at the table again and again until `until` resolves. @returns every table that was another than `wanted` */
async function disturbances(wanted: readonly string[], until: Promise<unknown>): Promise<readonly string[][]> {
  const others: string[][] = [];
  let over = false;
  void until.finally(() => {
    over = true;
  });
  while (!over) {
    const now = await ipvsOf(stage.director);
    if (now.join() !== wanted.join()) others.push([...now]);
    await sleep(100);
  }
  return others;
}

async function killed(role: "vrrp" | "checkers"): Promise<number> {
  const pid = await vipd.pid(role);
  if (pid === undefined) throw new Error(`there is no ${role} process`);
  const sinceMs = timeOfDayMs();
  process.kill(pid, "SIGKILL");
  await vipd.said(new RegExp(`process\\.exit process=${role} .*SIGKILL`), { sinceMs });
  return sinceMs;
}

test("the start has left the foreign service and the foreign address alone", async () => {
  expect(await ipvsOf(stage.director)).toEqual(withForeign(ALIVE));
  expect(await holds(stage.director, FOREIGN_ADDRESS)).toBe(true);
  const status = JSON.parse((await vipd.command("status", "--json")).stdout);
  expect(status.foreignServices).toHaveLength(1);
});

test("a reload leaves them alone, too", async () => {
  await vipd.reload(CONFIG.replace("lb_algo rr", "lb_algo wlc"));
  await vipd.reload(CONFIG);
  expect(await ipvsOf(stage.director)).toEqual(withForeign(ALIVE));
  expect(await holds(stage.director, FOREIGN_ADDRESS)).toBe(true);
});

test("an address that somebody deletes is back at once and announced; the instance stays master", async () => {
  const from = stage.wire.frames.length;
  const sinceMs = timeOfDayMs();
  await stage.director.run(["ip", "address", "del", `${VIP}/24`, "dev", "eth0"]);
  await stage.wire.frame(announcedBy(stage.link, VIP), { from, timeoutMs: 1000 });
  expect(await holds(stage.director, VIP)).toBe(true);
  await vipd.said(/vrrp\.address .*10\.3\.0\.100.*what=restored/, { sinceMs });
  expect(vipd.lines(/vrrp\.transition/, sinceMs)).toEqual([]);
});

test("the checkers are killed: nothing in IPVS moves, the dead server stays dead and returns when it answers", async () => {
  await stage.webs[1].kill();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=down/);
  expect(await ipvsOf(stage.director)).toEqual(withForeign(DEAD));
  const killedMs = await killed("checkers");
  const started = vipd.said(/process\.start process=checkers/, { sinceMs: killedMs, timeoutMs: 20_000 });
  expect(
    await disturbances(
      withForeign(DEAD),
      started.then(() => sleep(2500)),
    ),
  ).toEqual([]);
  expect(await holds(stage.director, VIP)).toBe(true);
  await stage.webs[1].start();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=up/, { sinceMs: killedMs, timeoutMs: 20_000 });
  expect(await ipvsOf(stage.director)).toEqual(withForeign(ALIVE));
  await stage.relay.mail(({ text, subject, atMs }) => atMs > killedMs && /checkers/.test(`${subject} ${text}`), {
    timeoutMs: 20_000,
  });
});

test("the vrrp process is killed: it is back at once, the services do not notice", async () => {
  const from = stage.wire.frames.length;
  const killedMs = await killed("vrrp");
  const back = stage.wire.frame(claims(ADDRESS), { from, timeoutMs: 20_000 });
  expect(await disturbances(withForeign(ALIVE), back)).toEqual([]);
  await vipd.said(/process\.start process=vrrp/, { sinceMs: killedMs });
  await untilHolds(stage.director, VIP);
  expect(await holds(stage.director, FOREIGN_ADDRESS)).toBe(true);
  expect(vipd.lines(/server\.state/, killedMs)).toEqual([]);
});

test("the mailer is killed in the middle: the mail arrives by the next one", async () => {
  await stage.relay.setMode("stall");
  const sinceMs = timeOfDayMs();
  await stage.webs[0].kill();
  const pid = await eventually(
    async () => ((await connected()) ? vipd.pid("mailer") : undefined),
    20_000,
    () => "no mailer",
  );
  process.kill(pid, "SIGKILL");
  await stage.relay.setMode("ok");
  await stage.webs[0].start();
  const about = (word: string) => (mail: { readonly atMs: number; readonly subject: string; readonly text: string }) =>
    mail.atMs > sinceMs &&
    `${mail.subject} ${mail.text}`.includes("10.3.1.11") &&
    `${mail.subject} ${mail.text}`.includes(word);
  await stage.relay.mail(about("DOWN"), { timeoutMs: 40_000 });
  await vipd.said(/server\.state .*10\.3\.1\.11.* to=up/, { sinceMs, timeoutMs: 20_000 });
  expect(await ipvsOf(stage.director)).toEqual(withForeign(ALIVE));

  async function connected(): Promise<boolean> {
    return stage.relay.connections() > 0 && vipd.lines(/server\.state .*10\.3\.1\.11/, sinceMs).length > 0;
  }
});

test("vipd itself is killed: its children hand over and end, IPVS stays as it is", async () => {
  const from = stage.wire.frames.length;
  const sinceMs = timeOfDayMs();
  await stage.webs[1].kill();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=down/, { sinceMs });
  vipd.process.signal("SIGKILL");
  await stage.wire.frame(resigns(ADDRESS), { from });
  await untilHolds(stage.director, VIP, false);
  await eventually(
    async () => ((await stage.director.pids()).length === 0 ? true : undefined),
    10_000,
    () => "children are left",
  );
  expect(await ipvsOf(stage.director)).toEqual(withForeign(DEAD));
  expect(await holds(stage.director, FOREIGN_ADDRESS)).toBe(true);
});

test("after it, a start revives no dead server and disturbs none that lives", async () => {
  const starting = startVipd(stage.director, CONFIG, { args: ["-D"] });
  expect(
    await disturbances(
      withForeign(DEAD),
      starting.then(() => sleep(2000)),
    ),
  ).toEqual([]);
  vipd = await starting;
  await untilHolds(stage.director, VIP);
});

test("vipd stop --keep-ipvs and a start do not disturb the services", async () => {
  const { code } = await vipd.command("stop", "--keep-ipvs");
  expect(code).toBe(0);
  expect(await ipvsOf(stage.director)).toEqual(withForeign(DEAD));
  await untilHolds(stage.director, VIP, false);
  const starting = startVipd(stage.director, CONFIG, { args: ["-D"] });
  expect(
    await disturbances(
      withForeign(DEAD),
      starting.then(() => sleep(1500)),
    ),
  ).toEqual([]);
  vipd = await starting;
  await stage.webs[1].start();
  await vipd.said(/server\.state .*10\.3\.1\.12.* to=up/, { timeoutMs: 20_000 });
});

test("everything is killed at once: a start sweeps what is no longer wanted, and nothing else", async () => {
  await untilHolds(stage.director, VIP);
  await stage.director.kill();
  expect(await holds(stage.director, VIP)).toBe(true);
  const other = `${GLOBAL}${instance("WEB", { addresses: ["10.3.0.150/24"] })}${service("10.3.0.150 80", ["10.3.1.11 80"])}`;
  vipd = await startVipd(stage.director, other, { args: ["-D"] });
  expect(await holds(stage.director, VIP)).toBe(false);
  await untilHolds(stage.director, "10.3.0.150");
  expect(await ipvsOf(stage.director)).toEqual(
    withForeign(["-A -t 10.3.0.150:80 -s rr", "-a -t 10.3.0.150:80 -r 10.3.1.11:80 -m -w 1"]),
  );
  expect(await holds(stage.director, FOREIGN_ADDRESS)).toBe(true);
});

test("under alpha what a crash left is out until it has been asked, at once; who died meanwhile is not revived", async () => {
  const alpha = `${GLOBAL}${instance("WEB")}${service(`${VIP} 80`, ["10.3.1.11 80", "10.3.1.12 80"], "alpha\n  warmup 30")}`;
  await vipd.reload(CONFIG);
  const table = (wanted: readonly string[]) =>
    eventually(
      async () => ((await ipvsOf(stage.director)).join() === withForeign(wanted).join() ? true : undefined),
      10_000,
      () => `no table with ${wanted.join()}`,
    );
  await table(ALIVE);
  await stage.director.kill();
  expect(await ipvsOf(stage.director)).toEqual(withForeign(ALIVE));
  await stage.webs[1].kill();
  const sinceMs = timeOfDayMs();
  vipd = await startVipd(stage.director, alpha, { args: ["-D"] });
  await vipd.said(/server\.state .*10\.3\.1\.11.* to=up/, { sinceMs, timeoutMs: 10_000 });
  await table(DEAD);
  expect(vipd.lines(/server\.state .*10\.3\.1\.12.* to=up/, sinceMs)).toEqual([]);
  await stage.webs[1].start();
});

test("vipd stop removes what it made, and nothing else", async () => {
  const { code } = await vipd.command("stop");
  expect(code).toBe(0);
  expect(await ipvsOf(stage.director)).toEqual(withForeign([]));
  const { stdout } = await stage.director.run(["ip", "-o", "-4", "address", "show", "dev", "eth0"]);
  expect(stdout.match(/inet ([\d.]+)/g)).toEqual([`inet ${ADDRESS}`, `inet ${FOREIGN_ADDRESS}`]);
});
