/** Plain HTTP with JSON bodies on a Unix socket: `curl --unix-socket PATH http://localhost/status` works. */
import { chmodSync, chownSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import type { Server as HttpServer, IncomingMessage } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { findGroup } from "./accounts.ts";
import { systemErrorCode } from "./errors.ts";
import { removeFile } from "./files.ts";

/** Loaded when somebody connects: it takes as long as all the rest of vipd, and adverts shall not wait for it; and it takes 2 MB. */
const http = () => process.getBuiltinModule("node:http");

export type HttpAnswer = { readonly status: number; readonly body: unknown };
export type HttpHandler = (method: string, url: URL, body: unknown) => Promise<HttpAnswer>;
export type HttpSocket = { close(): void };

/** Longest request body, bytes. */
const MOST_BYTES = 64 * 1024;
/** How long a request may take to arrive. */
const REQUEST_MS = 5000;

/**
 * Listens at `path`, which is made anew with `mode`, root's, and of `group` where that exists.
 * @throws {Error} if it cannot be made, e.g. because the path is longer than 107 bytes
 */
export function serveHttp(path: string, mode: number, group: string | undefined, handle: HttpHandler): HttpSocket {
  removeFile(path);
  let speaker: HttpServer | undefined;
  /** Each with what ends it unless its request is there in time. */
  const open = new Map<Socket, NodeJS.Timeout>();
  const heard = (socket: Socket) => clearTimeout(open.get(socket));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const late = setTimeout(() => socket.destroy(), REQUEST_MS);
    open.set(socket, late.unref());
    socket.once("close", () => {
      heard(socket);
      open.delete(socket);
    });
    speaker ??= createSpeaker(handle, heard);
    speaker.emit("connection", socket);
  });
  server.maxConnections = 64;
  listen(server, path, (hidden) => {
    const gid = group === undefined ? undefined : findGroup(group);
    if (gid !== undefined && process.getuid?.() === 0) chownSync(hidden, 0, gid);
    chmodSync(hidden, mode);
  });
  server.unref();
  return {
    close() {
      server.close();
      for (const socket of open.keys()) socket.destroy();
      removeFile(path);
    },
  };
}

/** A server that listens nowhere: it is given connections. @param heard is told of those whose request is there */
function createSpeaker(handle: HttpHandler, heard: (socket: Socket) => void): HttpServer {
  return http().createServer((incoming, outgoing) => {
    incoming.once("end", () => heard(incoming.socket));
    void answer(incoming, handle).then(({ status, body }) => {
      outgoing.writeHead(status, { "content-type": "application/json", connection: "close" });
      outgoing.end(`${JSON.stringify(body)}\n`);
    });
  });
}

/** Nobody may connect before owner and mode are as they should be: it is made in a folder of ours and then moved. */
function listen(server: Server, path: string, settle: (hidden: string) => void): void {
  const folder = mkdtempSync(join(dirname(path), "."));
  const hidden = join(folder, "s");
  try {
    if (Math.max(Buffer.byteLength(hidden), Buffer.byteLength(path)) > LONGEST_PATH) {
      throw new Error(
        `Cannot listen at ${path}: the path is longer than ${LONGEST_PATH} bytes; use a shorter --run-dir`,
      );
    }
    server.on("error", () => {});
    server.listen(hidden);
    settle(hidden);
    renameSync(hidden, path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** sockaddr_un */
const LONGEST_PATH = 107;

async function answer(incoming: IncomingMessage, handle: HttpHandler): Promise<HttpAnswer> {
  try {
    const body = await bodyOf(incoming);
    return await handle(incoming.method ?? "GET", new URL(incoming.url ?? "/", "http://localhost"), body);
  } catch (error) {
    return { status: 400, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BYTES) throw new Error(`the request is longer than ${MOST_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return bytes === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

/** One request to such a socket. @throws the system error of the connection (ENOENT, ECONNREFUSED, EACCES, …) */
export function askHttp(
  path: string,
  method: string,
  url: string,
  body: unknown,
  timeoutMs: number,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const asking = http().request(
      { socketPath: path, method, path: url, headers: { "content-type": "application/json" }, timeout: timeoutMs },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
        incoming.on("error", reject);
        incoming.on("end", () => {
          try {
            resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString("utf8")) });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    asking.on("timeout", () => asking.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })));
    asking.on("error", reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** @returns the code of a failed `askHttp` */
export function askError(error: unknown): string {
  return error instanceof SyntaxError ? "EPROTO" : systemErrorCode(error);
}
