/**
 * Compares a file with this machine: interfaces, accounts, scripts. Nothing here is an error (decision 10b): the file may be for the
 * other node, or the machine may not be ready yet. Which keywords name an interface, a command or an account the table says.
 */
import { commandOf } from "./build-command.ts";
import type { Rule } from "./grammar.ts";
import type { NetworkView } from "./meaning/view.ts";
import { doubtful, hint, type Report, type Saying, silent, warning } from "./problems.ts";
import { checkScript, closedTo, type ScriptView } from "./script-path.ts";
import type { Statement } from "./statement.ts";

export type MachineView = ScriptView &
  Partial<NetworkView> & {
    /** Of the network namespace in which the question is asked. */
    hasInterface(name: string): boolean;
    /** Whether the question is asked in the network namespace of this name. */
    networkNamespace?(name: string): "here" | "elsewhere" | "missing";
    hasUser(name: string): boolean;
    hasGroup(name: string): boolean;
  };

type Context = {
  readonly view: MachineView;
  readonly report: Report;
  /** What was said already: the same thing is told once. */
  readonly said: Set<string>;
  readonly security: boolean;
  /** Who runs scripts that name nobody; undefined: root. Asked only where there are scripts: it may start a process. */
  readonly user: () => string | undefined;
  /** The first script that could be run, and the first that names no user. */
  executable: Statement | undefined;
  anonymous: Statement | undefined;
};

/**
 * What can be said from here of the machine on which the file works: nothing of interfaces and addresses, if it works in another network
 * namespace.
 */
export function viewFor(statements: readonly Statement[], view: MachineView, report: Report): MachineView {
  const statement = statements.findLast(({ rule }) => rule?.name === "net_namespace");
  const name = statement?.words[1];
  if (statement === undefined || name === undefined || view.networkNamespace === undefined) return view;
  const where = view.networkNamespace(name);
  if (where === "here") return view;
  if (where === "missing") {
    const remedy = `create it: ip netns add ${name}, or ignore this if the file is for another node`;
    report.at(statement, 1, warning("VIPD028", `this machine has no network namespace ${name}`, remedy));
  }
  return { ...view, hasInterface: () => true, addressesOf: () => [] };
}

export function checkMachine(statements: readonly Statement[], view: MachineView, report: Report): void {
  const defs = statements.filter(({ rule }) => rule?.name === "global_defs").flatMap(({ body }) => body ?? []);
  const isSet = (name: string) => defs.some(({ rule }) => rule?.name === name);
  const security = isSet("enable_script_security");
  const context: Context = {
    view,
    report,
    said: new Set(),
    security,
    user: () =>
      defs.find(({ rule }) => rule?.name === "script_user")?.words[1] ??
      (view.hasUser(DEFAULT_USER) ? DEFAULT_USER : undefined),
    executable: undefined,
    anonymous: undefined,
  };
  walk(statements, context);
  if (context.executable !== undefined && !security) {
    const remedy = "add enable_script_security and script_user to global_defs";
    const saying = hint("VIPD022", "scripts run although their paths are not guarded", remedy);
    report.at(context.executable, 0, { ...saying, verdict: "security" });
  }
  if (context.anonymous !== undefined && security && !isSet("script_user") && !view.hasUser(DEFAULT_USER)) {
    const message = `scripts run as root: there is neither script_user in global_defs nor a user ${DEFAULT_USER}`;
    report.at(context.anonymous, 0, doubtful("VIPD023", message, "add script_user to global_defs"));
  }
}

/** Who runs scripts that name nobody, if this account exists. */
const DEFAULT_USER = "keepalived_script";

function walk(statements: readonly Statement[], context: Context): void {
  for (const statement of statements) {
    const { rule, body } = statement;
    if (rule === undefined || (rule.name === "virtual_server" && isNeutral(statement))) continue;
    switch (subjectOf(rule)) {
      case "command":
        command(
          statement,
          statements.find((other) => other.rule?.name === "user"),
          context,
        );
        break;
      case "interface":
        networkInterface(statement, 1, context);
        break;
      case "account":
        account(statement, statement.words[1], statement.words[2], context);
        break;
      case "interfaces":
        for (const line of body ?? []) networkInterface(line, 0, context);
        break;
      case "addresses":
        for (const line of body ?? []) device(line, context);
        break;
      case "nothing":
        if (body !== undefined) walk(body, context);
    }
  }
}

/** Services that name nothing of a machine. There may be thousands, and the next reading may recognize them (`memory.ts`). */
const neutral = new WeakSet<Statement>();

function isNeutral(service: Statement): boolean {
  if (neutral.has(service)) return true;
  if (namesMachine(service.body ?? [])) return false;
  neutral.add(service);
  return true;
}

function namesMachine(statements: readonly Statement[]): boolean {
  return statements.some(
    ({ rule, body }) =>
      rule !== undefined && (subjectOf(rule) !== "nothing" || (body !== undefined && namesMachine(body))),
  );
}

/** What of this machine a keyword names; remembered, for there may be a hundred thousand statements. */
type Subject = "command" | "interface" | "account" | "interfaces" | "addresses" | "nothing";
const subjects = new Map<Rule, Subject>();

function subjectOf(rule: Rule): Subject {
  const known = subjects.get(rule);
  if (known !== undefined) return known;
  const { takes, args } = rule.entry;
  const subject =
    takes.form === "command" && rule.name !== "process"
      ? "command"
      : args === "IF"
        ? "interface"
        : args === "USER [GROUP]"
          ? "account"
          : rule.name === "track_interface" || (takes.form === "lines" && takes.of === "delays")
            ? "interfaces"
            : takes.form === "lines" && takes.of === "addresses"
              ? "addresses"
              : "nothing";
  subjects.set(rule, subject);
  return subject;
}

function device(line: Statement, context: Context): void {
  const at = line.words.indexOf("dev");
  if (at > 0 && line.words[at + 1] !== undefined) networkInterface(line, at + 1, context);
}

function networkInterface(statement: Statement, word: number, context: Context): void {
  const name = statement.words[word];
  if (name === undefined || context.view.hasInterface(name)) return;
  const remedy = "create it, correct the name, or ignore this if the file is for another node";
  say(statement, word, doubtful("VIPD024", `this machine has no interface ${name}`, remedy), context);
}

/** @param counts keepalived looks for the account, too: not for a script that is missing */
function account(
  statement: Statement,
  user: string | undefined,
  group: string | undefined,
  context: Context,
  counts = true,
): void {
  const told = counts ? doubtful : warning;
  const isKnown = (name: string, known: (name: string) => boolean) => /^\d+$/.test(name) || known(name);
  if (user !== undefined && !isKnown(user, context.view.hasUser)) {
    const remedy =
      statement.rule?.entry.takes.form === "command"
        ? `quote the command if ${user} is an argument, or add the account: useradd -r ${user}`
        : `add it: useradd -r -s /usr/sbin/nologin ${user}`;
    say(statement, 1, told("VIPD023", `this machine has no user ${user}`, remedy), context);
  }
  if (group !== undefined && !isKnown(group, context.view.hasGroup)) {
    say(statement, 1, told("VIPD023", `this machine has no group ${group}`, `add it: groupadd -r ${group}`), context);
  }
}

/** @param users the block's own `user`, if it has one */
function command(statement: Statement, users: Statement | undefined, context: Context): void {
  const found = commandOf(statement, silent); // problems of its own text are told where it is built
  const program = found?.argv[0];
  if (found === undefined || program === undefined) return;
  const result = checkScript(program, context.view);
  account(statement, found.user, found.group, context, result.executable);
  if (found.user === undefined && users === undefined) context.anonymous ??= statement;
  const runs =
    result.executable && (found.user === undefined || /^\d+$/.test(found.user) || context.view.hasUser(found.user));
  if (runs) context.executable ??= statement;
  const tracked = statement.rule?.name === "script";
  closedPath(statement, program, found.user ?? users?.words[1] ?? context.user(), context);
  for (const { message, remedy, kind } of result.findings) {
    if (kind === "linked") {
      say(statement, 1, hint("VIPD052", message, remedy), context);
      continue;
    }
    const told = tracked && kind === "missing" ? doubtful : warning;
    const consequence = kind === "unsafe" && context.security ? "; vipd will not run it" : "";
    say(statement, 1, told("VIPD022", `${message}${consequence}`, remedy), context);
  }
}

/** Scripts of a user that cannot get at them fail each time, and a tracked one then counts as failed. */
function closedPath(statement: Statement, program: string, user: string | undefined, context: Context): void {
  if (user === undefined || user === "root" || user === "0") return;
  const closed = closedTo(program, context.view);
  if (closed === undefined) return;
  say(statement, 1, warning("VIPD062", `${closed.message}, and it runs as ${user}`, closed.remedy), context);
}

function say(statement: Statement, word: number, saying: Saying, { said, report }: Context): void {
  if (said.has(saying.message)) return;
  said.add(saying.message);
  report.at(statement, word, saying);
}
