/**
 * `vipd check FILE…` and `vipd -t`: everything there is to say about configurations, with the lines and words that offend, or one line
 * a problem for `--brief` and `-t`, which exits as keepalived does (decision 11). Needs no privilege and no daemon.
 */
import { appendFileSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { resolve } from "node:path";
import type { Loaded, Problem } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { realFiles } from "../os/config-files.ts";
import { defaultConfigFile } from "../os/default-file.ts";
import { machineView } from "../os/machine-view.ts";
import { WRONG_WORDS } from "./exit.ts";
import { type LineOf, problemText, renderProblem, wantsColour, withoutSecrets } from "./render-problems.ts";

/** Where a command writes: whole lines, without their end. */
export type CommandIo = {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
  /** `out` is a terminal: colours and a pager are welcome. */
  readonly isTerminal?: boolean;
};

const USAGE =
  "vipd check [FILE…] [--json | --brief | --print[=all|=json]] [--strict] [--as ID]; vipd check --diff NEW [OLD]";

/** @param argv the words behind `check` @returns 0, or 1 on errors (with --strict: on warnings), 64 for a wrong command line */
export function runCheck(argv: readonly string[], io: CommandIo): number {
  const request = parse(argv);
  if (typeof request === "string") {
    io.error(`vipd check: ${request}; ${USAGE}`);
    return WRONG_WORDS;
  }
  const checked = request.files.map((file) => ({ file, loaded: load(file, request.as) }));
  if (request.json) io.out(JSON.stringify(checked.map(jsonOf), null, 2));
  else for (const one of checked) print(one, request.brief, io);
  const levels = new Set(checked.flatMap(({ loaded }) => loaded.problems.map(({ level }) => level)));
  return levels.has("error") || (request.strict && levels.has("warning")) ? 1 : 0;
}

/**
 * `-t`: keepalived's exit codes: 0, 4 only files or interfaces missing, 5 any other report, 6 security or no main file. vipd's own
 * warnings and hints never count.
 * @param log append the report to this file instead of writing to standard error
 */
export function runConfigTest(
  file: string | undefined,
  log: string | undefined,
  configId: string | undefined,
  io: CommandIo,
): number {
  const path = resolve(file ?? defaultConfigFile());
  const loaded = load(path, configId);
  const lines = loaded.problems.map((problem) => problemText(problem));
  if (log === undefined) for (const line of lines) io.error(line);
  else appendFileSync(log, lines.map((line) => `${line}\n`).join(""));
  return testExitCode(loaded.problems);
}

export function testExitCode(problems: readonly Problem[]): 0 | 4 | 5 | 6 {
  const verdicts = new Set(problems.map(({ verdict }) => verdict));
  if (verdicts.has("security")) return 6;
  if (verdicts.has("other")) return 5;
  return verdicts.has("notFound") ? 4 : 0;
}

type Request = {
  readonly files: readonly string[];
  readonly json: boolean;
  readonly brief: boolean;
  readonly strict: boolean;
  readonly as: string | undefined;
};

function parse(argv: readonly string[]): Request | string {
  const files: string[] = [];
  const flags = new Set<string>();
  let as: string | undefined;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--as" || word === "-i") {
      as = argv[++i];
      if (as === undefined) return `${word} needs an ID`;
    } else if (word.startsWith("--as=")) as = word.slice(5);
    else if (word === "--json" || word === "--brief" || word === "--strict") flags.add(word);
    else if (word.startsWith("-") && word !== "-") return `unknown option ${word}`;
    else files.push(resolve(word));
  }
  if (files.length === 0) files.push(defaultConfigFile());
  return { files, json: flags.has("--json"), brief: flags.has("--brief"), strict: flags.has("--strict"), as };
}

function load(file: string, configId: string | undefined): Loaded {
  const name = hostname();
  return loadConfig(realFiles(), file, {
    configId: configId ?? name.split(".", 1)[0] ?? name,
    tolerant: false,
    environment: (variable) => process.env[variable],
    random: Math.random,
    hostName: name,
    userName: userInfo().username,
    view: machineView(),
  });
}

type Checked = { readonly file: string; readonly loaded: Loaded };

function print({ file, loaded }: Checked, brief: boolean, io: CommandIo): void {
  if (brief) {
    for (const problem of loaded.problems) io.out(problemText(problem));
    return;
  }
  const colour = wantsColour(io.isTerminal === true, process.env);
  const lineOf = createLineOf();
  for (const problem of loaded.problems) {
    for (const line of renderProblem(problem, lineOf, colour)) io.out(line);
    io.out("");
  }
  const count = (level: Problem["level"]) => loaded.problems.filter((problem) => problem.level === level).length;
  const { config } = loaded;
  const holds =
    config === undefined
      ? "not usable"
      : `${plural(config.vrrp.routers.length, "instance")}, ${plural(config.services.length, "service")}, ${plural(config.checks.checks.length, "check")}`;
  if (config !== undefined && config.vrrp.routers.length + config.services.length === 0)
    io.out(
      "vipd has nothing to do: no vrrp_instance and no virtual_server is left for this node; is it the right file?",
    );
  io.out(
    `${file}: ${holds}; ${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ${plural(count("hint"), "hint")}`,
  );
}

/** Lines of files, each file read once. */
function createLineOf(): LineOf {
  const files = realFiles();
  const known = new Map<string, readonly string[]>();
  return (file, line) => {
    let lines = known.get(file);
    if (lines === undefined) {
      const text = files.read(file);
      lines = text.ok ? text.value.split("\n") : [];
      known.set(file, lines);
    }
    return lines[line - 1];
  };
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function jsonOf({ file, loaded }: Checked) {
  const problems = loaded.problems.map((problem) =>
    problem.expansion === undefined ? problem : { ...problem, expansion: withoutSecrets(problem.expansion) },
  );
  return { file, usable: loaded.config !== undefined, files: loaded.files, problems };
}
