/** Checks and commands of services: too slow for their interval, not there at all, or written for a shell. */
import { defaultOf, find, numberOf } from "../access.ts";
import { noTiming, type Timing, timingOf } from "../build-check.ts";
import type { Rule } from "../grammar.ts";
import { hint, type Report, warning } from "../problems.ts";
import { rawArguments, type Statement } from "../statement.ts";
import { type Gathering, gather } from "./gather.ts";
import { checkShell } from "./scripts.ts";
import type { Service, Subjects } from "./subjects.ts";
import { seconds } from "./words.ts";

export function checkProbes({ services }: Subjects, report: Report): void {
  const slow = gather();
  const commands = new Map<string, Statement>();
  let met = 0;
  const remember = (statement: Statement) => {
    met++;
    const text = rawArguments(statement);
    if (!commands.has(text)) commands.set(text, statement);
  };
  for (const service of services) {
    if (unremarkable.has(service.block)) continue;
    const before = met + slow.count() + report.count();
    const outer = timingOf(service.block, noTiming);
    for (const statement of service.block.body ?? [])
      if (statement.rule?.entry.takes.form === "command") remember(statement);
    const unchecked = gather();
    for (const { block, ip, port } of service.servers) {
      let checked = false;
      const own = timingHere(block, outer);
      for (const check of block.body ?? []) {
        const form = check.rule?.entry.takes.form;
        if (form === "command") remember(check);
        if (form !== "block") continue;
        checked = true;
        const script = check.rule?.name === "MISC_CHECK" ? find(check, "misc_path") : undefined;
        if (script !== undefined) remember(script);
        checkTiming(service, check, timingHere(check, own), slow);
      }
      if (checked || hasUnknown(block)) continue;
      unchecked.note("", block, 1, () =>
        hint("VIPD065", `${ip} ${port} has no check: it gets connections when it is dead, too`, "add TCP_CHECK { }"),
      );
    }
    unchecked.tell(report);
    if (met + slow.count() + report.count() === before) unremarkable.add(service.block);
  }
  slow.tell(report);
  for (const command of commands.values()) checkShell(command, report);
}

/** Services of which nothing was told or gathered: the next reading may recognize them (`memory.ts`). */
const unremarkable = new WeakSet<Statement>();

const TIMING: ReadonlySet<string> = new Set([
  "delay_loop",
  "retry",
  "nb_get_retry",
  "delay_before_retry",
  "warmup",
  "connect_timeout",
]);
const isTiming = new Map<Rule, boolean>();

/** As `timingOf`, for thousands of blocks that mostly say nothing: those are looked through by rule, and nothing is made of them. */
function timingHere(block: Statement, outer: Timing): Timing {
  for (const { rule } of block.body ?? []) {
    if (rule === undefined) continue;
    let known = isTiming.get(rule);
    if (known === undefined) {
      known = TIMING.has(rule.name);
      isTiming.set(rule, known);
    }
    if (known) return timingOf(block, outer);
  }
  return outer;
}

/** A block that is not known may be meant as a check; that is told already. */
function hasUnknown({ body }: Statement): boolean {
  return (body ?? []).some((statement) => statement.rule === undefined && statement.body !== undefined);
}

/**
 * Retries outlast the interval in most files that work well: three attempts of 3 s every 6 s are what everybody copies. They are worth a
 * word only where clients are sent to a dead server for so long.
 */
const LONG_MS = 30_000;

function checkTiming(service: Service, check: Statement, timing: Timing, slow: Gathering): void {
  const kind = check.rule?.name ?? "";
  const inside = service.block.rule?.inside;
  const intervalMs = timing.intervalMs ?? defaultOf(inside, "delay_loop");
  if (kind === "FILE_CHECK" || kind === "BFD_CHECK") return;
  if (kind === "MISC_CHECK") {
    const timeoutMs = numberOf(check, "misc_timeout") ?? intervalMs;
    tooLong("misc_timeout", timeoutMs, intervalMs, check, slow);
    return;
  }
  const timeoutMs = timing.timeoutMs ?? defaultOf(inside, "connect_timeout");
  if (tooLong("connect_timeout", timeoutMs, intervalMs, check, slow)) return;
  const dns = kind === "DNS_CHECK";
  const retries = timing.retries ?? defaultOf(check.rule?.inside, "retry");
  const delayMs = timing.retryDelayMs ?? (dns ? intervalMs : defaultOf(check.rule?.inside, "delay_before_retry"));
  const wholeMs = timeoutMs * (retries + 1) + delayMs * retries;
  if (retries === 0 || (dns && timing.retryDelayMs === undefined) || wholeMs <= Math.max(intervalMs, LONG_MS)) return;
  slow.note(wholeMs * 0x1_0000_0000 + intervalMs, check, 0, () => {
    const sum = `connect_timeout ${seconds(timeoutMs)} × ${retries + 1} attempts + delay_before_retry ${seconds(delayMs)} × ${retries} = ${seconds(wholeMs)}`;
    const message = `clients are sent to a dead server until ${kind} has given up: ${sum}`;
    return hint("VIPD064", message, "use a shorter connect_timeout, or fewer retries");
  });
}

/** @returns whether one attempt alone exceeds the interval, which is told */
function tooLong(
  name: "connect_timeout" | "misc_timeout",
  timeoutMs: number,
  intervalMs: number,
  check: Statement,
  slow: Gathering,
): boolean {
  if (timeoutMs <= intervalMs) return false;
  slow.note(`${name} ${timeoutMs} ${intervalMs}`, find(check, name) ?? check, 0, () =>
    warning(
      "VIPD063",
      `one attempt may take ${seconds(timeoutMs)} (${name}), and one is due every ${seconds(intervalMs)} (delay_loop): this check cannot keep its interval`,
      `write ${name} ${Math.max(1, Math.floor(intervalMs / 2000))}, or a longer delay_loop`,
    ),
  );
  return true;
}
