/** The executable: runs the daemon, or does one thing and ends. The launcher has started the children of a daemon already. */
import { HELP } from "./commands/help.ts";
import { runLog } from "./commands/log.ts";
import { type Invocation, parseCommandLine } from "./commands/options.ts";
import { runReload } from "./commands/reload.ts";
import { runStatus } from "./commands/status.ts";
import { runStop } from "./commands/stop.ts";
import { runSweep } from "./commands/sweep.ts";
import { runDaemon } from "./daemon/daemon.ts";
import { EXIT, Refusal } from "./daemon/machine.ts";
import { readConfig } from "./daemon/read-config.ts";
import { SIGNALS } from "./daemon/signals.ts";
import { VERSION } from "./version.ts";

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv, process.env);
  if (parsed.ok) return run(parsed.value);
  process.stderr.write(`vipd: ${parsed.error}\nTry "vipd --help"\n`);
  return EXIT.fatal;
}

function run(invocation: Invocation): Promise<number> | number {
  switch (invocation.run) {
    case "daemon":
      return runDaemon(invocation.options, VERSION, readConfig);
    case "help":
      return print(HELP);
    case "version":
      return print(`vipd ${VERSION}\n`);
    case "signum":
      return signum(invocation.name);
    case "test":
      return EXIT.fatal;
    case "command":
      return command(invocation);
  }
}

function command({ name, words, runDir }: Extract<Invocation, { readonly run: "command" }>): Promise<number> | number {
  switch (name) {
    case "status":
      return runStatus(words, runDir);
    case "log":
      return runLog(words, runDir);
    case "reload":
      return runReload(words, runDir);
    case "stop":
      return runStop(words, runDir);
    case "sweep":
      return runSweep(words, runDir);
    case "check":
    case "explain":
      return EXIT.fatal;
  }
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

function signum(name: string): number {
  const number = SIGNALS[name];
  if (number !== undefined) return print(`${number}\n`);
  process.stderr.write(`vipd: unknown signal ${name}; there are ${Object.keys(SIGNALS).join(", ")}\n`);
  return EXIT.fatal;
}

function failed(error: unknown): number {
  if (error instanceof Refusal) {
    process.stderr.write(`vipd: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`vipd: defect: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}

/** What is written to a pipe is on its way until the end of the event loop's turn; ending at once would lose it. */
function end(code: number): void {
  process.exitCode = code;
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

process.stdout.on("error", () => process.exit(process.exitCode ?? 0));
end(await main(process.argv.slice(2)).catch(failed));
