/**
 * Scripts: run as their account, in their own process group, with a clean environment; their output is bounded and the end of it is
 * reported. A path that others may change is not run as root (behaviour 75).
 */
import { spawn } from "node:child_process";
import { accessSync, constants, lstatSync, readlinkSync, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { unsafeAt } from "../base/unsafe-path.ts";
import { identityOf } from "./accounts.ts";
import { systemErrorCode } from "./errors.ts";

export type ScriptCommand = {
  readonly argv: readonly string[];
  readonly user: string | undefined;
  readonly group: string | undefined;
};
export type ScriptEnd =
  | { readonly type: "exited"; readonly status: number; readonly output: string }
  | { readonly type: "killed"; readonly signal: string; readonly output: string }
  | { readonly type: "timeout"; readonly output: string }
  | { readonly type: "failed"; readonly reason: string };

export type ScriptOptions = {
  /** undefined: it may go on for ever. */
  readonly timeoutMs: number | undefined;
  readonly signal?: AbortSignal;
  /** enable_script_security: an unsafe path is not run. */
  readonly security: boolean;
  /** Told of an unsafe path that is run nevertheless. */
  readonly unsafe?: (reason: string) => void;
};

export type ProgramOptions = Pick<ScriptOptions, "security" | "unsafe"> & {
  /** It ended by itself, or could not be started. */
  readonly ended: (reason: string) => void;
};

/** TERM, and KILL so much later. */
const GRACE_MS = 2000;
/** Bytes of output that are kept for the message. */
const OUTPUT_BYTES = 500;
/** How long the last of the output is waited for when the program has ended; what it left in the background may hold the pipes open. */
const OUTPUT_MS = 50;

/** Runs `command` with `extra` behind its own arguments. Resolves at its end whatever happens; a process group that outlives `timeoutMs` is ended. */
export function runScript(
  command: ScriptCommand,
  extra: readonly string[],
  options: ScriptOptions,
): Promise<ScriptEnd> {
  const [program = "", ...own] = command.argv;
  if (program.startsWith("</")) return Promise.resolve(readable(program.slice(1)));
  const account = accountOf(command);
  if (typeof account === "string") return Promise.resolve({ type: "failed", reason: account });
  const path = resolveProgram(program);
  if (path === undefined) return Promise.resolve({ type: "failed", reason: `there is no program ${program}` });
  const unsafe = (account.uid ?? process.getuid?.()) === 0 ? unsafePath(path) : undefined;
  if (unsafe !== undefined && options.security)
    return Promise.resolve({ type: "failed", reason: `not run: ${unsafe}` });
  if (unsafe !== undefined) options.unsafe?.(unsafe);
  return run(path, [...own, ...extra], account, options);
}

function run(path: string, args: readonly string[], account: Account, options: ScriptOptions): Promise<ScriptEnd> {
  return new Promise((settle) => {
    const child = start(path, args, account);
    if (child instanceof Error) {
      settle({ type: "failed", reason: reasonOf(child, path, account) });
      return;
    }
    let output = "";
    let expired = false;
    const keep = (bytes: Buffer) => {
      output = (output + bytes.toString("utf8")).slice(-OUTPUT_BYTES);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const group = (signal: NodeJS.Signals) => endGroup(child.pid, signal);
    let grace: NodeJS.Timeout | undefined;
    const end = () => {
      expired = true;
      group("SIGTERM");
      grace = setTimeout(() => group("SIGKILL"), GRACE_MS);
    };
    const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs);
    options.signal?.addEventListener("abort", end, { once: true });
    if (options.signal?.aborted) end();
    const finish = (result: ScriptEnd) => {
      clearTimeout(timer);
      clearTimeout(grace);
      options.signal?.removeEventListener("abort", end);
      child.stdout.destroy();
      child.stderr.destroy();
      settle(result);
    };
    child.once("error", (error) => finish({ type: "failed", reason: reasonOf(error, path, account) }));
    child.once("exit", (status, signal) => {
      if (expired) group("SIGKILL");
      const tell = () => finish(endOf(expired, status, signal, output));
      const late = setTimeout(tell, OUTPUT_MS);
      child.once("close", () => {
        clearTimeout(late);
        tell();
      });
    });
  });
}

/** Some errors come by an event, others (ENOTDIR, E2BIG, ETXTBSY, …) are thrown, and without a free descriptor there are no pipes. */
function start(path: string, args: readonly string[], account: Account) {
  try {
    const child = spawn(path, args, {
      ...account,
      cwd: "/",
      env: environment(),
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    if (child.stdout !== undefined) return child;
    child.once("error", () => {});
    return Object.assign(new Error("no free file descriptor"), { code: "EMFILE" });
  } catch (error) {
    systemErrorCode(error);
    return error as Error;
  }
}

function endOf(expired: boolean, status: number | null, signal: NodeJS.Signals | null, output: string): ScriptEnd {
  if (expired) return { type: "timeout", output };
  return signal === null ? { type: "exited", status: status ?? 0, output } : { type: "killed", signal, output };
}

/** `exit status 3 (no route to host)`, `no end after 3 s`; undefined for success. */
export function scriptProblem(end: ScriptEnd, timeoutMs: number): string | undefined {
  if (end.type === "failed") return end.reason;
  const said = end.output.trim().split("\n").at(-1)?.trim() ?? "";
  const words = said === "" ? "" : ` (${said.slice(-200)})`;
  if (end.type === "timeout") return `no end after ${timeoutMs / 1000} s${words}`;
  if (end.type === "killed") return `ended by ${end.signal}${words}`;
  return end.status === 0 ? undefined : `exit status ${end.status}${words}`;
}

/** Starts a program that goes on running, such as the reader of a FIFO. @returns the function that ends its group */
export function startProgram(
  command: ScriptCommand,
  extra: readonly string[],
  { ended, ...options }: ProgramOptions,
): () => void {
  const stop = new AbortController();
  void runScript(command, extra, { ...options, timeoutMs: undefined, signal: stop.signal }).then((end) => {
    if (!stop.signal.aborted) ended(scriptProblem(end, 0) ?? "exit status 0");
  });
  return () => stop.abort();
}

function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    systemErrorCode(error); // it has ended, or is another user's and we are not root
  }
}

/** `</file` as a command asks only whether the file can be read. */
function readable(path: string): ScriptEnd {
  try {
    accessSync(path, constants.R_OK);
    return { type: "exited", status: 0, output: "" };
  } catch (error) {
    return { type: "failed", reason: `${path} cannot be read: ${systemErrorCode(error)}` };
  }
}

type Account = { readonly uid?: number; readonly gid?: number };

/** @returns a message where the account does not exist */
function accountOf({ user, group }: ScriptCommand): Account | string {
  return user === undefined || process.getuid?.() !== 0 ? {} : identityOf(user, group);
}

/** Ours, without what would steer a shell or the loader, or speaks of our own supervision. */
function environment(): NodeJS.ProcessEnv {
  const { IFS: _ifs, LD_PRELOAD: _preload, LD_LIBRARY_PATH: _library, ...rest } = process.env;
  const ours = /^(NODE_|NOTIFY_SOCKET$|WATCHDOG_|JOURNAL_STREAM$|LISTEN_|NOIPVS_)/;
  return Object.fromEntries(Object.entries(rest).filter(([name]) => !ours.test(name)));
}

function resolveProgram(program: string): string | undefined {
  if (program.includes("/")) return isAbsolute(program) ? program : resolve("/", program);
  const folders = (process.env["PATH"] ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin").split(
    delimiter,
  );
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function reasonOf(error: Error, path: string, account: Account): string {
  const code = systemErrorCode(error);
  if (code === "ENOENT") return `there is no program ${path}, or its interpreter is missing`;
  if (code === "EACCES") return `${path} may not be executed by uid ${account.uid ?? process.getuid?.()}; see chmod +x`;
  return `${path} cannot be started: ${code}`;
}

/**
 * Why a program that root runs could be changed by somebody else: the first component, from the root, that is not root's or that others
 * may write; links are followed and judged likewise.
 * @returns undefined where all is well, or where something does not exist (then starting it says so)
 */
export function unsafePath(path: string, hops = 0): string | undefined {
  if (hops > 16) return `${path} is a circle of links`;
  const above = dirname(path);
  if (above !== path) {
    const problem = unsafePath(above, hops);
    if (problem !== undefined) return problem;
  }
  try {
    const found = lstatSync(path);
    const isLink = found.isSymbolicLink(); // whose own permissions mean nothing
    const entry = { uid: found.uid, mode: isLink ? 0 : found.mode & 0o7777, isFolder: found.isDirectory() };
    const unsafe = unsafeAt(path, entry);
    if (unsafe !== undefined) return `${path} ${unsafe.problem}; ${unsafe.remedy}`;
    return isLink ? unsafePath(resolve(above, readlinkSync(path)), hops + 1) : undefined;
  } catch (error) {
    systemErrorCode(error);
    return undefined;
  }
}
