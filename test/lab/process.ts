/** Child processes of a test: their output by lines with the time of arrival, and waiting for a line with a limit. */
import { type ChildProcess, spawn } from "node:child_process";

export type Line = {
  /** Time of day in milliseconds with fractions, when the line was read. */
  readonly atMs: number;
  readonly text: string;
};

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Process = {
  readonly pid: number;
  /** What it wrote to standard output and standard error, so far. */
  readonly lines: readonly Line[];
  output(): string;
  /**
   * The first line that matches, of those from number `from` on (default: all); waits for it up to `timeoutMs`
   * (default 10,000), and rejects with the whole output if the time is over or the process ends before.
   */
  line(pattern: RegExp, options?: { readonly from?: number; readonly timeoutMs?: number }): Promise<Line>;
  /** Writes a line to its standard input. */
  say(text: string): void;
  readonly exited: Promise<Exit>;
  signal(signal: NodeJS.Signals | number): void;
  /** Asks it to end (default SIGTERM), and after `timeoutMs` (default 5,000) kills it. */
  stop(signal?: NodeJS.Signals, timeoutMs?: number): Promise<Exit>;
};

/** Time of day in milliseconds with fractions: the clock of captured packets, too. */
export function timeOfDayMs(): number {
  return performance.timeOrigin + performance.now();
}

export function startProcess(
  argv: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>> | undefined;
    readonly cwd?: string | undefined;
    /** Receives standard output as bytes, which then is not in `lines`. */
    readonly onBytes?: ((bytes: Buffer) => void) | undefined;
  } = {},
): Process {
  const [command = "", ...args] = argv;
  const child = spawn(command, args, {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...process.env, ...options.env },
  });
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  const exited = new Promise<Exit>((done, failed) => {
    child.once("error", failed).once("close", (code, signal) => done({ code, signal }));
  });
  let ended = false;
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  const end = () => {
    ended = true;
    wake();
  };
  exited.then(end, end);
  const take = (text: string) => {
    lines.push({ atMs: timeOfDayMs(), text });
    wake();
  };
  if (options.onBytes !== undefined) child.stdout.on("data", options.onBytes);
  else byLines(child.stdout, take);
  byLines(child.stderr, take);
  child.stdin.on("error", () => undefined);

  const output = () => lines.map((line) => `${line.text}\n`).join("");
  const what = argv.slice(-4).join(" ");
  const line: Process["line"] = (pattern, { from = 0, timeoutMs = 10_000 } = {}) =>
    new Promise((done, failed) => {
      const finish = (settle: () => void) => {
        clearTimeout(limit);
        waiting.delete(look);
        settle();
      };
      const look = () => {
        const found = lines.slice(from).find((one) => pattern.test(one.text));
        if (found !== undefined) finish(() => done(found));
        else if (ended) finish(() => failed(new Error(`${what} ended without ${pattern}; it said:\n${output()}`)));
      };
      const tooLate = () => failed(new Error(`${what}: no ${pattern} within ${timeoutMs} ms; it said:\n${output()}`));
      const limit = setTimeout(() => finish(tooLate), timeoutMs);
      waiting.add(look);
      look();
    });
  const signal = (number: NodeJS.Signals | number) => void (ended || child.kill(number));
  return {
    pid: pidOf(child),
    lines,
    output,
    line,
    say: (text) => void child.stdin.write(`${text}\n`),
    exited,
    signal,
    stop: async (first = "SIGTERM", timeoutMs = 5_000) => {
      signal(first);
      const limit = setTimeout(() => signal("SIGKILL"), timeoutMs);
      return exited.finally(() => clearTimeout(limit));
    },
  };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error(`Cannot start ${child.spawnfile}`);
  return child.pid;
}

function byLines(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(take);
  });
  stream.on("end", () => rest !== "" && take(rest));
}
