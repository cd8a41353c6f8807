/**
 * The command line: keepalived's options with their meaning, ours, and the name of a subcommand. Pure: argv in, an invocation or a
 * complaint out. What makes no sense for vipd is accepted and noted, so that a unit file written for keepalived goes on working.
 */
import { nearest } from "../base/nearest.ts";
import { failure, type Result, success } from "../base/result.ts";
import type { DaemonOptions } from "../daemon/daemon-options.ts";

export type Invocation =
  | { readonly run: "daemon"; readonly options: DaemonOptions }
  | {
      readonly run: "test";
      readonly file: string | undefined;
      readonly log: string | undefined;
      readonly configId: string | undefined;
    }
  | { readonly run: "signum"; readonly name: string }
  | { readonly run: "help" | "version" }
  | {
      readonly run: "command";
      readonly name: CommandName;
      readonly words: readonly string[];
      readonly runDir: string;
      readonly stateDir: string;
    };

export const COMMAND_NAMES = [
  "check",
  "explain",
  "completion",
  "status",
  "metrics",
  "log",
  "reload",
  "stop",
  "sweep",
] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export const DEFAULT_RUN_DIR = "/run/vipd";
export const DEFAULT_STATE_DIR = "/var/lib/vipd";

type Argument = "none" | "required" | "optional";
type Option = {
  readonly short?: string;
  readonly long?: string;
  readonly argument: Argument;
  /** Accepted for the sake of keepalived's command lines: why it changes nothing. */
  readonly without?: string;
};

/** Every option, keepalived's first (behaviour 92). */
const OPTIONS = {
  file: { short: "f", long: "use-file", argument: "required" },
  test: { short: "t", long: "config-test", argument: "optional" },
  onlyVrrp: { short: "P", long: "vrrp", argument: "none" },
  onlyCheckers: { short: "C", long: "check", argument: "none" },
  noBfd: { short: "B", long: "no_bfd", argument: "none", without: "vipd has no BFD process" },
  all: { long: "all", argument: "none", without: "vipd always starts its processes" },
  console: { short: "l", long: "log-console", argument: "none" },
  detail: { short: "D", long: "log-detail", argument: "none" },
  facility: { short: "S", long: "log-facility", argument: "required" },
  logFile: { short: "g", long: "log-file", argument: "optional" },
  flushLog: { long: "flush-log-file", argument: "none", without: "vipd writes every line at once" },
  silent: { short: "G", long: "no-syslog", argument: "none" },
  umask: { short: "u", long: "umask", argument: "required" },
  releaseVips: {
    short: "X",
    long: "release-vips",
    argument: "none",
    without: "vipd always removes the addresses that it no longer owns",
  },
  keepVips: {
    short: "V",
    long: "dont-release-vrrp",
    argument: "none",
    without: "a node that stops hands its addresses over",
  },
  keepIpvs: { short: "I", long: "dont-release-ipvs", argument: "none" },
  noRespawn: { short: "R", long: "dont-respawn", argument: "none" },
  foreground: { short: "n", long: "dont-fork", argument: "none" },
  dump: {
    short: "d",
    long: "dump-conf",
    argument: "none",
    without: "GET /config of the control socket shows the file in force",
  },
  pid: { short: "p", long: "pid", argument: "required" },
  vrrpPid: { short: "r", long: "vrrp_pid", argument: "required" },
  checkersPid: { short: "c", long: "checkers_pid", argument: "required" },
  bfdPid: { short: "b", long: "bfd_pid", argument: "required", without: "vipd has no BFD process" },
  monitoring: {
    short: "a",
    long: "address-monitoring",
    argument: "none",
    without: "vipd always watches its addresses",
  },
  snmp: { short: "x", long: "snmp", argument: "none", without: "vipd has no SNMP agent yet" },
  snmpSocket: { short: "A", long: "snmp-agent-socket", argument: "required", without: "vipd has no SNMP agent yet" },
  namespace: { short: "s", long: "namespace", argument: "required" },
  core: { short: "m", long: "core-dump", argument: "none", without: "use LimitCORE= of the unit" },
  corePattern: {
    short: "M",
    long: "core-dump-pattern",
    argument: "optional",
    without: "use /proc/sys/kernel/core_pattern",
  },
  configId: { short: "i", long: "config-id", argument: "required" },
  ignoreInterrupt: { long: "ignore-sigint", argument: "none" },
  debug: { long: "debug", argument: "optional", without: "-D shows every event" },
  signum: { long: "signum", argument: "required" },
  version: { short: "v", long: "version", argument: "none" },
  help: { short: "h", long: "help", argument: "none" },
  // vipd's own
  runDir: { long: "run-dir", argument: "required" },
  stateDir: { long: "state-dir", argument: "required" },
  dryRun: { long: "dry-run", argument: "optional" },
  dryRunLog: { long: "dry-run-log", argument: "required" },
  strict: { long: "strict", argument: "none" },
} as const satisfies Record<string, Option>;
type Name = keyof typeof OPTIONS;

/** What was given: the options with their arguments (a flag has ""), and the words that are none. */
type Given = { readonly options: ReadonlyMap<Name, string>; readonly words: readonly string[] };

/** @returns what to do, or one line that says what is wrong with the command line */
export function parseCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): Result<Invocation, string> {
  const given = scan(argv);
  if (!given.ok) return given;
  const { options, words } = given.value;
  const [first, ...rest] = words;
  if (options.has("help") || first === "help") return success({ run: "help" });
  if (options.has("version")) return success({ run: "version" });
  const signum = options.get("signum");
  if (signum !== undefined) return success({ run: "signum", name: signum });
  if (first !== undefined) return command(first, rest, options);
  if (options.has("test")) {
    const log = options.get("test");
    return success({
      run: "test",
      file: options.get("file"),
      log: log === "" ? undefined : log,
      configId: options.get("configId"),
    });
  }
  return daemon(options, environment);
}

function command(
  name: string,
  words: readonly string[],
  options: ReadonlyMap<Name, string>,
): Result<Invocation, string> {
  const known = COMMAND_NAMES.find((one) => one === name);
  if (known === undefined) {
    if (/[./]/.test(name)) return failure(fileWithoutOption(name, options.has("test")));
    const meant = nearest(name, [...COMMAND_NAMES, "help"]);
    return failure(`unknown command ${name}${meant === undefined ? "" : `; did you mean "vipd ${meant}"?`}`);
  }
  const left = takeFolders(words, options);
  if (!left.ok) return left;
  const folders = {
    runDir: left.value.options.get("runDir") ?? DEFAULT_RUN_DIR,
    stateDir: left.value.options.get("stateDir") ?? DEFAULT_STATE_DIR,
  };
  return success({ run: "command", name: known, words: left.value.words, ...folders });
}

/** A word that looks like a file where a command would stand. */
function fileWithoutOption(file: string, isTest: boolean): string {
  if (isTest)
    return `-t takes no file behind it (-t=LOG names one for the report); use "vipd -t -f ${file}", or "vipd check ${file}"`;
  return `${file} is no command; use "vipd -f ${file}" to run with this file, "vipd check ${file}" to look at it`;
}

/** --run-dir and --state-dir may also stand behind the command. */
function takeFolders(words: readonly string[], given: ReadonlyMap<Name, string>): Result<Given, string> {
  const options = new Map(given);
  const others: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (!/^--(run|state)-dir(=|$)/.test(word)) {
      others.push(word);
      continue;
    }
    const taken = long(word, words[index + 1], options);
    if (!taken.ok) return taken;
    index += taken.value;
  }
  return success({ options, words: others });
}

function daemon(
  options: ReadonlyMap<Name, string>,
  environment: Readonly<Record<string, string | undefined>>,
): Result<Invocation, string> {
  const dryRun = options.get("dryRun");
  if (dryRun !== undefined && dryRun !== "" && dryRun !== "ipvs")
    return failure(`--dry-run=${dryRun} is unknown; use --dry-run or --dry-run=ipvs`);
  const facility = options.has("facility") ? facilityOf(options.get("facility") ?? "") : DAEMON;
  if (facility === undefined)
    return failure(`log facility ${options.get("facility")} is unknown; use 0 to 7, local0 to local7, user or daemon`);
  const umask = options.get("umask");
  if (umask !== undefined && !/^[0-7]{1,4}$/.test(umask))
    return failure(`umask ${umask} is not an octal number; use for example 022`);
  if (options.has("onlyVrrp") && options.has("onlyCheckers"))
    return failure("-P and -C exclude each other; leave out both to run everything");
  return success({
    run: "daemon",
    options: {
      file: options.get("file"),
      runDir: options.get("runDir") ?? DEFAULT_RUN_DIR,
      stateDir: options.get("stateDir") ?? DEFAULT_STATE_DIR,
      configId: options.get("configId"),
      namespace: options.get("namespace"),
      strict: options.has("strict"),
      dryRun: dryRun === undefined ? "no" : dryRun === "ipvs" ? "ipvs" : "all",
      dryRunLog: options.get("dryRunLog") ?? environment["NOIPVS_LOG"],
      only: options.has("onlyVrrp") ? "vrrp" : options.has("onlyCheckers") ? "checkers" : undefined,
      log: {
        console: options.has("console"),
        detail: options.has("detail"),
        silent: options.has("silent"),
        facility,
        file: options.has("logFile") ? options.get("logFile") || "/var/log/vipd.log" : undefined,
      },
      pidFiles: { vipd: options.get("pid"), vrrp: options.get("vrrpPid"), checkers: options.get("checkersPid") },
      umask: umask === undefined ? undefined : Number.parseInt(umask, 8),
      respawn: !options.has("noRespawn"),
      keepIpvs: options.has("keepIpvs"),
      ignoreInterrupt: options.has("ignoreInterrupt"),
      notes: notesOn(options),
    },
  });
}

function notesOn(options: ReadonlyMap<Name, string>): readonly string[] {
  return [...options.keys()].flatMap((name) => {
    const option: Option = OPTIONS[name];
    return option.without === undefined ? [] : [`option ${display(option)} has no effect: ${option.without}`];
  });
}

/** LOG_DAEMON of syslog. */
const DAEMON = 3;

function facilityOf(text: string): number | undefined {
  if (text === "daemon") return DAEMON;
  if (text === "user") return 1;
  const local = /^(?:local)?([0-7])$/.exec(text)?.[1];
  return local === undefined ? undefined : 16 + Number(local);
}

/** Splits argv as getopt_long does: clusters (-nlD), -fFILE, -f FILE, --long=VALUE, --long VALUE, --. A command takes all words behind it. */
function scan(argv: readonly string[]): Result<Given, string> {
  const options = new Map<Name, string>();
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word === "--") return success({ options, words: argv.slice(index + 1) });
    if (!word.startsWith("-") || word === "-") return success({ options, words: argv.slice(index) });
    const taken = word.startsWith("--")
      ? long(word, argv[index + 1], options)
      : cluster(word, argv[index + 1], options);
    if (!taken.ok) return taken;
    index += taken.value;
  }
  return success({ options, words: [] });
}

/** @returns how many further words were taken as arguments */
function long(word: string, next: string | undefined, options: Map<Name, string>): Result<number, string> {
  const [, typed = "", value] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const name = byLong(typed);
  if (name === undefined) return failure(unknown(`--${typed}`));
  const { argument } = OPTIONS[name];
  if (argument === "none" && value !== undefined)
    return failure(`option --${typed} takes no argument; remove =${value}`);
  if (argument !== "required" || value !== undefined) return set(options, name, value ?? "", 0);
  return next === undefined
    ? failure(`option --${typed} needs an argument: --${typed}=${"VALUE"}`)
    : set(options, name, next, 1);
}

function cluster(word: string, next: string | undefined, options: Map<Name, string>): Result<number, string> {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? "";
    const name = NAMES.find((one) => (OPTIONS[one] as Option).short === letter);
    if (name === undefined) return failure(unknown(`-${letter}`));
    const { argument } = OPTIONS[name];
    const rest = word.slice(at + 1);
    if (argument === "none") set(options, name, "", 0);
    else if (rest !== "" || argument === "optional") return set(options, name, rest.replace(/^=/, ""), 0);
    else if (next === undefined) return failure(`option -${letter} needs an argument: -${letter} VALUE`);
    else return set(options, name, next, 1);
  }
  return success(0);
}

function set(options: Map<Name, string>, name: Name, value: string, taken: number): Result<number, string> {
  options.set(name, value);
  return success(taken);
}

const NAMES = Object.keys(OPTIONS) as readonly Name[];

/** As one types them: `-f`, `--use-file`, …; for the completion of shells. */
export const OPTION_NAMES: readonly string[] = NAMES.flatMap((name) => {
  const { short, long }: Option = OPTIONS[name];
  return [...(short === undefined ? [] : [`-${short}`]), ...(long === undefined ? [] : [`--${long}`])];
});
const LONG = NAMES.flatMap((name) => (OPTIONS[name] as Option).long ?? []);

/** A long option may be shortened as long as it stays the only one (`--log-d`). */
function byLong(typed: string): Name | undefined {
  const exact = NAMES.find((name) => (OPTIONS[name] as Option).long === typed);
  if (exact !== undefined || typed.length < 2) return exact;
  const beginning = NAMES.filter((name) => (OPTIONS[name] as Option).long?.startsWith(typed));
  return beginning.length === 1 ? beginning[0] : undefined;
}

function unknown(typed: string): string {
  const meant = typed.startsWith("--") ? nearest(typed.slice(2), LONG) : undefined;
  return `unknown option ${typed}${meant === undefined ? "" : `; did you mean --${meant}?`}`;
}

function display(option: Option): string {
  return option.short === undefined ? `--${option.long}` : `-${option.short}`;
}
