/**
 * The control sockets: one to read, for the group vipd (0660), and one to change, for root alone (0600). Every answer carries the time
 * of what it reports.
 *
 *   GET /status            the whole status
 *   GET /events?since=SEQ  the numbered events above SEQ
 *   GET /config            the consolidated file in force, without secrets
 *   POST /reload           waits for the result: what changed, or why not
 *   POST /stop             {"keepIpvs": true, "hurry": true}
 */
import { join } from "node:path";
import type { WallClock } from "../base/clock.ts";
import { type HttpAnswer, type HttpHandler, type HttpSocket, serveHttp } from "../os/http-socket.ts";
import type { EventStream } from "./event-stream.ts";
import type { Status } from "./status.ts";

/** What became of a reload. */
export type ReloadResult =
  | {
      readonly ok: true;
      readonly generation: number;
      readonly file: string;
      readonly changes: readonly string[];
      readonly warnings: readonly string[];
      readonly tookMs: number;
    }
  | { readonly ok: false; readonly file: string; readonly problems: readonly string[] };

export type ControlDeps = {
  readonly clock: WallClock;
  readonly events: EventStream;
  readonly status: () => Promise<Status>;
  /** The text in force; undefined before there is one. */
  readonly config: () => string | undefined;
  readonly reload: () => Promise<ReloadResult>;
  readonly stop: (options: { readonly keepIpvs: boolean; readonly hurry: boolean; readonly reason: string }) => void;
  readonly warn: (reason: string) => void;
};

export const READ_SOCKET = "control.sock";
export const ADMIN_SOCKET = "control-admin.sock";

export function openControl(runDir: string, deps: ControlDeps): HttpSocket {
  const sockets = [open(join(runDir, READ_SOCKET), 0o660, read), open(join(runDir, ADMIN_SOCKET), 0o600, change)];

  function open(path: string, mode: number, handle: HttpHandler): HttpSocket | undefined {
    try {
      return serveHttp(path, mode, mode === 0o660 ? "vipd" : undefined, handle);
    } catch (error) {
      deps.warn(`${error instanceof Error ? error.message : String(error)}; "vipd status" will not work`);
      return undefined;
    }
  }

  const at = () => new Date(deps.clock.wall()).toISOString();

  async function read(method: string, url: URL): Promise<HttpAnswer> {
    if (method !== "GET")
      return {
        status: 405,
        body: { at: at(), error: `${method} is for ${ADMIN_SOCKET}; this socket only answers GET` },
      };
    switch (url.pathname) {
      case "/status":
        return { status: 200, body: await deps.status() };
      case "/events": {
        const since = Number(url.searchParams.get("since") ?? 0);
        return {
          status: 200,
          body: { at: at(), boot: deps.events.boot, ...deps.events.since(Number.isFinite(since) ? since : 0) },
        };
      }
      case "/config":
        return { status: 200, body: { at: at(), text: withoutSecrets(deps.config() ?? "") } };
      default:
        return {
          status: 404,
          body: { at: at(), error: `there is no ${url.pathname}; there are /status, /events?since=SEQ and /config` },
        };
    }
  }

  async function change(method: string, url: URL, body: unknown): Promise<HttpAnswer> {
    if (method === "GET") return read(method, url);
    switch (`${method} ${url.pathname}`) {
      case "POST /reload": {
        const result = await deps.reload();
        return { status: result.ok ? 200 : 409, body: { at: at(), ...result } };
      }
      case "POST /stop": {
        const wish = isRecord(body) ? body : {};
        const keepIpvs = wish["keepIpvs"] === true;
        setImmediate(() =>
          deps.stop({ keepIpvs, hurry: wish["hurry"] === true, reason: "asked to by the control socket" }),
        );
        return { status: 202, body: { at: at(), stopping: true } };
      }
      default:
        return {
          status: 404,
          body: { at: at(), error: `there is no ${method} ${url.pathname}; there are POST /reload and POST /stop` },
        };
    }
  }

  return {
    close() {
      for (const socket of sockets) socket?.close();
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

/** Passwords, wherever the language has them. */
export function withoutSecrets(text: string): string {
  return text.replaceAll(/^(\s*(?:auth_pass|password|authentication_key|key)\s+).+$/gim, "$1***");
}
