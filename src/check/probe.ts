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
 * What one attempt found. `up` undefined: this machine could not ask (its source port is in use, no descriptor is left), which says
 * nothing about the server. `why` in words: `connected`, `refused`, `timeout after 3 s`, `status 503`.
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
  const ours = ownTrouble(code, syscallOf(error), connection);
  if (ours !== undefined) return { up: undefined, why: `this machine cannot ask: ${ours}` };
  const words = WORDS[code];
  if (words !== undefined) return { up: false, why: words };
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_")) {
    return { up: false, why: `TLS failed: ${tlsReason(error, code)}` };
  }
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return { up: false, why: code };
}

/**
 * What keeps this machine from asking, and what to do about it. Only what hinders the check and not the service: where there is no way
 * to the server, none of its clients' packets would get there either, so that it is down from here.
 *
 * @returns undefined if it is none of these
 */
function ownTrouble(code: string, syscall: string, connection: ConnectionSettings): string | undefined {
  const { bindIp, bindPort, bindDevice } = connection;
  const source = [bindIp, bindPort].filter((one) => one !== undefined).join(":");
  switch (code) {
    case "EMFILE":
    case "ENFILE":
      return `no file descriptor is left (${code}); raise LimitNOFILE, or check less often`;
    case "ENOMEM":
    case "ENOBUFS":
      return `no memory is left (${code})`;
    case "EADDRNOTAVAIL":
      if (syscall === "bind") return `it has no address ${bindIp ?? source}; add it, or change bindto`;
      return bindPort === undefined ? NO_PORT : sourceInUse(source);
    case "EADDRINUSE":
      return bindPort === undefined ? NO_PORT : sourceInUse(source);
    case "ENODEV":
      return `it has no device ${bindDevice ?? ""}; change bind_if`;
    case "EPERM":
    case "EACCES": // at connect a firewall forbids it: that is a failure of the check
      return syscall === "setsockopt" || syscall === "bind" ? `not permitted (${code} of ${syscall})` : undefined;
    default:
      return undefined;
  }
}

const NO_PORT = "no source port is left; widen net.ipv4.ip_local_port_range, or check less often";

function sourceInUse(source: string): string {
  return `source port ${source} is in use; choose another bind_port`;
}

function syscallOf(error: unknown): string {
  return error instanceof Error && "syscall" in error ? String(error.syscall) : "";
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset by the server",
  EPIPE: "closed by the server",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "host unreachable",
  ENETUNREACH: "network unreachable",
  ENETDOWN: "network down",
  EHOSTDOWN: "host down",
  EACCES: "not permitted (EACCES)",
  EPERM: "not permitted (EPERM)",
};

function tlsReason(error: unknown, code: string): string {
  const reason = error instanceof Error && "reason" in error ? error.reason : undefined;
  return typeof reason === "string" ? reason : code;
}
