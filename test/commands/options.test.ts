import { expect, test } from "vitest";
import { parseCommandLine } from "../../src/commands/options.ts";

function daemon(...argv: string[]) {
  const parsed = parseCommandLine(argv);
  if (!parsed.ok || parsed.value.run !== "daemon") throw new Error(`${argv.join(" ")}: ${JSON.stringify(parsed)}`);
  return parsed.value.options;
}

function complaint(...argv: string[]): string {
  const parsed = parseCommandLine(argv);
  return parsed.ok ? `accepted as ${parsed.value.run}` : parsed.error;
}

test("nothing on the command line is a daemon with the usual folders", () => {
  expect(daemon()).toMatchObject({
    file: undefined,
    runDir: "/run/vipd",
    stateDir: "/var/lib/vipd",
    dryRun: "no",
    respawn: true,
    only: undefined,
  });
});

test.each([
  [["-nlD", "-f", "/a"]],
  [["-nlDf/a"]],
  [["-n", "-l", "-D", "--use-file=/a"]],
  [["--dont-fork", "--log-console", "--log-detail", "--use-file", "/a"]],
  [["--log-c", "--log-d", "-f", "/a"]],
])("%j says the same", (argv) => {
  expect(daemon(...argv)).toMatchObject({ file: "/a", log: { console: true, detail: true, silent: false } });
});

test("keepalived's pid files, namespaces and ids", () => {
  expect(daemon("-p", "/p", "-r", "/r", "-c", "/c", "-i", "one", "-s", "blue", "-R", "-I", "-P")).toMatchObject({
    pidFiles: { vipd: "/p", vrrp: "/r", checkers: "/c" },
    configId: "one",
    namespace: "blue",
    respawn: false,
    keepIpvs: true,
    only: "vrrp",
  });
});

test("the facility of syslog: a number is a local one", () => {
  expect(daemon("-S", "3").log.facility).toBe(19);
  expect(daemon("-S", "local7").log.facility).toBe(23);
  expect(daemon("--log-facility=daemon").log.facility).toBe(3);
  expect(complaint("-S", "9")).toBe("log facility 9 is unknown; use 0 to 7, local0 to local7, user or daemon");
});

test("a dry run, and where it writes", () => {
  expect(daemon("--dry-run").dryRun).toBe("all");
  expect(daemon("--dry-run=ipvs", "--dry-run-log", "/x")).toMatchObject({ dryRun: "ipvs", dryRunLog: "/x" });
  expect(complaint("--dry-run=vrrp")).toBe("--dry-run=vrrp is unknown; use --dry-run or --dry-run=ipvs");
  const parsed = parseCommandLine(["--dry-run"], { NOIPVS_LOG: "/shim" });
  expect(parsed).toMatchObject({ ok: true, value: { options: { dryRunLog: "/shim" } } });
});

test("what makes no sense for vipd is accepted, and said", () => {
  expect(daemon("-x", "-m", "-V").notes).toEqual([
    "option -x has no effect: vipd has no SNMP agent yet",
    "option -m has no effect: use LimitCORE= of the unit",
    "option -V has no effect: a node that stops hands its addresses over",
  ]);
});

test("-t: testing a file, and where the report goes", () => {
  expect(parseCommandLine(["-t"])).toMatchObject({ value: { run: "test", log: undefined, file: undefined } });
  expect(parseCommandLine(["-t=/log", "-f", "/a"])).toMatchObject({ value: { run: "test", log: "/log", file: "/a" } });
  expect(parseCommandLine(["--config-test=/log"])).toMatchObject({ value: { run: "test", log: "/log" } });
});

test("a command takes the words behind it; folders may stand before it", () => {
  expect(parseCommandLine(["--run-dir", "/r", "status", "--json"])).toMatchObject({
    value: { run: "command", name: "status", words: ["--json"], runDir: "/r", stateDir: "/var/lib/vipd" },
  });
  expect(parseCommandLine(["status", "--json", "--run-dir", "/r", "--state-dir=/s"])).toMatchObject({
    value: { run: "command", name: "status", words: ["--json"], runDir: "/r", stateDir: "/s" },
  });
});

test.each([
  [["--log-detial"], "unknown option --log-detial; did you mean --log-detail?"],
  [["-nZ"], "unknown option -Z"],
  [["--nonsense-at-all"], "unknown option --nonsense-at-all"],
  [["relaod"], 'unknown command relaod; did you mean "vipd reload"?'],
  [["frobnicate"], "unknown command frobnicate"],
  [
    ["good.conf"],
    'good.conf is no command; use "vipd -f good.conf" to run with this file, "vipd check good.conf" to look at it',
  ],
  [
    ["-t", "/etc/x.conf"],
    '-t takes no file behind it (-t=LOG names one for the report); use "vipd -t -f /etc/x.conf", or "vipd check /etc/x.conf"',
  ],
  [["-f"], "option -f needs an argument: -f VALUE"],
  [["--use-file"], "option --use-file needs an argument: --use-file=VALUE"],
  [["--help=me"], "option --help takes no argument; remove =me"],
  [["-P", "-C"], "-P and -C exclude each other; leave out both to run everything"],
  [["-u", "9"], "umask 9 is not an octal number; use for example 022"],
])("%j is refused in one line", (argv, line) => {
  expect(complaint(...argv)).toBe(line);
});
