/** A relay that stalls, refuses or hangs up: nothing is lost, nothing is delayed, and the log says what happened. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { claims, ipvsOf, sleep, startVipd, untilHolds, type Vipd } from "./daemons.ts";
import { ADDRESS, GLOBAL, instance, openStage, type Stage, service, VIP } from "./director.ts";
import { timeOfDayMs } from "./process.ts";
import { eventually, type SmtpMode } from "./services.ts";

const CONFIG = `${GLOBAL}${instance("WEB")}${service(`${VIP} 80`, ["10.3.1.11 80", "10.3.1.12 80"])}`;

let stage: Stage;
let vipd: Vipd;

beforeAll(async () => {
  stage = await openStage();
  vipd = await startVipd(stage.director, CONFIG, { args: ["-D"] });
  await untilHolds(stage.director, VIP);
});
afterAll(() => stage?.lab.close());

const longestGap = (from: number) => {
  const times = stage.wire.frames
    .slice(from)
    .filter(claims(ADDRESS))
    .map(({ atMs }) => atMs);
  return Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
};

/** A server dies and returns. @returns when it began */
async function deathAndReturn(): Promise<number> {
  const sinceMs = timeOfDayMs();
  await stage.webs[0].kill();
  const down = await vipd.said(/server\.state .*10\.3\.1\.11.* to=down/, { sinceMs });
  expect(down.atMs - sinceMs).toBeLessThan(2000);
  expect((await ipvsOf(stage.director)).join()).not.toContain("10.3.1.11");
  await stage.webs[0].start();
  await vipd.said(/server\.state .*10\.3\.1\.11.* to=up/, { sinceMs, timeoutMs: 15_000 });
  return sinceMs;
}

const tells = (sinceMs: number, what: string) => (mail: { atMs: number; subject: string; text: string }) =>
  mail.atMs >= sinceMs &&
  mail.text.concat(mail.subject).includes("10.3.1.11") &&
  mail.text.concat(mail.subject).includes(what);

test.each<{ mode: SmtpMode; said: RegExp }>([
  { mode: "stall", said: /mail\.deferred .*reason="[^"]*(time|second|answer)/i },
  { mode: "later", said: /mail\.deferred .*451/ },
  { mode: "drop", said: /mail\.deferred/ },
])(
  "the relay's mode is $mode: checks and adverts go on; the mail arrives when it is well again",
  async ({ mode, said }) => {
    await stage.relay.setMode(mode);
    const from = stage.wire.frames.length;
    const sinceMs = await deathAndReturn();
    await vipd.said(said, { sinceMs, timeoutMs: 20_000 });
    // who waited for the relay would wait for two seconds
    expect(longestGap(from)).toBeLessThan(1000);
    await stage.relay.setMode("ok");
    await stage.relay.mail(tells(sinceMs, "DOWN"), { timeoutMs: 60_000 });
    await stage.relay.mail(tells(sinceMs, "UP"), { timeoutMs: 60_000 });
  },
);

test("the relay is gone altogether: the same", async () => {
  await stage.relay.kill();
  const sinceMs = await deathAndReturn();
  await vipd.said(/mail\.deferred .*refused/i, { sinceMs, timeoutMs: 20_000 });
  await stage.relay.start();
  await stage.relay.mail(tells(sinceMs, "DOWN"), { timeoutMs: 60_000 });
});

test("a permanent refusal is logged with the relay's words and counted, and does not hold up the rest", async () => {
  await stage.relay.setMode("never");
  const sinceMs = await deathAndReturn();
  await vipd.said(/mail\.refused .*550/, { sinceMs, timeoutMs: 30_000 });
  await sleep(500);
  await stage.relay.setMode("ok");
  const status = JSON.parse((await vipd.command("status", "--json")).stdout);
  expect(status.mail.refused).toBeGreaterThan(0);
  const againMs = await deathAndReturn();
  await stage.relay.mail(tells(againMs, "DOWN"), { timeoutMs: 60_000 });
});

test("no signal that is meant for vipd ends the mailer or opens a debugger in it; the mail arrives", async () => {
  await stage.relay.setMode("stall");
  const sinceMs = await deathAndReturn();
  const pid = await eventually(
    () => vipd.pid("mailer"),
    10_000,
    () => "there is no mailer",
  );
  for (const signal of ["HUP", "USR1", "USR2", "INT", "PIPE", "34", "35", "36", "63", "64"])
    await stage.director.run(["kill", `-${signal}`, String(pid)]);
  await sleep(500);
  expect(await vipd.pid("mailer")).toBe(pid);
  expect((await stage.director.shell("cat /proc/net/tcp /proc/net/tcp6")).stdout).not.toMatch(/:240D /);
  await stage.relay.setMode("ok");
  await stage.relay.mail(tells(sinceMs, "DOWN"), { timeoutMs: 60_000 });
});
