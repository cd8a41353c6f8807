/** How the subcommands reach the daemon: by its control sockets, with an answer for people where it cannot be reached. */
import { join } from "node:path";
import { ADMIN_SOCKET, READ_SOCKET } from "../daemon/control.ts";
import { askError, askHttp, type HttpAnswer } from "../os/http-socket.ts";

export type Asked =
  | { readonly ok: true; readonly answer: HttpAnswer }
  | { readonly ok: false; readonly problem: string };

export async function askDaemon(
  runDir: string,
  method: "GET" | "POST",
  url: string,
  body?: unknown,
  timeoutMs = 10_000,
): Promise<Asked> {
  const path = join(runDir, method === "GET" ? READ_SOCKET : ADMIN_SOCKET);
  try {
    return { ok: true, answer: await askHttp(path, method, url, body, timeoutMs) };
  } catch (error) {
    return { ok: false, problem: problemOf(askError(error), path, method) };
  }
}

function problemOf(code: string, path: string, method: "GET" | "POST"): string {
  switch (code) {
    case "ENOENT":
      return `vipd does not run here: there is no ${path}; start it, or name its folder with --run-dir`;
    case "ECONNREFUSED":
      return `vipd does not run any more: nobody listens at ${path}; start it again`;
    case "EACCES":
    case "EPERM":
      return method === "GET"
        ? `Cannot open ${path}: permission denied; become a member of the group vipd, or root`
        : `Cannot open ${path}: permission denied; only root changes a running vipd`;
    case "ETIMEDOUT":
      return `vipd did not answer at ${path} in time; its log may say why`;
    default:
      return `Cannot talk to vipd at ${path}: ${code}`;
  }
}
