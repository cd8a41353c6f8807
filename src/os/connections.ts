/**
 * Connections for health checks. Where only the source address matters `node:net` does all of it; a device or a mark must be set
 * before the connection starts, so there the addon makes the socket and `node:net` takes it over (decisions 17).
 */
import net from "node:net";
import type { SecureContext } from "node:tls";
import { openStream, type SocketAddress } from "dgram-ext";
import { type Endpoint, familyOf, type Ip, ip } from "../base/address.ts";
import type { CheckIo, Connection, Target } from "../check/probe.ts";

export function createConnections(): CheckIo {
  // One buffer for all: libuv fills it and calls back before it reads from the next socket.
  const buffer = Buffer.allocUnsafe(64 * 1024);
  return {
    connect: (target, signal) =>
      target.tls === undefined
        ? connectPlain(target, signal, buffer)
        : connectTls(target, target.tls.serverName, signal),
  };
}

function connectPlain(target: Target, signal: AbortSignal, buffer: Buffer): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const line = createLine(resolve, reject, signal, target.from?.port !== undefined);
    const callback = (size: number) => line.receive(buffer.subarray(0, size));
    const socket = openSocket(target, { buffer, callback }, line.ready);
    line.follow(socket);
  });
}

/** `node:tls` is loaded when the first SSL_GET runs. The handshake is within the deadline of the connection. */
async function connectTls(target: Target, serverName: string | undefined, signal: AbortSignal): Promise<Connection> {
  const tls = await import("node:tls");
  signal.throwIfAborted(); // loading takes its time
  secureContext ??= tls.createSecureContext();
  const options = {
    rejectUnauthorized: false,
    secureContext,
    ...(serverName !== undefined && { servername: serverName }),
  };
  return new Promise((resolve, reject) => {
    const line = createLine(resolve, reject, signal, false);
    const plain = openSocket(target, undefined, () => {
      const secure = tls.connect({ socket: plain, ...options }, line.ready);
      secure.on("data", line.receive);
      line.follow(secure);
    });
    line.follow(plain);
  });
}

/** Made once: it costs more than a handshake. */
let secureContext: SecureContext | undefined;

function openSocket(target: Target, onread: net.OnReadOpts | undefined, connected: () => void): net.Socket {
  const { to, from, device, mark } = target;
  if (device === undefined && mark === undefined) {
    return net.connect(
      {
        host: to.ip,
        port: to.port,
        autoSelectFamily: false,
        ...(from?.ip !== undefined && { localAddress: from.ip }),
        ...(from?.port !== undefined && { localPort: from.port }),
        ...(onread !== undefined && { onread }),
      },
      connected,
    );
  }
  const fd = openStream({
    to: socketAddress(to),
    ...(from !== undefined && { from: socketAddress({ ip: from.ip ?? anyOf(to), port: from.port ?? 0 }) }),
    ...(device !== undefined && { device }),
    ...(mark !== undefined && { mark }),
  });
  const socket = new net.Socket({ fd, ...(onread !== undefined && { onread }) });
  // The kernel takes no byte, not even none, before the connection stands.
  socket.write("", (error) => error == null && connected());
  return socket;
}

function socketAddress(endpoint: Endpoint): SocketAddress {
  return { family: familyOf(endpoint.ip), address: endpoint.ip, port: endpoint.port };
}

function anyOf(to: Endpoint): Ip {
  return familyOf(to.ip) === "ipv4" ? ip("0.0.0.0") : ip("::");
}

type Line = Connection & {
  /** Errors and the end of `socket` are those of the line; the last one followed is written to. */
  follow(socket: net.Socket): void;
  ready(): void;
  receive(bytes: Buffer): boolean;
};

/**
 * A connection waits for one thing at a time: first to be ready, then for the answer of an exchange.
 *
 * @param reset end with a reset: an orderly end would hold a source port that is fixed, in TIME_WAIT, beyond the next check
 */
function createLine(
  resolve: (line: Connection) => void,
  reject: (error: unknown) => void,
  signal: AbortSignal,
  reset: boolean,
): Line {
  let socket: net.Socket | undefined;
  let onBytes: ((bytes: Buffer) => boolean) | undefined;
  let ended = (): void => fail(CLOSED);
  let failed: ((error: unknown) => void) | undefined = reject;

  function fail(error: unknown): void {
    socket?.destroy();
    failed?.(error);
  }
  function close(): void {
    failed = undefined;
    if (reset) socket?.resetAndDestroy();
    else socket?.destroy();
  }
  const line: Line = {
    follow(next) {
      socket = next;
      next.on("error", fail);
      next.on("close", () => ended());
    },
    ready: () => resolve(line),
    receive(bytes) {
      if (onBytes?.(bytes)) {
        onBytes = undefined;
        ended();
      }
      return true;
    },
    exchange(request, take) {
      return new Promise((done, broken) => {
        ended = done;
        failed = broken;
        onBytes = take;
        if (socket?.destroyed === false) socket.write(request);
        else broken(CLOSED);
      });
    },
    [Symbol.dispose]: close,
  };
  signal.addEventListener("abort", () => fail(signal.reason), { once: true });
  return line;
}

const CLOSED = Object.assign(new Error("The server closed the connection"), { code: "ECONNRESET" });
