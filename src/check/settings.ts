/** What the checkers process is told. Immutable, plain JSON; holds no secret of other rooms. */
import type { Ip } from "../base/address.ts";

export type CheckSettings = { readonly checks: readonly CheckerSettings[]; readonly logAllFailures: boolean };

/** One check of one real server. */
export type CheckerSettings = {
  /** Identity across reloads: service, server and all the settings below; equal id = same check, its health is kept. */
  readonly id: string;
  /** Names as in logs and FIFOs: `[192.0.2.1]:tcp:80`. */
  readonly service: string;
  readonly server: string;
  /** Keys of the service and server in `ipvs/settings.ts`. */
  readonly serviceKey: string;
  readonly serverKey: string;
  readonly probe: ProbeSettings;
  readonly connection: ConnectionSettings;
  /** delay_loop, ms between the starts of two checks. */
  readonly intervalMs: number;
  /** retry: failures after the first before it counts as down (a check that was never up needs one only unless alpha). */
  readonly retries: number;
  readonly retryDelayMs: number;
  /** warmup: the first check starts at a random time within it. */
  readonly warmupMs: number;
  /** alpha: down until the first success. */
  readonly alpha: boolean;
};

export type ConnectionSettings = {
  readonly ip: Ip;
  readonly port: number;
  readonly bindIp: Ip | undefined;
  readonly bindPort: number | undefined;
  readonly bindDevice: string | undefined;
  readonly mark: number | undefined;
  /** connect_timeout; the deadline of the whole attempt. */
  readonly timeoutMs: number;
};

export type ProbeSettings =
  | { readonly type: "TCP_CHECK" }
  | {
      readonly type: "HTTP_GET" | "SSL_GET";
      readonly urls: readonly UrlSettings[];
      readonly virtualHost: string | undefined;
      readonly httpProtocol: "1.0" | "1.0C" | "1.1";
      readonly sni: boolean;
      readonly fastRecovery: boolean;
    };

export type UrlSettings = {
  readonly path: string;
  /** MD5 of the body as 32 hex digits, any of them. */
  readonly digest: string | undefined;
  /** Accepted codes, inclusive ranges; empty = 200–299 (or any when a digest is given). */
  readonly statusCodes: readonly (readonly [number, number])[];
  readonly virtualHost: string | undefined;
};
