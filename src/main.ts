/** The daemon's entry. The launcher has started the vrrp process and the reader of the file already. */
import { join } from "node:path";
import { VERSION } from "./base/version.ts";
import { parseCommandLine } from "./commands/options.ts";
import { runDaemon } from "./daemon/daemon.ts";
import { Refusal } from "./daemon/machine.ts";
import { readConfig } from "./daemon/read-config.ts";
import { end, FAILED, reportDefect } from "./os/ending.ts";

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseCommandLine(argv, process.env);
  if (parsed.ok && parsed.value.run === "daemon") return runDaemon(parsed.value.options, VERSION, readConfig);
  if (parsed.ok) return elsewhere();
  process.stderr.write(`vipd: ${parsed.error}\nTry "vipd --help"\n`);
  return FAILED;
}

/** The launcher took it for a daemon (`-nt`): the other entry does it, and ends. */
async function elsewhere(): Promise<number> {
  await import(join(import.meta.dirname, "command.js"));
  return new Promise(() => {});
}

function failed(error: unknown): number {
  if (!(error instanceof Refusal)) return reportDefect(error);
  process.stderr.write(`vipd: ${error.message}\n`);
  return error.exitCode;
}

void main(process.argv.slice(2)).catch(failed).then(end);
