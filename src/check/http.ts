/** HTTP_GET and SSL_GET: one GET for each url, each over a connection of its own; all must pass (behaviour 103). */
import { type Endpoint, formatEndpoint, parseIp } from "../base/address.ts";
import { type Outcome, type Response, readResponse } from "./http-response.ts";
import { type Attempt, failureOf, type Target, targetOf, type Verdict } from "./probe.ts";
import type { ConnectionSettings, ProbeSettings, UrlSettings } from "./settings.ts";

type HttpSettings = Extract<ProbeSettings, { readonly type: "HTTP_GET" | "SSL_GET" }>;

/** One attempt for each url, in the order of the file. */
export function httpAttempts(settings: HttpSettings, connection: ConnectionSettings): readonly Attempt[] {
  return settings.urls.map((url) => urlAttempt(settings, url, connection));
}

function urlAttempt(settings: HttpSettings, url: UrlSettings, connection: ConnectionSettings): Attempt {
  const target: Target = { ...targetOf(connection), ...(settings.type === "SSL_GET" && { tls: tlsOf(settings, url) }) };
  const request = requestText(settings, url, target.to);
  return async (io, signal) => {
    try {
      using opened = await io.connect(target, signal);
      const reader = readResponse(url.digest !== undefined);
      let outcome: Outcome = { done: false };
      await opened.exchange(request, (bytes) => {
        outcome = reader.push(bytes);
        return outcome.done;
      });
      return judge(url, outcome.done ? outcome : reader.end());
    } catch (error) {
      return failureOf(error, signal, connection);
    }
  };
}

function requestText(settings: HttpSettings, url: UrlSettings, to: Endpoint): string {
  const version = settings.httpProtocol === "1.1" ? "1.1" : "1.0";
  const close = settings.httpProtocol === "1.0" ? "" : "Connection: close\r\n";
  const host = url.virtualHost ?? settings.virtualHost ?? formatEndpoint(to);
  return `GET ${url.path} HTTP/${version}\r\nUser-Agent: KeepAliveClient\r\n${close}Host: ${host}\r\n\r\n`;
}

/** The server's name travels only with `enable_sni`, and is never an address (RFC 6066 §3). The certificate is not verified. */
function tlsOf(settings: HttpSettings, url: UrlSettings): { readonly serverName: string | undefined } {
  const name = settings.sni ? (url.virtualHost ?? settings.virtualHost)?.replace(/:\d+$/, "") : undefined;
  return { serverName: name === undefined || parseIp(name) !== undefined ? undefined : name };
}

function judge(url: UrlSettings, outcome: Outcome): Verdict {
  if (!outcome.done) throw new TypeError("a response that has ended is neither whole nor broken");
  if ("problem" in outcome) return { up: false, why: outcome.problem };
  const { status, digest }: Response = outcome.response;
  if (!accepted(url, status)) return { up: false, why: `status ${status}` };
  if (url.digest !== undefined && url.digest.toLowerCase() !== digest) {
    return { up: false, why: `digest differs: got ${digest}` };
  }
  return { up: true, why: `status ${status}` };
}

function accepted(url: UrlSettings, status: number): boolean {
  if (url.statusCodes.length > 0) return url.statusCodes.some(([low, high]) => status >= low && status <= high);
  return url.digest !== undefined || (status >= 200 && status <= 299);
}
