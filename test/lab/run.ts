/**
 * Runs a program in the lab: User-mode Linux, a whole kernel with IPVS as one ordinary process, which needs no privilege
 * and touches no network of this machine. `setup.sh` brings it, `init.sh` is its first process.
 *
 *     node test/lab/run.ts [--memory MB] [--timeout SECONDS] FILE.ts [ARGUMENT…]
 *     node test/lab/run.ts [--memory MB] [--timeout SECONDS] -c 'ip link; ipvsadm -L -n'
 *
 * In the guest one is root; the checkout is where it is here and writable; /run, /tmp, /etc, /var and /root are covered
 * by memory. Several guests may run at once.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const TOP = resolve(import.meta.dirname, "../..");
const KERNEL = join(TOP, ".cache/lab/root/usr/bin/linux.uml");

export type LabJob = {
  /** A `.ts` or `.js` file that Node runs in the guest, from the top of the checkout; or `command`, for the shell. */
  readonly script?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Then the guest is stopped and the exit code is 124. Default 300,000. */
  readonly timeoutMs?: number;
  /** Default 1024; taken from the host only as it is used. */
  readonly memoryMb?: number;
  /** Receives the output as it comes, by whole lines. Default: standard output; null: nobody. */
  readonly onLine?: ((line: string) => void) | null;
};

export type LabResult = { readonly exitCode: number; readonly output: string };

/** Boots a guest, runs the job in it and powers it off. Rejects if the guest did not come up or broke down. */
export async function runInLab(job: LabJob): Promise<LabResult> {
  if (!existsSync(KERNEL)) throw new Error("Cannot start the lab: its kernel is missing; run test/lab/setup.sh");
  const timeoutMs = job.timeoutMs ?? 300_000;
  // the kernel's command line knows no quotes
  const folder = await mkdtemp(join(/\s/.test(tmpdir()) ? "/tmp" : tmpdir(), "vipd-lab-"));
  const guest = await startGuest(folder, job, timeoutMs);
  const undo = goneWithUs(guest, folder);
  const tooLate = setTimeout(() => killGuest(guest), timeoutMs + 10_000);
  try {
    const output = await readOutput(guest, job.onLine === undefined ? print : job.onLine);
    const code = await readFile(join(folder, "exit"), "utf8").catch(() => undefined);
    if (code !== undefined) return { exitCode: Number(code), output: output.job };
    if (output.all.includes("lab: over the time limit")) return { exitCode: 124, output: output.job };
    throw new Error(`The lab's guest broke down; its console said:\n${output.all.slice(-4000)}`);
  } finally {
    clearTimeout(tooLate);
    undo();
    killGuest(guest);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startGuest(folder: string, job: LabJob, timeoutMs: number): Promise<ChildProcess> {
  const env = { NO_COLOR: "1", ...job.env, LAB_TOP: TOP, LAB_SECONDS: String(Math.ceil(timeoutMs / 1000)) };
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  await writeFile(join(folder, "job.env"), lines.join(""));
  await writeFile(join(folder, "job.sh"), `exec ${commandOf(job)}\n`);
  const init = join(folder, "init.sh");
  await copyFile(join(import.meta.dirname, "init.sh"), init);
  await chmod(init, 0o755);
  return spawn(
    "taskset",
    [
      ...["--cpu-list", nextProcessor(), KERNEL],
      `mem=${job.memoryMb ?? 1024}M`,
      ...["rootfstype=hostfs", "rootflags=/", "rw", `init=${init}`],
      ...["quiet", "loglevel=0", "con=null", "con0=fd:0,fd:1"],
      ...[`uml_dir=${folder}`, "umid=guest", `LAB_JOB=${folder}`],
    ],
    // with TMPDIR its memory would be a file there, on a disk
    { stdio: ["ignore", "pipe", "pipe"], detached: true, env: { PATH: process.env["PATH"] } },
  );
}

let guests = process.pid;

/**
 * A guest has one processor but is several processes here, which wait for each other all the time: on one and the same processor of ours it
 * runs up to three times faster than on two.
 */
function nextProcessor(): string {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1] ?? "0";
  const allowed = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
  return String(allowed[guests++ % allowed.length] ?? 0);
}

function commandOf(job: LabJob): string {
  if (job.command !== undefined) return `sh -c ${[job.command, "sh", ...(job.args ?? [])].map(quote).join(" ")}`;
  if (job.script === undefined) throw new TypeError("A job of the lab needs a script or a command");
  return ["node", resolve(job.script), ...(job.args ?? [])].map(quote).join(" ");
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Collects what the guest prints until it ends; passes on the lines between the marks of `init.sh`. */
async function readOutput(guest: ChildProcess, onLine: ((line: string) => void) | null) {
  const all: string[] = [];
  const job: string[] = [];
  let within = false;
  let rest = "";
  const take = (chunk: string) => {
    const lines = `${rest}${chunk}`.replaceAll("\r", "").split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      all.push(line);
      if (line.endsWith("lab: done")) within = false;
      if (within) job.push(line);
      if (within) onLine?.(line);
      if (line === "lab: ready") within = true;
    }
  };
  guest.stdout?.setEncoding("utf8").on("data", take);
  guest.stderr?.setEncoding("utf8").on("data", (chunk: string) => all.push(chunk));
  await new Promise<void>((done, failed) => guest.once("close", () => done()).once("error", failed));
  if (rest !== "") take("\n");
  return { all: all.join("\n"), job: job.map((line) => `${line}\n`).join("") };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The guest is a process group of its own: its kernel, and a process for every address space. */
function killGuest(guest: ChildProcess): void {
  if (guest.pid === undefined) return;
  try {
    process.kill(-guest.pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** Takes the guest and its folder along when this process is interrupted. */
function goneWithUs(guest: ChildProcess, folder: string): () => void {
  const remove = () => {
    killGuest(guest);
    rmSync(folder, { recursive: true, force: true });
  };
  const stop = (signal: NodeJS.Signals) => process.exit(signal === "SIGINT" ? 130 : 143);
  process.on("exit", remove).on("SIGINT", stop).on("SIGTERM", stop);
  return () => void process.off("exit", remove).off("SIGINT", stop).off("SIGTERM", stop);
}

async function main(): Promise<number> {
  const [options, rest] = splitArguments(process.argv.slice(2));
  const { values } = parseArgs({
    args: options,
    options: { memory: { type: "string" }, timeout: { type: "string" }, c: { type: "string", short: "c" } },
  });
  const script = values.c === undefined ? rest[0] : undefined;
  if (values.c === undefined && script === undefined) {
    process.stderr.write(
      "usage: node test/lab/run.ts [--memory MB] [--timeout SECONDS] FILE.ts [ARGUMENT…] | -c COMMAND\n",
    );
    return 2;
  }
  const { exitCode } = await runInLab({
    ...(script === undefined ? {} : { script }),
    ...(values.c === undefined ? {} : { command: values.c }),
    args: script === undefined ? rest : rest.slice(1),
    env: Object.fromEntries(Object.entries(process.env).filter(passedOn)),
    ...(values.memory === undefined ? {} : { memoryMb: Number(values.memory) }),
    ...(values.timeout === undefined ? {} : { timeoutMs: Number(values.timeout) * 1000 }),
  });
  return exitCode;
}

/** Our own options come first; everything from the script on belongs to it. */
function splitArguments(words: readonly string[]): readonly [string[], string[]] {
  let at = 0;
  while (words[at]?.startsWith("-")) at += 2;
  return [words.slice(0, at), words.slice(at)];
}

function passedOn(entry: readonly [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined && /^(VIPD_|LAB_|NO_COLOR|FORCE_COLOR)/.test(entry[0]);
}

if (import.meta.main) process.exitCode = await main();
