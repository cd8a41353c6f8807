/** Scripts and other things to track: defined for nothing, slower than their interval, or written for a shell. */
import { find, findAll, numberIn } from "../access.ts";
import { commandOf } from "../build-command.ts";
import { hint, type Report, silent, warning } from "../problems.ts";
import type { Statement } from "../statement.ts";
import type { Script, Subjects } from "./subjects.ts";
import { seconds } from "./words.ts";

export function checkScripts(subjects: Subjects, report: Report): void {
  for (const script of subjects.scripts.values()) {
    checkPace(script, report);
    const statement = find(script.block, "script");
    if (statement !== undefined) checkShell(statement, report);
  }
  checkUnused(subjects, report);
  for (const { block } of [...subjects.instances, ...subjects.groups])
    for (const statement of block.body ?? [])
      if (statement.rule?.entry.takes.form === "command") checkShell(statement, report);
}

/** A failure that takes longer to be noticed is hardly wanted. */
const LONG_MS = 60_000;

function checkPace({ name, block, intervalMs, timeoutMs }: Script, report: Report): void {
  const timeout = find(block, "timeout");
  if (timeout !== undefined && timeoutMs > intervalMs) {
    const message = `${name} may run ${seconds(timeoutMs)}, and is due every ${seconds(intervalMs)}: while it hangs, runs are left out and a failure is noticed after ${seconds(timeoutMs)}`;
    report.at(
      timeout,
      1,
      warning("VIPD058", message, `write a timeout of ${intervalMs / 1000} or less, or a longer interval`),
    );
  }
  const fall = numberIn(block, "fall");
  const noticeMs = fall * intervalMs;
  if (noticeMs > LONG_MS) {
    const at = find(block, fall > 1 ? "fall" : "interval") ?? block;
    const message = `${name} fails for ${seconds(noticeMs)} before it counts: fall ${fall} × interval ${seconds(intervalMs)}`;
    report.at(at, 1, hint("VIPD061", message, "use a shorter interval or a smaller fall"));
  }
}

const SHELL_WORDS: ReadonlySet<string> = new Set([
  "|",
  "||",
  "&&",
  ">",
  ">>",
  "<",
  "2>&1",
  ";",
  "&",
  "2>/dev/null",
  ">/dev/null",
  "[[",
]);

/** Scripts are run without a shell (behaviour 74): its words would be arguments. */
export function checkShell(statement: Statement, report: Report): void {
  const argv = commandOf(statement, silent)?.argv ?? [];
  const word = argv.find((one, index) => SHELL_WORDS.has(one) || (index > 0 && /^[12]?>>?[&/]/.test(one)));
  if (word === undefined || (argv[0] ?? "").endsWith("sh")) return;
  const message = `${statement.words[0]} uses ${word}, but no shell reads the command: ${argv[0]} gets it as an argument`;
  report.at(
    statement,
    1,
    warning("VIPD059", message, `put the command into a file that begins with #!/bin/sh, or write: /bin/sh -c '…'`),
  );
}

const definitions: readonly (readonly [blocks: readonly string[], list: string])[] = [
  [["vrrp_script"], "track_script"],
  [["track_file", "vrrp_track_file"], "track_file"],
  [["vrrp_track_process"], "track_process"],
];

/** Undefined ones that are tracked are errors, told where they are built. */
function checkUnused({ root, instances, groups }: Subjects, report: Report): void {
  const owners = [...instances, ...groups].map(({ block }) => block);
  for (const [blocks, list] of definitions) {
    const defined = root.filter(({ rule }) => blocks.includes(rule?.name ?? ""));
    if (defined.length === 0) continue;
    const tracked = new Set(owners.flatMap((owner) => findAll(owner, list)).flatMap(namesIn));
    if (list === "track_file") for (const name of filesOfChecks(root)) tracked.add(name);
    for (const block of defined) {
      const name = block.words[1] ?? "";
      if (tracked.has(name)) continue;
      const consequence = list === "track_script" ? "is tracked by nothing and never runs" : "is tracked by nothing";
      const remedy = `add it to ${list} of an instance, or remove it`;
      report.at(block, 1, hint("VIPD060", `${block.words[0]} ${name} ${consequence}`, remedy));
    }
  }
}

function namesIn({ body }: Statement): readonly string[] {
  return (body ?? []).map(({ words }) => words[0] ?? "");
}

/** FILE_CHECK looks at tracked files, too. */
function filesOfChecks(root: readonly Statement[]): readonly string[] {
  const names: string[] = [];
  for (const service of root) {
    if (service.rule?.name !== "virtual_server") continue;
    for (const server of service.body ?? [])
      for (const check of server.body ?? [])
        if (check.rule?.name === "FILE_CHECK")
          for (const { rule, words } of check.body ?? []) if (rule?.name === "track_file") names.push(words[1] ?? "");
  }
  return names;
}
