/**
 * The stories that the demonstration tells and the lab asserts: something is done to the pair, and what the client, the wire, the
 * kernel and the admin see of it is measured against what the protocol allows.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type AdvertFrame, type AnyFrame, type ArpFrame, announces, isAdvert } from "./capture.ts";
import { type Process, timeOfDayMs } from "./process.ts";
import { type Director, type Scene, VIP } from "./scene.ts";
import { type Answer, eventually } from "./services.ts";
import type { Timeline } from "./timeline.ts";

export type Row = { readonly what: string; readonly measured: string; readonly allowed: string; readonly ok: boolean };

export type Stage = { readonly scene: Scene; readonly timeline: Timeline; readonly running: Map<"A" | "B", Process> };

export type Case = { readonly title: string; readonly run: (stage: Stage) => Promise<readonly Row[]> };

/** advert_int 1 s, priorities 150 and 100: Master_Down_Interval = 3 × 1 s + (256 − priority) / 256 s. */
const DOWN_A_MS = 3000 + (106 / 256) * 1000;
const DOWN_B_MS = 3000 + (156 / 256) * 1000;
const SKEW_B_MS = (156 / 256) * 1000;
/** Requests that were under way when a change was logged may still meet what was before it. */
const UNDER_WAY_MS = 300;
/** What is timed on the wire, where nine machines share one processor. */
const WIRE_MS = 80;
/** The lab's kernel has one slow processor for nine machines: what is the guest's and not the protocol's. */
const GUEST_MS = 400;
/** From here on the protocol counts; how long a start takes is the machine's affair. */
const LISTENS = /vrrp\.transition instance=WEB from=INIT to=BACKUP/;
const SWEEPS = /vrrp\.address .*10\.9\.0\.100.*what=swept/;

export const cases: readonly Case[] = [
  { title: "1. Director A takes the virtual address; requests alternate between the real servers", run: begin },
  { title: "2. A real server dies and returns; both die: the sorry server answers", run: servers },
  { title: "3. Every process of director A is killed at once", run: crash },
  { title: "4. Director A comes back, sweeps what it left and preempts", run: comeBack },
  { title: "5. Maintenance: touch /run/maintenance on A, and remove it", run: maintenance },
  { title: "6a. SIGTERM to A: it hands over at once", run: handOver },
  { title: "6b. The front link of A is cut and heals", run: linkCut },
  { title: "6c. A silent split: two masters, and one again", run: split },
  { title: "7a. A changed file and SIGHUP: exactly the change happens", run: reload },
  { title: "7b. A broken file and SIGHUP: refused, nothing changes", run: brokenReload },
];

async function begin(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const causeMs = timeline.cause("vipd starts on both directors");
  await Promise.all([start(stage, scene.a), start(stage, scene.b)]);
  // B may have been quicker to start, and master for a moment
  const advert = await scene.wire.frame(advertOf(scene.a), { timeoutMs: 15_000 });
  const listening = await logged(stage, scene.a, LISTENS, causeMs);
  const answered = await scene.probe.answer(({ by }) => by !== undefined, { sinceMs: causeMs, timeoutMs: 15_000 });
  timeline.event("client", `first answer, from ${answered.by}`, answered.atMs);
  await settled(scene, scene.a, scene.b);
  const { alternating, of } = alternation(await nextAnswers(scene, 20));
  return [
    row("A listens → its first advert", advert.atMs - listening, DOWN_A_MS + GUEST_MS),
    {
      what: "answers of two neighbouring requests that differ",
      measured: `${alternating} of ${of}`,
      allowed: "all",
      ok: alternating === of,
    },
    await mailRow(scene, "mail: A is master", causeMs, /VRRP Instance WEB - Entering MASTER state/, "director-a"),
  ];
}

async function servers(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const rows: Row[] = [];
  // delay_loop 1 s until it is looked at, one retry after 1 s
  const outMs = 2000 + GUEST_MS;
  let causeMs = timeline.cause("real server r1 is killed");
  await scene.r1.kill();
  const removed = await logged(stage, scene.a, /server\.state .*10\.9\.1\.11.* to=down/, causeMs);
  rows.push(row("r1 refused → out of IPVS", removed - causeMs, outMs));
  rows.push(await onlyAnsweredBy(scene, ["r2"], timeOfDayMs()));
  rows.push(
    await mailRow(scene, "mail: r1 is down", causeMs, /Realserver \[10\.9\.1\.11\]:tcp:80 .* - DOWN/, "director-a"),
  );

  causeMs = timeline.cause("real server r1 returns");
  await scene.r1.start();
  const listening = timeOfDayMs();
  const added = await logged(stage, scene.a, /server\.state .*10\.9\.1\.11.* to=up/, causeMs);
  rows.push(row("r1 listens → back in IPVS", added - listening, outMs));
  rows.push(await onlyAnsweredBy(scene, ["r1", "r2"], timeOfDayMs()));
  rows.push(
    await mailRow(scene, "mail: r1 is up", causeMs, /Realserver \[10\.9\.1\.11\]:tcp:80 .* - UP/, "director-a"),
  );

  causeMs = timeline.cause("both real servers are killed");
  await Promise.all([scene.r1.kill(), scene.r2.kill()]);
  const sorry = await scene.probe.answer(({ by }) => by === "sorry", { sinceMs: causeMs });
  timeline.event("client", "the sorry server answers", sorry.atMs);
  rows.push(row("both dead → the sorry server answers", sorry.atMs - causeMs, outMs + 500));
  rows.push(
    await mailRow(scene, "mail: quorum lost", causeMs, /Virtualserver \[10\.9\.0\.100\]:tcp:80 - DOWN/, "director-a"),
  );

  causeMs = timeline.cause("both real servers return");
  await Promise.all([scene.r1.start(), scene.r2.start()]);
  await logged(stage, scene.a, /server\.state .*10\.9\.1\.11.* to=up/, causeMs);
  await logged(stage, scene.a, /server\.state .*10\.9\.1\.12.* to=up/, causeMs);
  rows.push(await onlyAnsweredBy(scene, ["r1", "r2"], timeOfDayMs()));
  return rows;
}

async function crash(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const from = scene.wire.frames.length;
  const causeMs = timeline.cause("SIGKILL to every process of director A");
  await scene.a.kill();
  stage.running.delete("A");
  const [lastMs, advert, arp] = await takeover(stage, scene.b, from);
  const outage = longestOutage(scene, causeMs);
  return [
    row("A's last advert → B's first", advert - lastMs, DOWN_B_MS + WIRE_MS, advert - lastMs >= DOWN_B_MS - WIRE_MS),
    row("B's advert → its first gratuitous ARP", arp - advert, 20),
    row("longest time that the client had no answer", outage, 1000),
    await mailRow(
      scene,
      "mail: B is master, and why",
      causeMs,
      /VRRP Instance WEB - Entering MASTER state/,
      "director-b",
      /no advert from 10\.9\.0\.1/,
    ),
  ];
}

async function comeBack(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const heldBefore = await scene.a.holdsVip();
  const from = scene.wire.frames.length;
  const causeMs = timeline.cause("vipd starts on director A, whose kernel still holds the virtual address");
  await start(stage, scene.a);
  const swept = linesSince(stage, scene.a, causeMs).some((line) => SWEEPS.test(line));
  const [, advert] = await takeover(stage, scene.a, from);
  const listening = await logged(stage, scene.a, LISTENS, causeMs);
  await settled(scene, scene.a, scene.b);
  return [
    {
      what: "the address that the crash left, before the start and at it",
      measured: `${heldBefore ? "held" : "gone"}, ${swept ? "swept" : "left"}`,
      allowed: "held, swept",
      ok: heldBefore && swept,
    },
    row("A listens → it is master again", advert - listening, DOWN_A_MS + GUEST_MS),
    row("longest time that the client had no answer", longestOutage(scene, causeMs), 1500),
    await mailRow(scene, "mail: A is master", causeMs, /VRRP Instance WEB - Entering MASTER state/, "director-a"),
    await mailRow(
      scene,
      "mail: B is backup",
      causeMs,
      /VRRP Instance WEB - Entering BACKUP state/,
      "director-b",
      /priority 150 > 100/,
    ),
  ];
}

async function maintenance(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  let from = scene.wire.frames.length;
  let causeMs = timeline.cause("touch /run/maintenance on director A: its priority falls from 150 to 90");
  await scene.a.node.run(["touch", "/run/maintenance"]);
  const [, away] = await takeover(stage, scene.b, from);
  // script interval, then A's next advert, then B's down interval since A's last advert that outranked it
  const rows = [row("file made → B is master", away - causeMs, 1000 + 1000 + DOWN_B_MS + GUEST_MS)];
  await settled(scene, scene.b, scene.a);
  from = scene.wire.frames.length;
  causeMs = timeline.cause("rm /run/maintenance: A has priority 150 again");
  await scene.a.node.run(["rm", "/run/maintenance"]);
  const [, back] = await takeover(stage, scene.a, from);
  rows.push(row("file removed → A is master", back - causeMs, 1000 + 1000 + DOWN_A_MS + GUEST_MS));
  await settled(scene, scene.a, scene.b);
  rows.push(row("longest time that the client had no answer", longestOutage(scene, causeMs - 6000), 1000));
  return rows;
}

async function handOver(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const from = scene.wire.frames.length;
  const causeMs = timeline.cause("SIGTERM to director A");
  const daemon = stage.running.get("A");
  daemon?.signal("SIGTERM");
  const [, advert] = await takeover(stage, scene.b, from);
  const resigned = scene.wire
    .adverts()
    .find((frame) => frame.atMs >= causeMs && frame.source === scene.a.address && frame.priority === 0);
  const exit = await daemon?.exited;
  stage.running.delete("A");
  const rows = [
    row("SIGTERM → priority 0 on the wire", (resigned?.atMs ?? Number.NaN) - causeMs, GUEST_MS),
    row("priority 0 → B's first advert", advert - (resigned?.atMs ?? Number.NaN), SKEW_B_MS + WIRE_MS),
    {
      what: "exit code of A, address left behind",
      measured: `${exit?.code}, ${(await scene.a.holdsVip()) ? "yes" : "no"}`,
      allowed: "0, no",
      ok: exit?.code === 0 && !(await scene.a.holdsVip()),
    },
    row("longest time that the client had no answer", longestOutage(scene, causeMs), SKEW_B_MS + 1000),
  ];
  const again = scene.wire.frames.length;
  timeline.cause("director A starts again");
  await start(stage, scene.a);
  await takeover(stage, scene.a, again);
  await settled(scene, scene.a, scene.b);
  return rows;
}

async function linkCut(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  let from = scene.wire.frames.length;
  let causeMs = timeline.cause("the cable of A's front link is pulled");
  await scene.a.front.cut("carrier");
  const [last, advert] = await takeover(stage, scene.b, from);
  const rows = [
    row("A's last advert → B's first", advert - last, DOWN_B_MS + WIRE_MS),
    row("longest time that the client had no answer", longestOutage(scene, causeMs), DOWN_B_MS + 1000),
  ];
  rows.push(await stateRow(scene.a, "state of A meanwhile", "FAULT"));
  from = scene.wire.frames.length;
  causeMs = timeline.cause("the cable is plugged in again");
  await scene.a.front.heal();
  const [, back, arp] = await takeover(stage, scene.a, from);
  await settled(scene, scene.a, scene.b);
  rows.push(row("healed → A is master", back - causeMs, DOWN_A_MS + 1000 + GUEST_MS));
  rows.push(row("A's advert → its first gratuitous ARP", arp - back, 20));
  return rows;
}

async function split(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  timeline.cause("the switch drops everything of B's front port, silently");
  await scene.b.front.cut("silent");
  await eventually(
    async () => ((await scene.b.holdsVip()) ? true : undefined),
    10_000,
    () => "B did not become master",
  );
  timeline.event("B", "is master too: it hears nobody");
  timeline.cause("the switch forwards again");
  const from = scene.wire.frames.length;
  await scene.b.front.heal();
  // Whoever is heard first: B's next advert is the first thing across, its own or the last one of a master that yields.
  const met = await scene.wire.frame(advertOf(scene.b), { from });
  timeline.event("wire", `advert of B, priority ${met.priority}`, met.atMs);
  const arp = await scene.wire.frame(announcementOf(scene.a), { from: scene.wire.frames.indexOf(met) });
  timeline.event("wire", `gratuitous ARP: ${VIP} is at ${arp.senderMac} (A)`, arp.atMs);
  await settled(scene, scene.a, scene.b);
  const answered = await scene.probe.answer(({ by }) => by !== undefined, { sinceMs: arp.atMs });
  const held = await masters(scene);
  return [
    row("first advert across → the winner re-announces", arp.atMs - met.atMs, 50),
    row("re-announced → the client is answered", answered.atMs - arp.atMs, 700),
    { what: "masters after the heal", measured: held, allowed: "A", ok: held === "A" },
  ];
}

async function reload(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const keep = scene.client.start([
    join(import.meta.dirname, "../../node_modules/.bin/node"),
    join(import.meta.dirname, "peers/keep.ts"),
    VIP,
    "80",
    "200",
  ]);
  await keep.line(/^answer 3/);
  const before = { ipvs: serversOf(await scene.a.ipvs()), adverts: scene.wire.adverts().length };
  const text = await readFile(scene.a.config, "utf8");
  const changed = text
    .replace("10.9.0.100/24\n", "10.9.0.100/24\n        10.9.0.101/24\n")
    .replace(/(real_server 10\.9\.1\.12 80 \{\s+weight) 1/, "$1 3");
  const causeMs = timeline.cause("A's file: weight of r2 3 instead of 1, one address more; SIGHUP");
  await writeFile(scene.a.config, changed);
  stage.running.get("A")?.signal("SIGHUP");
  const loaded = await logged(stage, scene.a, /config\.loaded/, causeMs);
  const done = await eventually(
    async () => {
      const { stdout } = await scene.a.node.run(["ip", "-o", "address", "show", "to", "10.9.0.101"]);
      return stdout !== "" && serversOf(await scene.a.ipvs()).includes("10.9.1.12:80 3") ? timeOfDayMs() : undefined;
    },
    5000,
    () => "the change did not happen",
  );
  const after = serversOf(await scene.a.ipvs());
  const answersBefore = keep.lines.length;
  await keep.line(/^answer/, { from: answersBefore });
  const differing = after.filter((line) => !before.ipvs.includes(line));
  const transitions = linesSince(stage, scene.a, causeMs).filter((line) => /vrrp\.transition|server\.state/.test(line));
  const closed = keep.output().includes("closed");
  await keep.stop();
  return [
    row("SIGHUP → the change is in the kernel", done - causeMs, 3000),
    row("of it until the log says so", loaded - causeMs, 3000),
    {
      what: "IPVS entries that differ",
      measured: differing.join("; "),
      allowed: "10.9.1.12:80 3",
      ok: differing.join() === "10.9.1.12:80 3" && after.length === before.ipvs.length,
    },
    { what: "transitions", measured: String(transitions.length), allowed: "0", ok: transitions.length === 0 },
    {
      what: "connection that was open",
      measured: closed ? "closed" : "stays, answers",
      allowed: "stays, answers",
      ok: !closed,
    },
    row("longest time that the client had no answer", longestOutage(scene, causeMs), 0),
  ];
}

async function brokenReload(stage: Stage): Promise<readonly Row[]> {
  const { scene, timeline } = stage;
  const text = await readFile(scene.a.config, "utf8");
  const before = `${await scene.a.ipvs()}${await addresses(scene.a)}`;
  const broken = text.replace("virtual_router_id 51", "virtual_router_id 333").replace("advert_int 1", "advert_imt 1");
  const causeMs = timeline.cause("A's file: virtual_router_id 333, advert_imt; SIGHUP");
  await writeFile(scene.a.config, broken);
  stage.running.get("A")?.signal("SIGHUP");
  await logged(stage, scene.a, /config\.refused/, causeMs);
  const line = linesSince(stage, scene.a, causeMs).find((entry) => entry.includes("config.refused")) ?? "";
  const named = [/vipd\.conf:\d+:\d+: .*333/, /vipd\.conf:\d+:\d+: .*advert_imt/].filter((pattern) =>
    pattern.test(line),
  ).length;
  const mail = await mailRow(
    scene,
    "mail: refused, with file and line",
    causeMs,
    /configuration refused/,
    "director-a",
    /vipd\.conf:\d+:\d+/,
  );
  const after = `${await scene.a.ipvs()}${await addresses(scene.a)}`;
  await writeFile(scene.a.config, text);
  const mended = timeline.cause("the file is mended; SIGHUP");
  stage.running.get("A")?.signal("SIGHUP");
  await logged(stage, scene.a, /config\.loaded/, mended);
  return [
    {
      what: "mistakes named with file, line and column",
      measured: `${named} of 2`,
      allowed: "2 of 2",
      ok: named === 2,
    },
    {
      what: "IPVS entries and addresses",
      measured:
        before.replaceAll(/\d+ +\d+ *$/gm, "") === after.replaceAll(/\d+ +\d+ *$/gm, "") ? "unchanged" : "changed",
      allowed: "unchanged",
      ok: before.replaceAll(/\d+ +\d+ *$/gm, "") === after.replaceAll(/\d+ +\d+ *$/gm, ""),
    },
    { what: "master", measured: await masters(scene), allowed: "A", ok: (await masters(scene)) === "A" },
    mail,
  ];
}

// ── what the cases are made of ──────────────────────────────────────────────────────────────────────────────────

async function start(stage: Stage, director: Director): Promise<void> {
  stage.running.set(director.name, await director.start());
}

/** Waits until `winner` advertises (not its resignation). @returns times of the other's last advert, its first, its first announcement */
async function takeover(
  stage: Stage,
  winner: Director,
  from: number,
): Promise<readonly [lastMs: number, advertMs: number, arpMs: number]> {
  const { scene, timeline } = stage;
  const advert = await scene.wire.frame(advertOf(winner), { from, timeoutMs: 20_000 });
  timeline.event("wire", `advert of ${winner.name}, priority ${advert.priority}`, advert.atMs);
  const arp = await scene.wire.frame(announcementOf(winner), { from: scene.wire.frames.indexOf(advert) });
  timeline.event("wire", `gratuitous ARP: ${VIP} is at ${arp.senderMac} (${winner.name})`, arp.atMs);
  const last = scene.wire.adverts().findLast((frame) => frame.source !== winner.address && frame.atMs < advert.atMs);
  return [last?.atMs ?? Number.NaN, advert.atMs, arp.atMs];
}

/** Adverts of a director that claims the address: not its resignation. */
function advertOf(director: Director) {
  return (frame: AnyFrame): frame is AdvertFrame =>
    isAdvert(frame) && frame.source === director.address && frame.priority > 0;
}

function announcementOf(director: Director) {
  return (frame: AnyFrame): frame is ArpFrame => announces(VIP)(frame) && frame.sourceMac === director.front.mac;
}

/** Waits until only `master` holds the virtual address. */
async function settled(scene: Scene, master: Director, other: Director): Promise<void> {
  await eventually(
    async () => ((await master.holdsVip()) && !(await other.holdsVip()) ? true : undefined),
    10_000,
    () => `${master.name} alone should hold ${VIP}`,
  );
  await scene.probe.answer(({ by }) => by !== undefined, { sinceMs: timeOfDayMs() });
}

async function masters(scene: Scene): Promise<string> {
  const held = await Promise.all(
    [scene.a, scene.b].map(async (director) => ((await director.holdsVip()) ? director.name : "")),
  );
  return held.filter((name) => name !== "").join(" and ") || "none";
}

/** Waits for a line of a director's log. @returns when it came */
async function logged(stage: Stage, director: Director, pattern: RegExp, sinceMs: number): Promise<number> {
  const daemon = stage.running.get(director.name);
  if (daemon === undefined) throw new Error(`director ${director.name} does not run`);
  const find = () => daemon.lines.find(({ atMs, text }) => atMs >= sinceMs && pattern.test(text));
  const line = await eventually(
    find,
    20_000,
    () => `director ${director.name} did not log ${pattern}; it said:\n${daemon.output().slice(-3000)}`,
  );
  return line.atMs;
}

function linesSince(stage: Stage, director: Director, sinceMs: number): readonly string[] {
  return (stage.running.get(director.name)?.lines ?? []).flatMap(({ atMs, text }) => (atMs >= sinceMs ? [text] : []));
}

async function nextAnswers(scene: Scene, count: number, sinceMs = timeOfDayMs()): Promise<readonly Answer[]> {
  return eventually(
    () => {
      const answers = scene.probe.answers().filter(({ atMs }) => atMs >= sinceMs);
      return answers.length >= count ? answers.slice(0, count) : undefined;
    },
    20_000,
    () => "the client no longer asks",
  );
}

function alternation(answers: readonly Answer[]): { readonly alternating: number; readonly of: number } {
  const pairs = answers.slice(1).map(({ by }, index) => by !== answers[index]?.by && by !== undefined);
  return { alternating: pairs.filter(Boolean).length, of: pairs.length };
}

async function onlyAnsweredBy(scene: Scene, who: readonly string[], sinceMs: number): Promise<Row> {
  const by = new Set((await nextAnswers(scene, 12, sinceMs + UNDER_WAY_MS)).map((answer) => answer.by ?? "nobody"));
  const measured = [...by].sort().join(", ");
  return { what: "requests are then answered by", measured, allowed: who.join(", "), ok: measured === who.join(", ") };
}

function longestOutage(scene: Scene, sinceMs: number): number {
  return Math.max(0, ...scene.probe.outages(sinceMs).map(({ fromMs, toMs }) => toMs - fromMs));
}

async function mailRow(
  scene: Scene,
  what: string,
  sinceMs: number,
  subject: RegExp,
  host: string,
  text?: RegExp,
): Promise<Row> {
  const wanted = (mail: ReturnType<Scene["relay"]["mails"]>[number]) =>
    mail.atMs >= sinceMs &&
    (subject.test(mail.subject) || subject.test(mail.text)) &&
    mail.from.includes(host) &&
    (text === undefined || text.test(mail.text));
  try {
    const mail = await scene.relay.mail(wanted, { timeoutMs: 15_000 });
    return { what, measured: seconds(mail.atMs - sinceMs), allowed: "arrives", ok: true };
  } catch {
    return { what, measured: "none", allowed: "arrives", ok: false };
  }
}

async function stateRow(director: Director, what: string, state: string): Promise<Row> {
  const { stdout } = await director.command("status", "--json");
  const measured = /"state": ?"([A-Z]+)"/.exec(stdout)?.[1] ?? "unknown";
  return { what, measured, allowed: state, ok: measured === state };
}

/** `ADDRESS:PORT WEIGHT` of every real server in the output of ipvsadm -Ln. */
function serversOf(ipvs: string): readonly string[] {
  return [...ipvs.matchAll(/-> (\S+:\d+)\s+\S+\s+(\d+)/g)].map(([, server, weight]) => `${server} ${weight}`);
}

async function addresses(director: Director): Promise<string> {
  return (await director.node.run(["ip", "-o", "-4", "address"])).stdout;
}

function row(what: string, measuredMs: number, allowedMs: number, also = true): Row {
  return {
    what,
    measured: seconds(measuredMs),
    allowed: `≤ ${seconds(allowedMs)}`,
    ok: also && measuredMs <= allowedMs,
  };
}

function seconds(ms: number): string {
  return Math.abs(ms) < 100 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(3)} s`;
}
