/** `virtual_server` and its real servers: what IPVS shall hold. */
import { type Family, familyOf, type Ip, parseIp } from "../base/address.ts";
import { type ServiceMatch, serverKeyOf, serverNameOf, serviceKeyOf, serviceNameOf } from "../base/service-names.ts";
import type { CheckerSettings } from "../check/settings.ts";
import type { Forwarding, ServerSettings, ServiceSettings, SorrySettings } from "../ipvs/settings.ts";
import { booleanOf, defaultOf, find, findAll, has, numberIn, numberOf, textOf } from "./access.ts";
import { persistenceOf, quorumOf, schedulerOf } from "./build-balancing.ts";
import { checksOf, noTiming, timingOf } from "./build-check.ts";
import { forwardingOf } from "./build-forwarding.ts";
import { doubtful, type Report, warning, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

export type BuiltService = {
  readonly settings: ServiceSettings;
  readonly block: Statement;
  readonly servers: readonly { readonly settings: ServerSettings; readonly block: Statement }[];
};
export type BuiltServices = { readonly services: readonly BuiltService[]; readonly checks: readonly CheckerSettings[] };

export function buildServices(blocks: readonly Statement[], report: Report): BuiltServices {
  const services = new Map<string, BuiltService>();
  const checks: CheckerSettings[] = [];
  for (const block of blocks) {
    if (block.words[1] === "group") {
      leaveOut(block, report);
      continue;
    }
    const known = builtBefore.get(block);
    const reports = report.count();
    const match = known?.service.settings.match ?? matchOf(block, report);
    if (match === undefined) continue;
    const key = serviceKeyOf(match);
    const before = services.get(key);
    if (before !== undefined) {
      report.at(
        block,
        1,
        wrong(
          "VIPD014",
          `virtual_server ${block.words.slice(1).join(" ")} stands twice, first in line ${before.block.line}`,
          "remove one of them",
        ),
      );
      continue;
    }
    const built = known ?? buildOne(block, match, key, report);
    if (built === undefined) continue;
    services.set(key, built.service);
    for (const check of built.checks) checks.push(check);
    if (known === undefined && report.count() === reports) builtBefore.set(block, built);
  }
  return { services: [...services.values()], checks };
}

type Built = { readonly service: BuiltService; readonly checks: readonly CheckerSettings[] };

/** Of blocks about which there was nothing to say: the next reading may recognize them (`memory.ts`), and then they are the same objects. */
const builtBefore = new WeakMap<Statement, Built>();

function buildOne(block: Statement, match: ServiceMatch, key: string, report: Report): Built | undefined {
  const checks: CheckerSettings[] = [];
  const service = serviceOf(block, match, key, checks, report);
  return service === undefined ? undefined : { service, checks };
}

/** A service for a group of addresses: what is wrong in it is told, and nothing made of it. */
function leaveOut(block: Statement, report: Report): void {
  const name = block.words[2] ?? "";
  const remedy = "write one virtual_server for each entry of the group";
  report.at(
    block,
    1,
    warning("VIPD019", `virtual_server group ${name} is left out: groups are not honoured yet`, remedy),
  );
  const protocol = textOf(block, "protocol") === "UDP" ? "udp" : "tcp";
  serviceOf(
    block,
    { type: "fwmark", mark: 0, family: familyOfServers(block) },
    `group ${name} ${protocol}`,
    [],
    report,
  );
}

function matchOf(block: Statement, report: Report): ServiceMatch | undefined {
  const [, first = "", second] = block.words;
  if (first === "fwmark") return fwmarkOf(block, second, report);
  const ip = parseIp(first);
  if (ip === undefined) {
    report.at(
      block,
      1,
      wrong("VIPD021", `virtual_server ${first} is not an IP address`, "write an address, fwmark N or group NAME"),
    );
    return undefined;
  }
  const port = portOf(block, 2, 0, report);
  return { type: "address", protocol: protocolOf(block, report), ip, port };
}

function fwmarkOf(block: Statement, text: string | undefined, report: Report): ServiceMatch | undefined {
  if (text === undefined || !/^\d+$/.test(text) || Number(text) < 1 || Number(text) > 0xffff_ffff) {
    report.at(
      block,
      2,
      wrong("VIPD003", `fwmark ${text ?? ""} is not a whole number from 1 to 4294967295`, "write fwmark N"),
    );
    return undefined;
  }
  const protocol = find(block, "protocol");
  if (protocol !== undefined)
    report.at(protocol, 0, doubtful("VIPD015", "protocol has no effect on a fwmark, which may mark any", "remove it"));
  return { type: "fwmark", mark: Number(text), family: familyOfServers(block) };
}

function familyOfServers(block: Statement): Family {
  const written = textOf(block, "ip_family");
  if (written !== undefined) return written === "inet6" ? "ipv6" : "ipv4";
  for (const { words } of findAll(block, "real_server")) {
    const address = parseIp(words[1] ?? "");
    if (address !== undefined) return familyOf(address);
  }
  return "ipv4";
}

function protocolOf(block: Statement, report: Report): "tcp" | "udp" | "sctp" {
  const text = textOf(block, "protocol");
  if (text === "TCP") return "tcp";
  if (text === "SCTP") return "sctp";
  if (text === undefined)
    report.at(
      block,
      1,
      doubtful(
        "VIPD012",
        `virtual_server ${block.words.slice(1).join(" ")} has no protocol: UDP is taken`,
        "write protocol TCP, or UDP if it is meant so",
      ),
    );
  return "udp";
}

function serviceOf(
  block: Statement,
  match: ServiceMatch,
  key: string,
  checks: CheckerSettings[],
  report: Report,
): BuiltService | undefined {
  const forwarding = serviceForwarding(block, report);
  const name = serviceNameOf(match);
  const family = match.type === "address" ? familyOf(match.ip) : match.family;
  const servers = serversOf(block, { key, name, match, family, forwarding, checks, report });
  const sorryServer = sorryOf(block, match, family, forwarding, report);
  if (servers.length === 0 && sorryServer === undefined) {
    report.at(
      block,
      1,
      doubtful(
        "VIPD012",
        `virtual_server ${name} has no real_server and is ignored`,
        "add a real_server, or remove it",
      ),
    );
    return undefined;
  }
  const total = servers.reduce((sum, { settings }) => sum + settings.weight, 0);
  const settings: ServiceSettings = {
    key,
    name,
    match,
    scheduler: schedulerOf(block, report),
    schedulerFlags: ["sh-port", "sh-fallback", "mh-port", "mh-fallback", "flag-1", "flag-2", "flag-3"].filter((flag) =>
      has(block, flag),
    ),
    onePacket: has(block, "ops"),
    persistence: persistenceOf(block, match, family, report),
    servers: servers.map((server) => server.settings),
    sorryServer,
    ...quorumOf(block, name, total, servers.length > 0, report),
    omega: has(block, "omega"),
  };
  return { settings, block, servers };
}

function serviceForwarding(block: Statement, report: Report): Forwarding {
  const statement = find(block, "lb_kind") ?? find(block, "lvs_method");
  const forwarding = statement === undefined ? undefined : forwardingOf(statement, report);
  if (statement === undefined)
    report.at(
      block,
      1,
      doubtful(
        "VIPD012",
        `virtual_server ${block.words.slice(1).join(" ")} has no lb_kind: NAT is taken`,
        "write lb_kind NAT, DR or TUN",
      ),
    );
  return forwarding ?? { method: "NAT" };
}

type ServiceContext = {
  readonly key: string;
  readonly name: string;
  readonly match: ServiceMatch;
  readonly family: Family;
  readonly forwarding: Forwarding;
  readonly checks: CheckerSettings[];
  readonly report: Report;
};

function serversOf(block: Statement, context: ServiceContext): BuiltService["servers"] {
  const { report, forwarding } = context;
  const servers = new Map<string, { readonly settings: ServerSettings; readonly block: Statement }>();
  const inhibit = has(block, "inhibit_on_failure");
  const alpha = has(block, "alpha");
  const timing = timingOf(block, noTiming);
  const defaultWeight = numberOf(block, "weight") ?? defaultOf(block.rule?.inside, "weight");
  for (const server of block.body ?? []) {
    if (server.rule?.name !== "real_server") continue;
    const method = find(server, "lvs_method");
    const own = method === undefined ? forwarding : (forwardingOf(method, report) ?? forwarding);
    const endpoint = endpointOf(server, context, own);
    if (endpoint === undefined) continue;
    const key = serverKeyOf(endpoint);
    if (servers.has(key)) {
      report.at(
        server,
        1,
        wrong("VIPD014", `real_server ${server.words.slice(1).join(" ")} stands twice`, "remove one of them"),
      );
      continue;
    }
    const name = serverNameOf(context.match, endpoint.ip, endpoint.port);
    const checks = checksOf(server, {
      ip: endpoint.ip,
      port: endpoint.port,
      key,
      name,
      service: context.name,
      serviceKey: context.key,
      serviceBlock: block,
      timing: timingOf(server, timing),
      alpha: booleanOf(server, "alpha") ?? alpha,
      report,
    });
    for (const check of checks) context.checks.push(check);
    const settings: ServerSettings = {
      key,
      name,
      ip: endpoint.ip,
      port: endpoint.port,
      weight: numberOf(server, "weight") ?? defaultWeight,
      forwarding: own,
      upperThreshold: numberIn(server, "uthreshold"),
      lowerThreshold: numberIn(server, "lthreshold"),
      inhibitOnFailure: booleanOf(server, "inhibit_on_failure") ?? inhibit,
      checks: checks.map(({ id }) => id),
    };
    servers.set(key, { settings, block: server });
  }
  return [...servers.values()];
}

/** Address and port of a real server; without NAT the port is the service's. */
function endpointOf(
  server: Statement,
  context: ServiceContext,
  forwarding: Forwarding,
): { readonly ip: Ip; readonly port: number } | undefined {
  const { match, family, report } = context;
  const text = server.words[1] ?? "";
  const ip = parseIp(text);
  if (ip === undefined) {
    report.at(
      server,
      1,
      wrong("VIPD021", `${server.words[0]} ${text} is not an IP address`, "write its address, not a name"),
    );
    return undefined;
  }
  if (familyOf(ip) !== family && forwarding.method !== "TUN") {
    report.at(
      server,
      1,
      wrong(
        "VIPD021",
        `${server.words[0]} ${text} is of another family than its virtual_server`,
        "only TUN can carry one family in the other",
      ),
    );
    return undefined;
  }
  const servicePort = match.type === "address" ? match.port : 0;
  const port = portOf(server, 2, servicePort, report);
  if (port === servicePort || match.type !== "address" || forwarding.method === "NAT") return { ip, port };
  const message = `${forwarding.method} cannot change the port: ${text} gets packets for port ${servicePort}, not ${port}`;
  const told = port === 0 ? warning : doubtful; // 0 is taken for "the same" without a word
  report.at(server, 2, told("VIPD015", message, `write ${servicePort}, or use lb_kind NAT`));
  return { ip, port: servicePort };
}

function portOf(statement: Statement, word: number, fallback: number, report: Report): number {
  const text = statement.words[word];
  if (text === undefined) return fallback;
  if (/^\d+$/.test(text) && Number(text) <= 65535) return Number(text);
  report.at(
    statement,
    word,
    wrong("VIPD003", `port ${text} is not a whole number from 0 to 65535`, "write a port number"),
  );
  return fallback;
}

function sorryOf(
  block: Statement,
  match: ServiceMatch,
  family: Family,
  forwarding: Forwarding,
  report: Report,
): SorrySettings | undefined {
  const statement = find(block, "sorry_server");
  if (statement === undefined) return undefined;
  const method = find(block, "sorry_server_lvs_method");
  const own = method === undefined ? forwarding : (forwardingOf(method, report) ?? forwarding);
  const endpoint = endpointOf(
    statement,
    { key: "", name: "", match, family, forwarding: own, checks: [], report },
    own,
  );
  if (endpoint === undefined) return undefined;
  const { ip, port } = endpoint;
  return {
    key: serverKeyOf(endpoint),
    name: serverNameOf(match, ip, port),
    ip,
    port,
    forwarding: own,
    inhibit: has(block, "sorry_server_inhibit"),
  };
}
