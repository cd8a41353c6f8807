import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { ip } from "../../src/base/address.ts";
import { httpAttempts } from "../../src/check/http.ts";
import type { Attempt, Verdict } from "../../src/check/probe.ts";
import type { ConnectionSettings, UrlSettings } from "../../src/check/settings.ts";
import { tcpAttempt } from "../../src/check/tcp.ts";
import { createConnections } from "../../src/os/connections.ts";
import { CERTIFICATE, KEY } from "./certificate.ts";
import { connectionTo, deadPort, httpGet, listen } from "./servers.ts";

const io = createConnections();
const never = new AbortController().signal;

function ask(attempt: Attempt | undefined, timeoutMs?: number): Promise<Verdict> {
  if (attempt === undefined) throw new TypeError("no attempt");
  return attempt(io, timeoutMs === undefined ? never : AbortSignal.timeout(timeoutMs));
}

function get(connection: ConnectionSettings, url: Partial<UrlSettings> = {}, timeoutMs?: number): Promise<Verdict> {
  return ask(httpAttempts(httpGet(url), connection)[0], timeoutMs);
}

test("TCP_CHECK: whoever accepts is up", async () => {
  await using server = await listen(() => {});
  expect(await ask(tcpAttempt(connectionTo(server.port)))).toEqual({ up: true, why: "connected" });
});

test("TCP_CHECK: nobody listens", async () => {
  expect(await ask(tcpAttempt(connectionTo(await deadPort())))).toEqual({ up: false, why: "refused" });
});

test("TCP_CHECK: a source address of this machine is used, another says nothing of the server", async () => {
  let from: string | undefined;
  await using server = await listen((socket) => {
    from = socket.remoteAddress;
  }, true);
  const connection = { ...connectionTo(server.port), bindIp: ip("127.0.0.7") };
  expect(await ask(tcpAttempt(connection))).toEqual({ up: true, why: "connected" });
  await expect.poll(() => from).toBe("127.0.0.7");
  expect(await ask(tcpAttempt({ ...connection, bindIp: ip("192.0.2.77") }))).toEqual({
    up: undefined,
    why: "this machine cannot ask: it has no address 192.0.2.77; add it, or change bindto",
  });
});

test.each([undefined, "lo"])("a source port in use, device %s: nothing is known of the server", async (bindDevice) => {
  await using occupant = await listen(() => {});
  await using server = await listen(() => {});
  const connection = { ...connectionTo(server.port), bindIp: ip("127.0.0.1"), bindPort: occupant.port, bindDevice };
  expect(await ask(tcpAttempt(connection))).toEqual({
    up: undefined,
    why: `this machine cannot ask: source port 127.0.0.1:${occupant.port} is in use; choose another bind_port`,
  });
});

test("TCP_CHECK from a fixed source port, again and again", async () => {
  const ports: (number | undefined)[] = [];
  await using server = await listen((socket) => ports.push(socket.remotePort), true);
  const bindPort = await deadPort();
  const connection = { ...connectionTo(server.port), bindPort };
  for (let turn = 0; turn < 3; turn++) {
    expect(await ask(tcpAttempt(connection))).toEqual({ up: true, why: "connected" });
    await expect.poll(() => ports.length).toBe(turn + 1);
  }
  expect(ports).toEqual([bindPort, bindPort, bindPort]);
});

test("TCP_CHECK and HTTP_GET over IPv6", async () => {
  await using server = await listen((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\n"), false, "::1");
  const connection = { ...connectionTo(server.port), ip: ip("::1") };
  expect(await ask(tcpAttempt(connection))).toEqual({ up: true, why: "connected" });
  expect(await get(connection)).toEqual({ up: true, why: "status 200" });
  expect(server.requests[0]).toContain(`Host: [::1]:${server.port}\r\n`);
});

test("TCP_CHECK through a device goes by the addon's socket", async () => {
  await using server = await listen(() => {});
  const connection = { ...connectionTo(server.port), bindDevice: "lo" };
  expect(await ask(tcpAttempt(connection))).toEqual({ up: true, why: "connected" });
  expect(await ask(tcpAttempt({ ...connection, port: await deadPort() }))).toEqual({ up: false, why: "refused" });
  expect(await ask(tcpAttempt({ ...connection, bindDevice: "none0" }))).toEqual({
    up: undefined,
    why: "this machine cannot ask: it has no device none0; change bind_if",
  });
});

test("HTTP_GET through a device", async () => {
  await using server = await listen((socket) => socket.end("HTTP/1.0 200 OK\r\n\r\nhello"));
  const connection = { ...connectionTo(server.port), bindDevice: "lo", bindIp: ip("127.0.0.9") };
  expect(await get(connection)).toEqual({ up: true, why: "status 200" });
});

test("HTTP_GET: the request as keepalived writes it", async () => {
  await using server = await listen((socket) => socket.end("HTTP/1.0 204 No Content\r\n\r\n"));
  expect(await get(connectionTo(server.port), { path: "/health?full=1" })).toEqual({ up: true, why: "status 204" });
  expect(server.requests).toEqual([
    `GET /health?full=1 HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
  ]);
});

test.each([
  ["1.0C", "GET / HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example.org\r\n\r\n"],
  ["1.1", "GET / HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\nHost: www.example.org\r\n\r\n"],
] as const)("HTTP_GET: http_protocol %s with a virtualhost", async (httpProtocol, request) => {
  await using server = await listen((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  const settings = { ...httpGet({}), httpProtocol, virtualHost: "www.example.org" };
  const verdict = await ask(httpAttempts(settings, connectionTo(server.port))[0]);
  expect(verdict).toEqual({ up: true, why: "status 200" });
  expect(server.requests).toEqual([request]);
});

test("HTTP_GET: status 503, and status_code where it is welcome", async () => {
  await using server = await listen((socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n"));
  expect(await get(connectionTo(server.port))).toEqual({ up: false, why: "status 503" });
  expect(
    await get(connectionTo(server.port), {
      statusCodes: [
        [200, 204],
        [500, 599],
      ],
    }),
  ).toMatchObject({ up: true });
});

test("HTTP_GET: the digest of the body, whole, in pieces and chunked", async () => {
  const digest = createHash("md5").update("hello world").digest("hex");
  const answers = [
    ["HTTP/1.0 200 OK\r\n\r\nhello world"],
    ["HTTP/1.0 200 OK\r\nContent-Length: 11\r\n\r\nhello", " worldand more than was promised"],
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhel", "lo\r\n6\r\n world\r\n0\r\nA: b\r\n\r", "\n"],
  ];
  for (const pieces of answers) {
    await using server = await listen((socket) => void send(socket, pieces));
    expect(await get(connectionTo(server.port), { digest })).toEqual({ up: true, why: "status 200" });
    const other = "0".repeat(32);
    expect(await get(connectionTo(server.port), { digest: other })).toEqual({
      up: false,
      why: `digest differs: got ${digest}`,
    });
  }
});

test("HTTP_GET: a server that drips is over with the deadline", async () => {
  await using server = await listen((socket) => {
    socket.write("HTTP/1.0 200 OK\r\nContent-Length: 1000\r\n\r\n");
    const drip = setInterval(() => socket.write("x"), 20);
    socket.on("close", () => clearInterval(drip));
  });
  const verdict = await get(connectionTo(server.port, 150), {}, 150);
  expect(verdict).toEqual({ up: false, why: "timeout after 150 ms" });
});

test("HTTP_GET: a server that resets, one that closes early, one that speaks something else", async () => {
  await using resets = await listen((socket) => socket.resetAndDestroy());
  expect(await get(connectionTo(resets.port))).toEqual({ up: false, why: "reset by the server" });
  await using silent = await listen((socket) => socket.end());
  expect(await get(connectionTo(silent.port))).toEqual({ up: false, why: "closed without a response" });
  await using short = await listen((socket) => socket.end("HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
  expect(await get(connectionTo(short.port))).toEqual({ up: false, why: "response ends 7 bytes early" });
  await using smtp = await listen((socket) => socket.end("220 mail.example.org ESMTP\r\n\r\n"));
  expect(await get(connectionTo(smtp.port))).toEqual({ up: false, why: "not an HTTP response" });
});

test("SSL_GET against a server without TLS is a failure with a reason", async () => {
  await using server = await listen((socket) => socket.end("HTTP/1.0 400 Bad Request\r\n\r\n"));
  const settings = { ...httpGet({}), type: "SSL_GET" as const };
  const verdict = await ask(httpAttempts(settings, connectionTo(server.port))[0]);
  expect(verdict.up).toBe(false);
  expect(verdict.why).toMatch(/^TLS failed: /);
});

async function send(socket: { write(text: string): boolean; end(): void }, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((done) => setTimeout(done, 15));
  }
  socket.end();
}

test("SSL_GET: the certificate is not verified; the server's name travels only with enable_sni", async () => {
  const names: (string | false | null)[] = [];
  let open = 0;
  const server = createTlsServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
    names.push((socket as TLSSocket).servername);
    open++;
    socket.on("close", () => open--);
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const digest = createHash("md5").update("hello").digest("hex");
  const settings = { ...httpGet({ digest }), type: "SSL_GET" as const, virtualHost: "www.example.org:8443" };
  for (const sni of [false, true]) {
    const verdict = await ask(httpAttempts({ ...settings, sni }, connectionTo(port))[0]);
    expect(verdict).toEqual({ up: true, why: "status 200" });
  }
  expect(names).toEqual([false, "www.example.org"]);
  await expect.poll(() => open).toBe(0);
  await new Promise((done) => server.close(done));
});

test("SSL_GET: a deadline that is over before the connection begins ends the attempt, and connects nobody", async () => {
  let connections = 0;
  await using server = await listen(() => connections++, true);
  const settings = { ...httpGet({}), type: "SSL_GET" as const };
  const [attempt] = httpAttempts(settings, connectionTo(server.port, 3000));
  expect(await attempt?.(io, AbortSignal.abort())).toEqual({ up: false, why: "timeout after 3 s" });
  expect(connections).toBe(0);
});

test("SSL_GET: a server that never answers the handshake is over with the deadline, and its connection is closed", async () => {
  let closed = 0;
  await using server = await listen((socket) => socket.on("close", () => closed++), true);
  const settings = { ...httpGet({}), type: "SSL_GET" as const };
  const verdict = await ask(httpAttempts(settings, connectionTo(server.port, 100))[0], 100);
  expect(verdict).toEqual({ up: false, why: "timeout after 100 ms" });
  await expect.poll(() => closed).toBe(1);
});
