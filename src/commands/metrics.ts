/**
 * `vipd metrics [--listen [ADDRESS:]PORT]`: the state for Prometheus, once to standard output, or to whoever asks over HTTP. It is a process of
 * its own that asks vipd at each scrape: a listener never lives in vipd itself (docs/architecture.md).
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { failure, type Result, success } from "../base/result.ts";
import type { Status } from "../daemon/status.ts";
import { askDaemon } from "./control-client.ts";
import { WRONG_WORDS } from "./exit.ts";
import { renderMetrics } from "./render-metrics.ts";

const USAGE = "vipd metrics [--listen [ADDRESS:]PORT]";
const METRICS = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
const WORDS = { "content-type": "text/plain; charset=utf-8" };
/** A scrape waits ten seconds by default. */
const ASK_MS = 5000;

/** @returns the exit code: 0; 1 where vipd cannot be asked or the address cannot be listened at */
export function runMetrics(words: readonly string[], runDir: string): Promise<number> {
  const [first, ...rest] = words;
  if (first === undefined) return printOnce(runDir);
  const given = first.startsWith("--listen=") ? first.slice(9) : first === "--listen" ? rest.shift() : undefined;
  const place = given === undefined ? undefined : placeOf(given);
  if (place !== undefined && rest.length === 0) return listen(place, runDir);
  process.stderr.write(`vipd metrics: ${words.join(" ")} is not clear; ${USAGE}, such as --listen 127.0.0.1:9650\n`);
  return Promise.resolve(WRONG_WORDS);
}

async function printOnce(runDir: string): Promise<number> {
  const status = await askStatus(runDir);
  if (status.ok) process.stdout.write(renderMetrics(status.value));
  else process.stderr.write(`${status.error}\n`);
  return status.ok ? 0 : 1;
}

async function askStatus(runDir: string): Promise<Result<Status, string>> {
  const asked = await askDaemon(runDir, "GET", "/status", undefined, ASK_MS);
  if (!asked.ok) return failure(asked.problem);
  const { status, body } = asked.answer;
  return status === 200 ? success(body as Status) : failure(`vipd cannot tell its status: ${JSON.stringify(body)}`);
}

type Place = { readonly host: string; readonly port: number };

/** `9650`, `127.0.0.1:9650`, `[::1]:9650`; without an address on loopback only. */
function placeOf(text: string): Place | undefined {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:[\]]+):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) return undefined;
  return { host: match[1]?.replace(/^\[|\]$/g, "") ?? "127.0.0.1", port };
}

/** Until SIGTERM or SIGINT. */
function listen({ host, port }: Place, runDir: string): Promise<number> {
  const server = createServer((request, response) => {
    // a vipd of another version may answer what is not understood here
    answer(request, response, runDir).catch((error) => response.writeHead(500, WORDS).end(`${error}\n`));
  });
  server.requestTimeout = ASK_MS * 2;
  server.maxConnections = 16;
  return new Promise((resolve) => {
    const stop = () => {
      server.close();
      server.closeAllConnections();
      resolve(0);
    };
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
    server.once("error", (error: NodeJS.ErrnoException) => {
      process.stderr.write(
        `vipd metrics: Cannot listen at ${host} port ${port}: ${error.code}; ${remedyFor(error.code)}\n`,
      );
      resolve(1);
    });
    server.listen(port, host, () => {
      const at = server.address();
      const heard = typeof at === "object" && at !== null ? at.port : port;
      process.stdout.write(`vipd metrics: http://${host.includes(":") ? `[${host}]` : host}:${heard}/metrics\n`);
    });
  });
}

async function answer({ method, url }: IncomingMessage, response: ServerResponse, runDir: string): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end();
  } else if (url?.split("?", 1)[0] !== "/metrics") {
    response.writeHead(404, WORDS).end("see /metrics\n");
  } else {
    const status = await askStatus(runDir);
    const text = renderMetrics(status.ok ? status.value : undefined);
    response.writeHead(200, METRICS).end(text);
  }
}

function remedyFor(code: string | undefined): string {
  if (code === "EADDRINUSE") return "another program has this port: name another one";
  if (code === "EACCES") return "ports below 1024 need privilege: name a higher one";
  return "name an address of this machine";
}
