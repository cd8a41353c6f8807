/**
 * Health checks: what is asked of a real server, when, and when the answer counts.
 *
 * A probe (`tcp.ts`, `http.ts`) makes one attempt over one connection and resolves with a verdict for everything that the network
 * can do. `health.ts` says when a verdict counts, `schedule.ts` when the next attempt starts, `engine.ts` runs all checks with a
 * clock and a `CheckIo` that are given. What a verdict means for a service is decided elsewhere (`ipvs/pool.ts`).
 */
import type { Endpoint, Ip } from "../base/address.ts";
import { formatDuration } from "../base/duration.ts";
import type { ConnectionSettings } from "./settings.ts";

/**
 * What one attempt found. `up` undefined: this machine could not ask (no descriptor or port was left), which says nothing about
 * the server. `why` in words: `connected`, `refused`, `timeout after 3 s`, `status 503`.
 */
export type Verdict = { readonly up: boolean | undefined; readonly why: string };

/** The only door of this room to the network. */
export type CheckIo = {
  /** Resolves when connected (and, with `tls`, shaken hands). Rejects with a system error, or with the reason of `signal`. */
  connect(target: Target, signal: AbortSignal): Promise<Connection>;
};

export type Target = {
  readonly to: Endpoint;
  readonly from?: { readonly ip?: Ip; readonly port?: number };
  readonly device?: string;
  readonly mark?: number;
  readonly tls?: { readonly serverName: string | undefined };
};

export type Connection = {
  /**
   * Sends `request` and gives every piece of the answer to `onBytes` (valid during the call only), until that returns true or
   * the server closes.
   */
  exchange(request: string, onBytes: (bytes: Buffer) => boolean): Promise<void>;
  [Symbol.dispose](): void;
};

/** One connection with one deadline. */
export type Attempt = (io: CheckIo, signal: AbortSignal) => Promise<Verdict>;

export function targetOf(connection: ConnectionSettings): Target {
  const { ip, port, bindIp, bindPort, bindDevice, mark } = connection;
  return {
    to: { ip, port },
    ...((bindIp !== undefined || bindPort !== undefined) && {
      from: { ...(bindIp !== undefined && { ip: bindIp }), ...(bindPort !== undefined && { port: bindPort }) },
    }),
    ...(bindDevice !== undefined && { device: bindDevice }),
    ...(mark !== undefined && { mark }),
  };
}

/** What an error of `CheckIo` says about the server. @throws the error again if no system call and no TLS peer caused it */
export function failureOf(error: unknown, signal: AbortSignal, connection: ConnectionSettings): Verdict {
  if (signal.aborted) return { up: false, why: `timeout after ${formatDuration(connection.timeoutMs)}` };
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code !== "string") throw error;
  if (OURS.has(code) || forbidden(error, code)) return { up: undefined, why: `this machine cannot ask: ${code}` };
  if (code === "EADDRNOTAVAIL" && connection.bindIp === undefined)
    return { up: undefined, why: "this machine has no port left" };
  if (code === "EADDRINUSE") return { up: false, why: sourceInUse(connection) };
  const words = WORDS[code];
  if (words !== undefined) return { up: false, why: words };
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) {
    return { up: false, why: `TLS failed: ${tlsReason(error, code)}` };
  }
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return { up: false, why: code };
}

function sourceInUse({ bindIp, bindPort }: ConnectionSettings): string {
  const where = [bindIp, bindPort].filter((one) => one !== undefined).join(":");
  return `source port ${where} is in use on this machine; choose another bind_port`;
}

/** No fault of the server: descriptors, memory, buffers. */
const OURS: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"]);

/** A mark or a low source port that this process may not set; a connection that a firewall forbids is a failure of the check. */
function forbidden(error: unknown, code: string): boolean {
  if (code !== "EPERM" && code !== "EACCES") return false;
  return error instanceof Error && "syscall" in error && (error.syscall === "setsockopt" || error.syscall === "bind");
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset by the server",
  EPIPE: "closed by the server",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  EHOSTDOWN: "host down",
  EADDRNOTAVAIL: "source address not available",
  ENODEV: "source device does not exist",
  EACCES: "not permitted (EACCES)",
  EPERM: "not permitted (EPERM)",
};

function tlsReason(error: unknown, code: string): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return typeof reason === "string" ? reason : code;
}
