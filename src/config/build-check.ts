/** The checks of a real server. What a check does not say, its server says, then its service, then the table. */
import { hash } from "node:crypto";
import { type Ip, ip as knownIp } from "../base/address.ts";
import type { CheckerSettings, ConnectionSettings, ProbeSettings, UrlSettings } from "../check/settings.ts";
import { booleanOf, defaultOf, findAll, numberOf, textOf } from "./access.ts";
import { doubtful, type Report, warning, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export type ServerContext = {
  readonly ip: Ip;
  readonly port: number;
  readonly key: string;
  readonly name: string;
  readonly service: string;
  readonly serviceKey: string;
  readonly serviceBlock: Statement;
  /** What the server and its service say. */
  readonly timing: Timing;
  readonly alpha: boolean;
  readonly report: Report;
};

export function checksOf(server: Statement, context: ServerContext): readonly CheckerSettings[] {
  const checks: CheckerSettings[] = [];
  let unhonoured: Statement | undefined;
  for (const statement of server.body ?? []) {
    const name = statement.rule?.name;
    if (statement.rule?.entry.takes.form !== "block") continue;
    if (name !== "TCP_CHECK" && name !== "HTTP_GET") {
      unhonoured = statement;
      continue;
    }
    const check = checkOf(statement, server, context);
    if (check !== undefined && !checks.some(({ id }) => id === check.id)) checks.push(check);
  }
  if (checks.length === 0 && unhonoured !== undefined) {
    const message = `${context.name} has no check that vipd can run yet: it counts as up`;
    context.report.at(unhonoured, 0, warning("VIPD019", message, "use TCP_CHECK or HTTP_GET beside it"));
  }
  return checks;
}

function checkOf(check: Statement, server: Statement, context: ServerContext): CheckerSettings | undefined {
  const probe = probeOf(check, server, context.serviceBlock, context.report);
  if (probe === undefined) return undefined;
  const service = context.serviceBlock.rule?.inside;
  const timing = timingOf(check, context.timing);
  const intervalMs = timing.intervalMs ?? defaultOf(service, "delay_loop");
  const rest = {
    probe,
    connection: connectionOf(check, context, timing.timeoutMs ?? defaultOf(service, "connect_timeout")),
    intervalMs,
    retries: timing.retries ?? defaultOf(check.rule?.inside, "retry"),
    retryDelayMs: timing.retryDelayMs ?? defaultOf(check.rule?.inside, "delay_before_retry"),
    warmupMs: timing.warmupMs ?? intervalMs,
    alpha: booleanOf(check, "alpha") ?? context.alpha,
  };
  const id = `${context.serviceKey} ${context.key} ${probe.type} ${digestOf(rest, context)}`;
  const { service: name, name: serverName, serviceKey, key } = context;
  return { id, service: name, server: serverName, serviceKey, serverKey: key, ...rest };
}

/** What a virtual server, a real server and a check may each say; the innermost counts. Undefined: said nowhere. */
export type Timing = {
  readonly intervalMs: number | undefined;
  readonly retries: number | undefined;
  readonly retryDelayMs: number | undefined;
  readonly warmupMs: number | undefined;
  readonly timeoutMs: number | undefined;
};

export const noTiming: Timing = {
  intervalMs: undefined,
  retries: undefined,
  retryDelayMs: undefined,
  warmupMs: undefined,
  timeoutMs: undefined,
};

/** What this block says, over what the outer ones said. */
export function timingOf(block: Statement, outer: Timing): Timing {
  let { intervalMs, retries, retryDelayMs, warmupMs, timeoutMs } = outer;
  for (const { rule, value } of block.body ?? []) {
    if (typeof value !== "number") continue;
    switch (rule?.name) {
      case "delay_loop":
        intervalMs = value;
        break;
      case "retry":
      case "nb_get_retry":
        retries = value;
        break;
      case "delay_before_retry":
        retryDelayMs = value;
        break;
      case "warmup":
        warmupMs = value;
        break;
      case "connect_timeout":
        timeoutMs = value;
        break;
    }
  }
  return { intervalMs, retries, retryDelayMs, warmupMs, timeoutMs };
}

const digests = new Map<string, string>();

/** A short hash of the settings. Servers of a file share them, so the hash is remembered by the text of what is not the server's own. */
function digestOf(
  settings: Pick<CheckerSettings, "probe" | "connection" | "intervalMs">,
  { ip, port }: ServerContext,
): string {
  const { connection } = settings;
  const own = { ip: connection.ip === ip ? "" : connection.ip, port: connection.port === port ? 0 : connection.port };
  const text = JSON.stringify({ ...settings, connection: { ...connection, ...own } });
  let digest = digests.get(text);
  if (digest === undefined) {
    if (digests.size > 10_000) digests.clear();
    digest = hash("sha1", text, "hex").slice(0, 10);
    digests.set(text, digest);
  }
  return digest;
}

function connectionOf(check: Statement, context: ServerContext, timeoutMs: number): ConnectionSettings {
  const ip = textOf(check, "connect_ip");
  const bindIp = textOf(check, "bindto");
  const port = numberOf(check, "connect_port") ?? context.port;
  if (port === 0) {
    const message = `${check.words[0]} of ${context.name} has no port to connect to`;
    context.report.at(check, 0, wrong("VIPD012", message, "write connect_port N in the check"));
  }
  return {
    ip: ip === undefined ? context.ip : knownIp(ip),
    port,
    bindIp: bindIp === undefined ? undefined : knownIp(bindIp),
    bindPort: numberOf(check, "bind_port"),
    bindDevice: textOf(check, "bind_if"),
    mark: numberOf(check, "fwmark"),
    timeoutMs,
  };
}

function probeOf(check: Statement, server: Statement, service: Statement, report: Report): ProbeSettings | undefined {
  if (check.rule?.name === "TCP_CHECK") return { type: "TCP_CHECK" };
  const urls = findAll(check, "url").flatMap((block) => urlOf(block, report));
  if (urls.length === 0) {
    report.at(check, 0, doubtful("VIPD012", "HTTP_GET has no url and checks nothing", "add: url { path / }"));
    return undefined;
  }
  const protocol = textOf(check, "http_protocol") ?? "1.0";
  return {
    type: "HTTP_GET",
    urls,
    virtualHost: textOf(check, "virtualhost") ?? textOf(server, "virtualhost") ?? textOf(service, "virtualhost"),
    httpProtocol: protocol === "1.1" ? "1.1" : protocol === "1.0" ? "1.0" : "1.0C",
    sni: booleanOf(check, "enable_sni") ?? false,
    fastRecovery: booleanOf(check, "fast_recovery") ?? false,
  };
}

export function urlOf(block: Statement, report: Report): readonly UrlSettings[] {
  const path = textOf(block, "path");
  const digest = digestIn(block, report);
  const statusCodes = findAll(block, "status_code").flatMap((line) => codesOf(line, report));
  if (path === undefined) {
    if (!(block.body ?? []).some(({ words }) => words[0] === "path"))
      report.at(block, 0, wrong("VIPD012", "url has no path", "add: path /"));
    return [];
  }
  return [
    {
      path,
      digest,
      statusCodes,
      virtualHost: textOf(block, "virtualhost"),
    },
  ];
}

function digestIn(block: Statement, report: Report): string | undefined {
  const digest = textOf(block, "digest");
  if (digest === undefined || /^[0-9a-fA-F]{32}$/.test(digest)) return digest?.toLowerCase();
  const at = (block.body ?? []).find(({ words }) => words[0] === "digest") ?? block;
  report.at(
    at,
    1,
    wrong(
      "VIPD003",
      `digest ${digest} is not 32 hexadecimal digits`,
      "write the MD5 of the body, as md5sum or genhash print it",
    ),
  );
  return undefined;
}

function codesOf(line: Statement, report: Report): readonly (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  for (const [index, text] of line.words.entries()) {
    if (index === 0) continue;
    const match = /^(\d{3})(?:-(\d{3}))?$/.exec(text);
    const low = Number(match?.[1]);
    const high = Number(match?.[2] ?? match?.[1]);
    if (match !== null && low >= 100 && high <= 599 && low <= high) ranges.push([low, high]);
    else
      report.at(
        line,
        index,
        wrong("VIPD003", `status_code ${text} is not a code or a range from 100 to 599`, "write 200 or 200-299"),
      );
  }
  return ranges;
}
