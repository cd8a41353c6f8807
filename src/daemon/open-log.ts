/** Where the log goes (decision 20): the journal where standard output is one, the console with -l, a file with -g, else syslog. */
import { isJournal, logFile, standardOutput, syslog } from "../os/log-sinks.ts";
import type { LogOptions } from "./daemon-options.ts";
import { createLog, type Log, type Output } from "./log.ts";

/** @param warn takes what cannot be written elsewhere */
export function openLog(options: LogOptions, environment: NodeJS.ProcessEnv, warn: (reason: string) => void): Log {
  const outputs: Output[] = [];
  if (options.file !== undefined) outputs.push({ sink: logFile(options.file, warn), style: { type: "time" } });
  if (isJournal(environment)) outputs.push({ sink: standardOutput(), style: { type: "journal" } });
  else if (options.console) outputs.push({ sink: standardOutput(), style: { type: "time" } });
  else if (!options.silent) outputs.push(syslogOutput(options.facility));
  return createLog(outputs, options.detail);
}

/** A machine without syslog is told on standard output, rather than nowhere. */
function syslogOutput(facility: number): Output {
  const sink = syslog();
  if (sink === undefined) return { sink: standardOutput(), style: { type: "time" } };
  return { sink, style: { type: "syslog", facility } };
}
