/** The status for people. Pure: the value in, text out. */
import { formatDuration } from "../base/duration.ts";
import type { RoleStatus } from "../daemon/role.ts";
import type { ServiceStatus, Status } from "../daemon/status.ts";
import type { RouterStatus } from "../vrrp/status.ts";

/** What stands out is marked, where the output is a terminal. */
export type Paint = {
  readonly bad: (text: string) => string;
  readonly good: (text: string) => string;
  readonly strong: (text: string) => string;
};

export const PLAIN: Paint = { bad: (text) => text, good: (text) => text, strong: (text) => text };
export const COLOUR: Paint = {
  bad: (text) => `\x1b[31m${text}\x1b[0m`,
  good: (text) => `\x1b[32m${text}\x1b[0m`,
  strong: (text) => `\x1b[1m${text}\x1b[0m`,
};

export function renderStatus(status: Status, paint: Paint): string {
  const now = status.at.monotonicMs;
  const sections = [
    head(status, paint),
    config(status, paint),
    instances(status, now, paint),
    groups(status, now),
    scripts(status, now, paint),
    services(status, now, paint),
    mail(status, paint),
    processes(status.processes, now, paint),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function head(status: Status, paint: Paint): readonly string[] {
  const pretend = status.dryRun === "no" ? "" : `, dry run${status.dryRun === "ipvs" ? " of IPVS" : ""}`;
  const up = formatDuration(status.at.monotonicMs - status.sinceMs);
  return [
    paint.strong(
      `vipd ${status.version} on ${status.host}, ${status.state} for ${up} (pid ${status.pid}${pretend}), at ${new Date(status.at.wallMs).toISOString()}`,
    ),
  ];
}

function config({ config: at }: Status, paint: Paint): readonly string[] {
  if (at === undefined) return ["configuration: none yet"];
  const lines = [
    `configuration: ${at.file}, generation ${at.generation}, loaded ${new Date(at.loadedWallMs).toISOString()}`,
  ];
  if (at.fallback !== undefined) {
    lines.push(paint.bad(`  THE FILE IS BROKEN: vipd works by the last good one, ${at.fallback.lastGood}`));
    lines.push(...at.fallback.problems.map((problem) => `  ${problem}`));
  }
  if (at.refused !== undefined) {
    lines.push(
      paint.bad(`  the last reload was refused, ${new Date(at.refused.wallMs).toISOString()}; nothing was changed`),
    );
    lines.push(...at.refused.problems.map((problem) => `  ${problem}`));
  }
  return [...lines, ...at.warnings.map((warning) => `  ${warning}`)];
}

function instances({ vrrp, processes: all }: Status, now: number, paint: Paint): readonly string[] {
  if (vrrp === undefined)
    return all.some(({ name }) => name === "vrrp") ? [paint.bad("the vrrp process does not answer")] : [];
  if (vrrp.routers.length === 0) return [];
  const rows = vrrp.routers.map((one) => [
    one.name,
    one.state,
    formatDuration(now - one.sinceMs),
    one.link,
    String(one.vrid),
    priority(one),
    master(one, now),
  ]);
  const lines = table(["instance", "state", "since", "link", "vrid", "priority", "master"], rows);
  const [title = "", ...body] = lines;
  return [
    paint.strong(title),
    ...body.flatMap((line, index) => {
      const one = vrrp.routers[index];
      return one === undefined ? [line] : [coloured(line, one, paint), ...details(one, now)];
    }),
  ];
}

function coloured(line: string, { state }: RouterStatus, paint: Paint): string {
  return state === "MASTER" ? paint.good(line) : state === "FAULT" ? paint.bad(line) : line;
}

function priority(one: RouterStatus): string {
  return one.priority === one.basePriority ? String(one.priority) : `${one.priority} (of ${one.basePriority})`;
}

function master(one: RouterStatus, now: number): string {
  if (one.state === "MASTER") return "this node";
  if (one.master === undefined) return "none heard";
  return `${one.master.ip} (priority ${one.master.priority}, ${formatDuration(Math.max(0, now - one.master.heardMs))} ago)`;
}

function details(one: RouterStatus, now: number): readonly string[] {
  const { adverts, dropped } = one;
  const lost = Object.entries(dropped).filter(([, count]) => count > 0);
  return [
    `  ${one.reason}`,
    ...one.faults.filter((fault) => fault !== one.reason).map((fault) => `  fault: ${fault}`),
    ...one.adjustments.map((adjustment) => `  priority: ${adjustment}`),
    ...(one.contested === undefined
      ? []
      : [
          `  contested by ${one.contested.by} (priority ${one.contested.priority}) for ${formatDuration(now - one.contested.sinceMs)}`,
        ]),
    `  adverts sent ${adverts.sent}, received ${adverts.received}; became master ${one.transitions.toMaster} times`,
    ...(lost.length === 0 ? [] : [`  packets dropped: ${lost.map(([why, count]) => `${why} ${count}`).join(", ")}`]),
    ...one.addresses.map(
      ({ address, device, present }) =>
        `  ${address} on ${device}${present ? "" : one.state === "MASTER" ? ": MISSING" : ": not here"}`,
    ),
  ];
}

function groups({ vrrp }: Status, now: number): readonly string[] {
  if (vrrp === undefined || vrrp.groups.length === 0) return [];
  return table(
    ["group", "state", "since", "members"],
    vrrp.groups.map((one) => [one.name, one.state, formatDuration(now - one.sinceMs), one.members.join(", ")]),
  );
}

function scripts({ scripts: all }: Status, now: number, paint: Paint): readonly string[] {
  if (all.length === 0) return [];
  const rows = all.map((one) => [
    one.name,
    one.state,
    one.lastMs === undefined ? "never" : `${formatDuration(now - one.lastMs)} ago`,
    one.tookMs === undefined ? "" : formatDuration(one.tookMs),
    one.reason,
  ]);
  return table(["script", "state", "last run", "took", "result"], rows).map((line, index) =>
    all[index - 1]?.state === "down" ? paint.bad(line) : line,
  );
}

function services(
  { services: all, ipvsProblem, foreignServices }: Status,
  now: number,
  paint: Paint,
): readonly string[] {
  const problem = ipvsProblem === undefined ? [] : [paint.bad(`IPVS: ${ipvsProblem}`)];
  const others =
    foreignServices.length === 0 ? [] : [`virtual servers of others, not touched: ${foreignServices.join(", ")}`];
  return [...problem, ...all.flatMap((one) => service(one, now, paint)), ...others];
}

function service(one: ServiceStatus, now: number, paint: Paint): readonly string[] {
  const state = one.state === "up" ? paint.good("up") : paint.bad("DOWN");
  const sorry = one.sorryServer?.active === true ? `, sorry server ${one.sorryServer.name} answers` : "";
  const rows = one.servers.map((server) => [
    `  ${server.name}`,
    server.state,
    formatDuration(now - server.sinceMs),
    String(server.weight),
    server.checks.every(({ lastMs }) => lastMs === undefined)
      ? server.reason
      : server.checks.map((check) => lastCheck(check, now)).join("; "),
  ]);
  const lines = table(["  real server", "state", "since", "weight", "last check"], rows);
  return [
    `virtual server ${paint.strong(one.name)} ${state} for ${formatDuration(now - one.sinceMs)}: ${one.scheduler}, weight ${one.weight}, quorum ${one.quorum}${sorry}`,
    ...lines.map((line, index) => (isBad(one.servers[index - 1]) ? paint.bad(line) : line)),
  ];
}

/** Down, or nobody can know whether it is. */
function isBad(server: ServiceStatus["servers"][number] | undefined): boolean {
  return server !== undefined && (server.state === "down" || server.checks.some(({ trouble }) => trouble));
}

function lastCheck(check: ServiceStatus["servers"][number]["checks"][number], now: number): string {
  if (check.lastMs === undefined) return "not checked yet";
  const took = check.tookMs === undefined ? "" : ` in ${formatDuration(check.tookMs)}`;
  return `${check.reason}${took}, ${formatDuration(Math.max(0, now - check.lastMs))} ago`;
}

function mail(status: Status, paint: Paint): readonly string[] {
  const { mail: spool } = status;
  const lost =
    status.logLinesLost === 0 ? [] : [paint.bad(`log: ${status.logLinesLost} lines lost, for nobody read them`)];
  const { relay, waiting, delivered, refused, held, lastError } = spool;
  const isIdle = waiting + delivered + refused + held + spool.lost === 0 && lastError === undefined;
  if (relay === undefined && isIdle) return lost;
  const to = relay === undefined ? "" : ` to ${relay.host} port ${relay.port}`;
  const inMemory = held === 0 ? "" : `, ${held} HELD IN MEMORY`;
  const gone = spool.lost === 0 ? "" : `, ${spool.lost} LOST`;
  const trouble = lastError === undefined ? "" : `; last error: ${lastError}`;
  const line = `mail${to}: ${waiting} waiting, ${delivered} delivered, ${refused} refused${inMemory}${gone}${trouble}`;
  return [held + spool.lost > 0 ? paint.bad(line) : line, ...lost];
}

function processes(all: readonly RoleStatus[], now: number, paint: Paint): readonly string[] {
  const rows = all.map((one) => [
    one.name,
    one.pid === undefined ? "-" : String(one.pid),
    one.state,
    formatDuration(Math.max(0, now - one.sinceMs)),
    String(one.restarts),
    one.lastExit ?? "",
  ]);
  const refusals = all.flatMap(({ name, refusal }) =>
    refusal === undefined
      ? []
      : [paint.bad(`${name} CANNOT WORK by this configuration, and is asked again: ${refusal}`)],
  );
  const lines = table(["process", "pid", "state", "since", "restarts", "last end"], rows);
  return [...lines.map((line, index) => (all[index - 1]?.state === "waiting" ? paint.bad(line) : line)), ...refusals];
}

/** Columns as wide as their widest cell; the last one ends where it ends. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [titles, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
