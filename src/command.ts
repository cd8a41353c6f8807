/** What `vipd` does besides running: subcommands, -t, --help, --version, --signum. A bundle of its own, so that the daemon starts without it. */
import { VERSION } from "./base/version.ts";
import { type CommandIo, runCheck, runConfigTest } from "./commands/check.ts";
import { runDiff, wantsDiff } from "./commands/check-diff.ts";
import { runPrint, wantsPrint } from "./commands/check-print.ts";
import { runCompletion } from "./commands/completion.ts";
import { runExplain } from "./commands/explain.ts";
import { HELP } from "./commands/help.ts";
import { runLog } from "./commands/log.ts";
import { runMetrics } from "./commands/metrics.ts";
import { type Invocation, parseCommandLine } from "./commands/options.ts";
import { paged } from "./commands/pager.ts";
import { runReload } from "./commands/reload.ts";
import { runStatus } from "./commands/status.ts";
import { runStop } from "./commands/stop.ts";
import { runSweep } from "./commands/sweep.ts";
import { end, FAILED, letReadersGo, reportDefect } from "./os/ending.ts";
import { realtimeSignals } from "./os/signal-numbers.ts";

const IO: CommandIo = {
  out: (line) => void process.stdout.write(`${line}\n`),
  error: (line) => void process.stderr.write(`${line}\n`),
  isTerminal: process.stdout.isTTY === true,
};

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv, process.env);
  if (parsed.ok) return await run(parsed.value);
  process.stderr.write(`vipd: ${parsed.error}\nTry "vipd --help"\n`);
  return FAILED;
}

function run(invocation: Invocation): Promise<number> | number {
  switch (invocation.run) {
    case "help":
      return print(HELP);
    case "version":
      return print(`vipd ${VERSION}\n`);
    case "signum":
      return signum(invocation.name);
    case "test":
      return runConfigTest(invocation.file, invocation.log, invocation.configId, IO);
    case "command":
      return command(invocation);
    case "daemon":
      process.stderr.write(
        `vipd: ${process.argv.slice(2).join(" ")} is not clear; name the file of -f by its whole path\n`,
      );
      return FAILED;
  }
}

function command({
  name,
  words,
  runDir,
  stateDir,
}: Extract<Invocation, { readonly run: "command" }>): Promise<number> | number {
  switch (name) {
    case "check":
      if (wantsDiff(words)) return runDiff(words, stateDir, IO);
      return wantsPrint(words) ? runPrint(words, IO) : runCheck(words, IO);
    case "explain":
      return paged(IO, (io) => runExplain(words, io));
    case "completion":
      return runCompletion(words, IO);
    case "status":
      return runStatus(words, runDir);
    case "metrics":
      return runMetrics(words, runDir);
    case "log":
      return runLog(words, runDir);
    case "reload":
      return runReload(words, runDir);
    case "stop":
      return runStop(words, runDir);
    case "sweep":
      return runSweep(words, runDir);
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** keepalived's names. */
const SIGNALS: Readonly<Record<string, number>> = {
  STOP: 15,
  RELOAD: 1,
  DATA: 10,
  STATS: 12,
  STATS_CLEAR: realtimeSignals.clearStats,
  JSON: realtimeSignals.json,
};

function signum(name: string): number {
  const number = SIGNALS[name];
  if (number !== undefined) return print(`${number}\n`);
  process.stderr.write(`vipd: unknown signal ${name}; there are ${Object.keys(SIGNALS).join(", ")}\n`);
  return FAILED;
}

letReadersGo();
void main(process.argv.slice(2)).catch(reportDefect).then(end);
