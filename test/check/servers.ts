/** Real servers on loopback for the probes, each with one habit. */
import net from "node:net";
import { ip } from "../../src/base/address.ts";
import type { ConnectionSettings, ProbeSettings, UrlSettings } from "../../src/check/settings.ts";

export type Server = { readonly port: number; readonly requests: readonly string[] } & AsyncDisposable;

/** @param habit is given every connection, and the request when there was one */
export async function listen(
  habit: (socket: net.Socket, request: string) => void,
  onConnect = false,
  address = "127.0.0.1",
): Promise<Server> {
  const open = new Set<net.Socket>();
  const requests: string[] = [];
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => open.delete(socket));
    if (onConnect) habit(socket, "");
    socket.on("data", (bytes) => {
      requests.push(bytes.toString("latin1"));
      if (!onConnect) habit(socket, bytes.toString("latin1"));
    });
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new TypeError("the server has no port");
  return {
    port: bound.port,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** A port that nobody listens on: one that was just given back. */
export async function deadPort(): Promise<number> {
  await using server = await listen(() => {});
  return server.port;
}

export function connectionTo(port: number, timeoutMs = 5000): ConnectionSettings {
  return {
    ip: ip("127.0.0.1"),
    port,
    bindIp: undefined,
    bindPort: undefined,
    bindDevice: undefined,
    mark: undefined,
    timeoutMs,
  };
}

export function httpGet(
  ...urls: readonly Partial<UrlSettings>[]
): Extract<ProbeSettings, { type: "HTTP_GET" | "SSL_GET" }> {
  const url: UrlSettings = { path: "/", digest: undefined, statusCodes: [], virtualHost: undefined };
  return {
    type: "HTTP_GET",
    urls: urls.map((change) => ({ ...url, ...change })),
    virtualHost: undefined,
    httpProtocol: "1.0",
    sni: false,
    fastRecovery: false,
  };
}
