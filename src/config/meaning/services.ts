/** Virtual services: servers that loop or hide, schedulers that do not do what the rest of the block wants. */
import { find, has, numberIn } from "../access.ts";
import { createSilence } from "../memory.ts";
import { hint, type Report, warning } from "../problems.ts";
import type { Service, Subjects } from "./subjects.ts";
import { listed } from "./words.ts";

export function checkServices({ services, instances }: Subjects, report: Report): void {
  const held = new Set(instances.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  for (const service of services) {
    if (held.size > 0) checkHolder(service, held, report);
    unlessSilent(service.block, report, () => checkAlone(service, report));
  }
}

const unlessSilent = createSilence();

/** What the block alone tells. */
function checkAlone(service: Service, report: Report): void {
  checkServers(service, report);
  checkWeights(service, report);
  checkPersistence(service, report);
  checkOptions(service, report);
  checkQuorum(service, report);
}

function checkHolder({ at, block }: Service, held: ReadonlySet<string>, report: Report): void {
  if (at === undefined || held.has(at.ip)) return;
  const message = `no vrrp_instance holds ${at.ip}: this service stays where it is when ${listed([...held], 3)} ${held.size === 1 ? "moves" : "move"}`;
  report.at(block, 1, hint("VIPD072", message, "correct the address, or add it to virtual_ipaddress"));
}

function checkServers({ at, block, servers }: Service, report: Report): void {
  const sorry = find(block, "sorry_server");
  const sorryPort = Number(sorry?.words[2] ?? at?.port ?? 0);
  for (const server of servers) {
    if (at !== undefined && server.ip === at.ip && server.port === at.port) {
      const message = `real_server ${server.ip} ${server.port} has the address and port of the service itself: what is sent there comes back here`;
      report.at(server.block, 1, warning("VIPD068", message, "write the server's own address"));
    }
    if (sorry !== undefined && sorry.words[1] === server.block.words[1] && sorryPort === server.port) {
      const message = `sorry_server ${sorry.words.slice(1).join(" ")} is the real_server in line ${server.block.line}, too: when that is the one that failed, clients are sent to it`;
      report.at(sorry, 1, warning("VIPD067", message, "name a server that serves nothing else"));
    }
  }
}

/** They take turns, or count connections, and look at a weight only to see whether it is 0. */
const UNWEIGHTED: ReadonlySet<string> = new Set(["rr", "lc"]);

function checkWeights({ block, scheduler, servers, title }: Service, report: Report): void {
  const [first] = servers;
  if (first === undefined) return;
  let differs: (typeof servers)[number] | undefined;
  let total = 0;
  for (const server of servers) {
    total += server.weight;
    if (server.weight !== 0 && first.weight !== 0 && server.weight !== first.weight) differs ??= server;
  }
  const at = find(block, "lb_algo") ?? find(block, "lvs_sched");
  if (differs !== undefined && UNWEIGHTED.has(scheduler) && at !== undefined) {
    const message = `${scheduler} treats all servers alike: weight ${first.weight} of ${first.ip} and ${differs.weight} of ${differs.ip} get the same share`;
    report.at(at, 1, warning("VIPD070", message, `write ${at.words[0]} w${scheduler}`));
  }
  if (total === 0) {
    const message = `all real servers of ${title} have weight 0: none gets a new connection`;
    report.at(
      find(first.block, "weight") ?? first.block,
      1,
      warning("VIPD073", message, "give at least one of them a weight"),
    );
  }
}

const BY_CLIENT: ReadonlySet<string> = new Set(["sh", "mh"]);
/** They choose by the address that the client asks for, which is always the same here. */
const BY_DESTINATION: ReadonlySet<string> = new Set(["dh", "lblc", "lblcr"]);

function checkPersistence({ block, scheduler, at, servers, title }: Service, report: Report): void {
  const algorithm = find(block, "lb_algo") ?? find(block, "lvs_sched");
  const timeout = find(block, "persistence_timeout");
  if (timeout !== undefined && BY_CLIENT.has(scheduler)) {
    const message = `persistence_timeout has no use with ${scheduler}, which sends a client to the same server anyway; its entries only keep clients from moving when servers change`;
    report.at(timeout, 0, warning("VIPD069", message, `remove it, or use lb_algo wlc`));
  } else if (timeout !== undefined && has(block, "ops")) {
    const message =
      "persistence_timeout stands beside ops: one-packet scheduling chooses a server for each packet, persistence keeps it";
    report.at(timeout, 0, warning("VIPD069", message, "remove one of them"));
  }
  if (at !== undefined && algorithm !== undefined && servers.length > 1 && BY_DESTINATION.has(scheduler)) {
    const message = `${scheduler} chooses by the address that clients ask for, and ${title} has one only: ${scheduler === "dh" ? "every connection goes" : "connections go"} to one server of ${servers.length}`;
    report.at(algorithm, 1, warning("VIPD074", message, "use it for a fwmark of many addresses; here use wlc, or sh"));
  }
}

function checkOptions({ block, protocol, scheduler, at }: Service, report: Report): void {
  const ops = find(block, "ops");
  if (ops !== undefined && at !== undefined && protocol !== "UDP")
    report.at(ops, 0, warning("VIPD071", `ops has no effect with ${protocol}: it is for UDP`, "remove it"));
  for (const owner of ["sh", "mh"]) {
    if (scheduler === owner) continue;
    for (const name of [`${owner}-port`, `${owner}-fallback`]) {
      const flag = find(block, name);
      if (flag === undefined) continue;
      const message = `${name} has no effect: it is an option of ${owner}, and the scheduler is ${scheduler}`;
      report.at(flag, 0, warning("VIPD071", message, `remove it, or write lb_algo ${owner}`));
    }
  }
}

/** A quorum above the total is told where the settings are made. */
function checkQuorum({ block, servers, title }: Service, report: Report): void {
  const written = find(block, "hysteresis");
  if (written === undefined || servers.length === 0) return;
  const quorum = numberIn(block, "quorum");
  const hysteresis = numberIn(block, "hysteresis");
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  if (hysteresis >= quorum || quorum > total || quorum + hysteresis <= total) return;
  const message = `once lost, the quorum of ${title} never returns: it takes quorum ${quorum} + hysteresis ${hysteresis} = ${quorum + hysteresis}, and all weights together are ${total}`;
  report.at(written, 1, warning("VIPD066", message, `write hysteresis ${total - quorum} or less`));
}
