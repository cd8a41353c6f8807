/**
 * CPU per health check: the checkers process as vipd runs it, 1,000 checks a second against servers on loopback, user and system time
 * from /proc/PID/stat over a span after warm-up. The servers run in a process of their own.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net from "node:net";
import { resolve } from "node:path";
import { ip } from "../../src/base/address.ts";
import type { CheckerSettings, ProbeSettings } from "../../src/check/settings.ts";
import type { FromCheckers, ToCheckers } from "../../src/daemon/messages.ts";

export type CheckCost = {
  readonly probe: "TCP_CHECK" | "HTTP_GET";
  readonly perSecond: number;
  /** CPU time of the process for one check, µs. */
  readonly cpuMicros: number;
  readonly checks: number;
  readonly failures: number;
};

/** Of /proc/PID/stat: USER_HZ is 100 on every architecture that matters. */
const TICK_MICROS = 10_000;
const CHECKS = 1000;

/** @param entry the checkers' file, e.g. dist/checkers.js @param spanMs how long is measured, after two seconds of warm-up */
export async function measureChecks(probe: CheckCost["probe"], spanMs: number, entry: string): Promise<CheckCost> {
  const server = fork(import.meta.filename, ["serve", probe], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const [{ port }] = (await once(server, "message")) as [{ readonly port: number }];
  const checkers = fork(entry, [], { execArgv: ["--disable-sigusr1"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    await answer(checkers, "hello");
    for (const message of configuration(probe, port)) checkers.send(message);
    await answer(checkers, "committed");
    await pause(3000);
    const before = { cpu: cpuTicks(checkers), ...(await counts(checkers)), at: performance.now() };
    await pause(spanMs);
    const after = { cpu: cpuTicks(checkers), ...(await counts(checkers)), at: performance.now() };
    const checks = after.runs - before.runs;
    return {
      probe,
      perSecond: Math.round((checks / (after.at - before.at)) * 1000),
      cpuMicros: ((after.cpu - before.cpu) * TICK_MICROS) / checks,
      checks,
      failures: after.failures - before.failures,
    };
  } finally {
    checkers.kill("SIGKILL");
    server.kill("SIGKILL");
  }
}

function configuration(probe: CheckCost["probe"], port: number): readonly ToCheckers[] {
  const checks = Array.from({ length: CHECKS }, (_, index) => check(index, probe, port));
  return [
    { type: "begin", generation: 1, logAllFailures: false, namespace: undefined },
    { type: "checks", generation: 1, checks },
    { type: "prepare", generation: 1 },
    { type: "commit", generation: 1 },
  ];
}

/** Every server has an address of its own, as in life: else the ports of one address would run out. */
function check(index: number, probe: CheckCost["probe"], port: number): CheckerSettings {
  const address = ip(`127.1.${index >> 8}.${(index & 255) + 1}`.replace(".256", ".0"));
  const settings: ProbeSettings =
    probe === "TCP_CHECK"
      ? { type: "TCP_CHECK" }
      : {
          type: "HTTP_GET",
          urls: [{ path: "/", digest: undefined, statusCodes: [], virtualHost: undefined }],
          virtualHost: undefined,
          httpProtocol: "1.0",
          sni: false,
          fastRecovery: false,
        };
  return {
    id: `check ${index}`,
    service: "[192.0.2.1]:tcp:80",
    server: `[${address}]:tcp:${port}`,
    serviceKey: "tcp 192.0.2.1:80",
    serverKey: `${address}:${port}`,
    probe: settings,
    connection: {
      ip: address,
      port,
      bindIp: undefined,
      bindPort: undefined,
      bindDevice: undefined,
      mark: undefined,
      timeoutMs: 5000,
    },
    intervalMs: 1000,
    retries: 1,
    retryDelayMs: 1000,
    warmupMs: 1000,
    alpha: false,
  };
}

async function answer<T extends FromCheckers["type"]>(
  child: ChildProcess,
  type: T,
): Promise<Extract<FromCheckers, { type: T }>> {
  for (;;) {
    const [message] = (await once(child, "message")) as [FromCheckers];
    if (message.type === type) return message as Extract<FromCheckers, { type: T }>;
  }
}

async function counts(child: ChildProcess): Promise<{ readonly runs: number; readonly failures: number }> {
  child.send({ type: "status", id: 1 } satisfies ToCheckers);
  const { checks } = await answer(child, "status");
  const sum = (of: "runs" | "failures") => checks.reduce((total, one) => total + one[of], 0);
  return { runs: sum("runs"), failures: sum("failures") };
}

function cpuTicks(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function serve(probe: string): void {
  const body = "hello";
  const page = `HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => probe === "HTTP_GET" && socket.end(page));
  });
  server.listen(0, "0.0.0.0", 4096, () => process.send?.(server.address()));
}

if (process.argv[2] === "serve") serve(process.argv[3] ?? "");
else if (process.argv[1] === import.meta.filename) {
  const entry = resolve(process.argv[2] ?? "src/daemon/checkers.ts");
  for (const probe of ["TCP_CHECK", "HTTP_GET"] as const) console.log(await measureChecks(probe, 10_000, entry));
}
