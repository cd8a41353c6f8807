/** The executable: runs the daemon, or does one thing and ends. The launcher has started the children of a daemon already. */
import { parseCommandLine } from "./commands/options.ts";
import { runDaemon } from "./daemon/daemon.ts";
import { EXIT, Refusal } from "./daemon/machine.ts";
import { readConfig } from "./daemon/read-config.ts";

const VERSION = "0.1.0";

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv, process.env);
  if (!parsed.ok) {
    process.stderr.write(`vipd: ${parsed.error}\nTry "vipd --help"\n`);
    return EXIT.fatal;
  }
  const invocation = parsed.value;
  if (invocation.run !== "daemon") return EXIT.fatal;
  return runDaemon(invocation.options, VERSION, readConfig);
}

function failed(error: unknown): number {
  if (error instanceof Refusal) {
    process.stderr.write(`vipd: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`vipd: defect: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.bug;
}

process.exit(await main(process.argv.slice(2)).catch(failed));
