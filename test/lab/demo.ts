/**
 * `npm run demo`: boots the lab and plays the cases in it. Its exit code is 0 only if all of them held.
 * With `--guest` it is the program inside.
 */
import { cases, type Row, type Stage } from "./cases.ts";
import type { Process } from "./process.ts";
import { timeOfDayMs } from "./process.ts";
import { runInLab } from "./run.ts";
import { openScene, type Scene } from "./scene.ts";
import { createTimeline } from "./timeline.ts";

const NOT_HELD = `
Not all cases held. The lab has one processor, and what else this machine does takes it away: where a row is late by less than
a second, try again when the machine is idle.`;
/** With one of two servers dead every other request fails for a moment: that is said by who answers. */
const WORTH_SAYING_MS = 300;

/** Lines of a log that belong to the story. */
const WORTH_SHOWING =
  /(vrrp\.(transition|contested|priority|stalled|address|group)|server\.state|service\.quorum|tracker|config\.|process\.|ipvs\.error|daemon\.(start|ready|stop)|mail\.(deferred|refused))/;

if (process.argv.includes("--guest")) process.exitCode = await play();
else
  process.exitCode = (await runInLab({ script: import.meta.filename, args: ["--guest"], timeoutMs: 240_000 })).exitCode;

async function play(): Promise<number> {
  console.log(
    "A client, directors A and B (vipd), real servers r1 and r2, a sorry server and a mail relay, in one kernel:",
  );
  const timeline = createTimeline((line) => console.log(line));
  const running = new Map<"A" | "B", Process>();
  let lastLog: string[] = [];
  const scene = await openScene((director, line) => {
    lastLog = [...lastLog.slice(-200), `${director} ${line}`];
    if (WORTH_SHOWING.test(line)) timeline.event(director, withoutStamp(line));
  });
  const watching = watch(scene, timeline.event);
  const rows: Row[] = [];
  try {
    const stage: Stage = { scene, timeline, running };
    for (const { title, run } of cases) {
      timeline.title(title);
      try {
        const measured = await run(stage);
        rows.push(
          { what: title, measured: "", allowed: "", ok: measured.every(({ ok }) => ok) },
          ...measured.map(indented),
        );
      } catch (error) {
        rows.push(
          { what: title, measured: "", allowed: "", ok: false },
          { what: `  ${error instanceof Error ? error.message : error}`, measured: "", allowed: "", ok: false },
        );
        console.log(`\n${lastLog.join("\n")}`);
        break;
      }
    }
    printTable(rows);
    console.log(`\nMails that the admin received (${scene.relay.mails().length}):`);
    for (const mail of scene.relay.mails())
      console.log(`  ${mail.subject}   — ${/^Why: +(.*)$/m.exec(mail.text)?.[1] ?? `${mail.text.split("\n")[0]}`}`);
  } finally {
    clearInterval(watching);
    await scene.close();
  }
  const held = rows.every(({ ok }) => ok);
  console.log(held ? "\nAll cases held." : NOT_HELD);
  return held ? 0 : 1;
}

/** What the client and the admin see, as it changes. */
function watch(scene: Scene, event: (who: string, text: string, atMs?: number) => void): NodeJS.Timeout {
  let mails = 0;
  let seen = 0;
  let answeredBy = "";
  let silentSince: number | undefined;
  return setInterval(() => {
    for (const mail of scene.relay.mails().slice(mails)) event("mail", mail.subject, mail.atMs);
    mails = scene.relay.mails().length;
    const fresh = scene.probe.answers().slice(seen);
    seen += fresh.length;
    for (const answer of fresh) {
      if (answer.by === undefined) silentSince ??= answer.atMs;
      else if (silentSince !== undefined) {
        if (answer.atMs - silentSince >= WORTH_SAYING_MS)
          event("client", `answered again after ${((answer.atMs - silentSince) / 1000).toFixed(2)} s`, answer.atMs);
        silentSince = undefined;
      }
    }
    const by = [
      ...new Set(
        scene.probe
          .answers()
          .filter(({ atMs }) => atMs > timeOfDayMs() - 700)
          .map((one) => one.by ?? "nobody"),
      ),
    ]
      .sort()
      .join(" and ");
    if (by !== "" && by !== answeredBy) event("client", answeredText(by));
    if (by !== "") answeredBy = by;
  }, 250);
}

function answeredText(by: string): string {
  const names = by.split(" and ").filter((name) => name !== "nobody");
  if (names.length === 0) return "is answered by nobody";
  return `is answered by ${names.join(" and ")}${by.includes("nobody") ? "; some requests fail" : ""}`;
}

function withoutStamp(line: string): string {
  return line.slice(Math.max(0, line.search(WORTH_SHOWING)));
}

function indented(row: Row): Row {
  return { ...row, what: `  ${row.what}` };
}

function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const measured = Math.max(8, ...rows.map((row) => row.measured.length));
  const allowed = Math.max(7, ...rows.map((row) => row.allowed.length));
  console.log(`\n${"".padEnd(width)}  ${"measured".padStart(measured)}  ${"allowed".padStart(allowed)}`);
  for (const row of rows) {
    console.log(
      `${row.what.padEnd(width)}  ${row.measured.padStart(measured)}  ${row.allowed.padStart(allowed)}  ${row.ok ? "ok" : "NOT OK"}`,
    );
  }
}
