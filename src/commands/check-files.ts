/** Reading a file for `vipd check --print` and `--diff`: everything that is written, without a look at this machine. */
import { hostname, userInfo } from "node:os";
import type { Loaded, Problem } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { realFiles } from "../os/config-files.ts";
import type { CommandIo } from "./check.ts";
import { problemText } from "./render-problems.ts";

/** @param configId undefined: the host name up to its first dot @param tolerant use what can be used: for the last good file */
export function readWhole(file: string, configId: string | undefined, tolerant: boolean): Loaded {
  const name = hostname();
  return loadConfig(realFiles(), file, {
    configId: configId ?? name.split(".", 1)[0] ?? name,
    tolerant,
    environment: (variable) => process.env[variable],
    random: Math.random,
    hostName: name,
    userName: userInfo().username,
    written: true,
  });
}

/** What there is to say goes to standard error, that the output can be kept; hints are for `vipd check`. */
export function tell(problems: readonly Problem[], io: CommandIo): void {
  for (const problem of problems) if (problem.level !== "hint") io.error(problemText(problem));
}

export type Words = {
  readonly files: readonly string[];
  readonly as: string | undefined;
  readonly flags: ReadonlySet<string>;
};

/** @param known the flags that may stand among the files @returns what is wrong with the command line, in words */
export function readWords(argv: readonly string[], known: readonly string[]): Words | string {
  const files: string[] = [];
  const flags = new Set<string>();
  let as: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--as" || word === "-i") {
      as = argv[++i];
      if (as === undefined) return `${word} needs an ID`;
    } else if (word.startsWith("--as=")) as = word.slice(5);
    else if (known.includes(word)) flags.add(word);
    else if (word.startsWith("-")) return `unknown option ${word}`;
    else files.push(word);
  }
  return { files, as, flags };
}
