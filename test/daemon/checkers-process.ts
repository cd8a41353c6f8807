/** The checkers as a process, spoken to as vipd does. */
import { type ChildProcess, fork } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "vitest";
import type { CheckerSettings } from "../../src/check/settings.ts";
import type { FromCheckers, ToCheckers } from "../../src/daemon/messages.ts";
import { connectionTo } from "../check/servers.ts";

const ENTRY = resolve(import.meta.dirname, "../../src/daemon/checkers.ts");

export type Checkers = {
  readonly child: ChildProcess;
  readonly heard: FromCheckers[];
  send(...messages: readonly ToCheckers[]): void;
  /** The first message of a type from `after` on, waited for. */
  next<T extends FromCheckers["type"]>(type: T, after?: number): Promise<Extract<FromCheckers, { type: T }>>;
} & AsyncDisposable;

/** @param wrapper a program that starts it in circumstances of its own, with its arguments */
export function startCheckers(...wrapper: readonly string[]): Checkers {
  const [execPath, ...execArgv] = [...wrapper, process.execPath, "--disable-sigusr1"];
  const child = fork(ENTRY, [], { execPath, execArgv, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const heard: FromCheckers[] = [];
  child.on("message", (message) => heard.push(message as FromCheckers));
  const next = async <T extends FromCheckers["type"]>(type: T, after = 0) => {
    const find = () => heard.slice(after).find((message) => message.type === type);
    await expect.poll(find, { timeout: 8000, interval: 5 }).toBeDefined();
    return find() as Extract<FromCheckers, { type: T }>;
  };
  return {
    child,
    heard,
    next,
    send: (...messages) => {
      for (const message of messages) child.send(message);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill("SIGKILL");
      await new Promise((done) => child.once("exit", done));
    },
  };
}

export function configuration(generation: number, ...checks: readonly CheckerSettings[]): readonly ToCheckers[] {
  return [
    { type: "begin", generation, logAllFailures: false, namespace: undefined },
    { type: "checks", generation, checks },
    { type: "prepare", generation },
    { type: "commit", generation },
  ];
}

export function check(id: string, port: number, change: Partial<CheckerSettings> = {}): CheckerSettings {
  return {
    id,
    service: "[192.0.2.1]:tcp:80",
    server: `[127.0.0.1]:tcp:${port}`,
    serviceKey: "tcp 192.0.2.1:80",
    serverKey: `127.0.0.1:${port}`,
    probe: { type: "TCP_CHECK" },
    connection: connectionTo(port, 1000),
    intervalMs: 200,
    retries: 1,
    retryDelayMs: 100,
    warmupMs: 0,
    alpha: false,
    ...change,
  };
}
