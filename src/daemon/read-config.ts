/**
 * Reads a configuration in a thread of its own (`reader.ts`), with a deadline and a limit of memory: a runaway file is a problem like
 * any other. The thread is kept warm for the next reload.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Loaded, Problem } from "../config/config.ts";
import { type Before, type Handover, unpack } from "./handover.ts";

export type ReadOptions = {
  /** `-i`; undefined: the host name up to its first dot. */
  readonly configId: string | undefined;
  /** Use what can be used although there are errors (the last good file). */
  readonly tolerant: boolean;
  readonly deadlineMs?: number;
  readonly memoryMb?: number;
};
export type ReadRequest = {
  readonly path: string;
  readonly configId: string | undefined;
  readonly tolerant: boolean;
};

const DEADLINE_MS = 20_000;
/** A configuration with 50,000 real servers needs some 300 MB. */
const MEMORY_MB = 1024;
/** The young generation grows to this only when much is read; then a reload with 10,000 real servers needs few collections. */
const YOUNG_MB = 192;
/** A thread that has read so much is kept for the next reload, for a while; to start one for a small file takes no longer than is fine. */
const LARGE_BYTES = 200_000;
const KEEP_MS = 600_000;

/** The thread, what it is reading, and what it handed over the last time. */
type Reader = { readonly worker: Worker; waiting: Waiting | undefined; before: Before };
type Waiting = { answered(answer: Handover): void; died(reason: string): void };

let warm: Reader | undefined;
/** When it is no longer kept. */
let farewell: NodeJS.Timeout | undefined;

/** @returns what there is to say, and the configuration if the file is good; never rejects */
export function readConfig(path: string, options: ReadOptions): Promise<Loaded> {
  const reader =
    options.memoryMb === undefined ? (warm ?? launched() ?? startReader(MEMORY_MB)) : startReader(options.memoryMb);
  warm = undefined; // until it has answered
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;
  return new Promise((resolve) => {
    const finish = (loaded: Loaded) => {
      clearTimeout(deadline);
      reader.waiting = undefined;
      reader.worker.unref();
      resolve(loaded);
    };
    const fail = (message: string, remedy: string) => {
      finish(failed(path, message, remedy));
      void reader.worker.terminate();
    };
    const deadline = setTimeout(
      () => fail(`the file is not read after ${deadlineMs / 1000} s`, "make it smaller"),
      deadlineMs,
    );
    reader.waiting = {
      died: (reason) => fail(`reading the file failed: ${reason}`, "see whether it expands without end"),
      answered(answer) {
        const { loaded, now } = unpack(answer, reader.before);
        reader.before = now;
        finish(loaded);
        const isLarge = loaded.consolidated.length > LARGE_BYTES;
        if (warm === undefined && options.memoryMb === undefined && isLarge) keep(reader);
        else void reader.worker.terminate();
      },
    };
    reader.worker.ref();
    const request: ReadRequest = { path, configId: options.configId, tolerant: options.tolerant };
    reader.worker.postMessage(request);
  });
}

function keep(reader: Reader): void {
  warm = reader;
  clearTimeout(farewell);
  farewell = setTimeout(() => void stopReader(), KEEP_MS).unref();
}

/** Ends the kept thread. */
export async function stopReader(): Promise<void> {
  const reader = warm;
  warm = undefined;
  await reader?.worker.terminate();
}

function startReader(memoryMb: number): Reader {
  const bundled = join(import.meta.dirname, "reader.js");
  const file = existsSync(bundled) ? bundled : join(import.meta.dirname, "reader.ts");
  const resourceLimits = { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: YOUNG_MB };
  return follow(new Worker(file, { resourceLimits, execArgv: [] }));
}

/** The thread that the launcher has started for the first file, once; undefined where there is none, or it has ended. */
function launched(): Reader | undefined {
  const launcher = (globalThis as { readonly vipd?: { reader: Worker | undefined } }).vipd;
  const worker = launcher?.reader;
  if (launcher === undefined || worker === undefined) return undefined;
  launcher.reader = undefined;
  return worker.threadId === -1 ? undefined : follow(worker);
}

function follow(worker: Worker): Reader {
  const reader: Reader = { worker, waiting: undefined, before: [] };
  reader.worker.on("message", (answer: Handover) => reader.waiting?.answered(answer));
  const gone = (reason: string) => {
    if (warm === reader) warm = undefined;
    reader.waiting?.died(reason);
  };
  reader.worker.on("error", (error) => gone(textOf(error)));
  reader.worker.on("exit", (code) => gone(`it ended with code ${code}`));
  reader.worker.unref();
  return reader;
}

function failed(file: string, message: string, remedy: string): Loaded {
  const problem: Problem = {
    level: "error",
    code: "VIPD018",
    file,
    line: 1,
    column: 1,
    message,
    remedy,
    verdict: "none",
  };
  return { config: undefined, problems: [problem], files: [file], consolidated: "" };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
