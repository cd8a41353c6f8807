/** The configuration as the checks of meaning look at it: instances, groups, scripts and services, each with its statements. */
import { type Family, familyOf, type Ip, parseIp } from "../../base/address.ts";
import type { RouterSettings } from "../../vrrp/settings.ts";
import { defaultOf, find, findAll, has, numberIn, numberOf, textOf } from "../access.ts";
import type { Config } from "../config.ts";
import type { Statement } from "../statement.ts";

export type Subjects = {
  readonly defs: Statement | undefined;
  readonly instances: readonly Instance[];
  readonly groups: readonly Group[];
  readonly scripts: ReadonlyMap<string, Script>;
  /** What things to track weigh where the line that tracks them says nothing: `track_process NAME`, `track_bfd NAME`, `track_script NAME`. */
  readonly weights: ReadonlyMap<string, number>;
  readonly services: readonly Service[];
  /** All statements outside blocks. */
  readonly root: readonly Statement[];
};

export type Instance = {
  readonly name: string;
  readonly block: Statement;
  readonly device: string | undefined;
  readonly vrid: number | undefined;
  readonly family: Family;
  /** As configured, 1–255. */
  readonly priority: number;
  readonly nopreempt: boolean;
  readonly unicast: boolean;
  readonly addresses: readonly VirtualLine[];
  /** Undefined where vipd leaves the instance out. */
  readonly settings: RouterSettings | undefined;
};

/** A line of virtual_ipaddress or virtual_ipaddress_excluded. */
export type VirtualLine = {
  readonly line: Statement;
  readonly ip: Ip;
  /** Undefined where none is written. */
  readonly length: number | undefined;
  readonly device: string;
};

export type Group = { readonly name: string; readonly block: Statement; readonly members: readonly string[] };

export type Script = {
  readonly name: string;
  readonly block: Statement;
  readonly weight: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
};

export type Service = {
  readonly block: Statement;
  /** As written: `192.0.2.1 80`. */
  readonly title: string;
  /** Undefined for a mark or a group of addresses. */
  readonly at: { readonly ip: Ip; readonly port: number } | undefined;
  readonly protocol: string;
  readonly scheduler: string;
  readonly servers: readonly Server[];
};
export type Server = { readonly block: Statement; readonly ip: Ip; readonly port: number; readonly weight: number };

export function subjectsOf(root: readonly Statement[], config: Config): Subjects {
  const named = new Map<string, Statement[]>();
  for (const statement of root) {
    const name = statement.rule?.name;
    if (name === undefined) continue;
    const list = named.get(name);
    if (list === undefined) named.set(name, [statement]);
    else list.push(statement);
  }
  const all = (name: string) => named.get(name) ?? [];
  const scripts = new Map(firstOfName(all("vrrp_script")).map((block) => [block.words[1] ?? "", scriptOf(block)]));
  const weights = new Map<string, number>();
  for (const { name, weight } of scripts.values()) weights.set(`track_script ${name}`, weight);
  for (const block of all("vrrp_track_process")) weights.set(`track_process ${block.words[1]}`, weightOf(block));
  for (const block of all("bfd_instance")) weights.set(`track_bfd ${block.words[1]}`, weightOf(block));
  const settings = new Map(config.vrrp.routers.map((router) => [router.name, router]));
  return {
    root,
    defs: joined(all("global_defs")),
    instances: firstOfName(all("vrrp_instance")).map((block) => instanceOf(block, settings)),
    groups: firstOfName(all("vrrp_sync_group")).map(groupOf),
    scripts,
    weights,
    services: all("virtual_server").map(knownServiceOf),
  };
}

/** All `global_defs` as one block. */
function joined(blocks: readonly Statement[]): Statement | undefined {
  const [first] = blocks;
  return first === undefined ? undefined : { ...first, body: blocks.flatMap(({ body }) => body ?? []) };
}

function firstOfName(blocks: readonly Statement[]): readonly Statement[] {
  const seen = new Set<string>();
  return blocks.filter(({ words }) => {
    const name = words[1] ?? "";
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}

function instanceOf(block: Statement, settings: ReadonlyMap<string, RouterSettings>): Instance {
  const name = block.words[1] ?? "";
  const device = textOf(block, "interface");
  const lines = (keyword: string) =>
    findAll(block, keyword).flatMap(({ body }) => (body ?? []).flatMap((line) => virtualLine(line, device ?? "")));
  const addresses = [...lines("virtual_ipaddress"), ...lines("virtual_ipaddress_excluded")];
  const isMaster = textOf(block, "state") === "MASTER";
  const priority = numberOf(block, "priority") ?? (isMaster ? 255 : defaultOf(block.rule?.inside, "priority"));
  return {
    name,
    block,
    device,
    vrid: numberOf(block, "virtual_router_id"),
    family: addresses[0] === undefined ? "ipv4" : familyOf(addresses[0].ip),
    priority,
    nopreempt: has(block, "nopreempt") && !isMaster && priority !== 255 && !has(block, "preempt"),
    unicast: has(block, "unicast_peer"),
    addresses,
    settings: settings.get(name),
  };
}

function virtualLine(line: Statement, instanceDevice: string): readonly VirtualLine[] {
  const [text = "", length] = (line.words[0] ?? "").split("/", 2);
  const ip = parseIp(text);
  if (ip === undefined) return [];
  const at = line.words.indexOf("dev");
  const device = (at > 0 ? line.words[at + 1] : undefined) ?? instanceDevice;
  return [{ line, ip, length: length === undefined ? undefined : Number(length), device }];
}

function groupOf(block: Statement): Group {
  const members = findAll(block, "group").flatMap(({ body }) => (body ?? []).flatMap(({ words }) => words));
  return { name: block.words[1] ?? "", block, members };
}

function scriptOf(block: Statement): Script {
  const intervalMs = numberIn(block, "interval") || 1000;
  return {
    name: block.words[1] ?? "",
    block,
    weight: weightOf(block),
    intervalMs,
    timeoutMs: numberOf(block, "timeout") || intervalMs,
  };
}

function weightOf(block: Statement): number {
  const weight = Number(find(block, "weight")?.words[1] ?? "0");
  return Number.isInteger(weight) ? weight : 0;
}

/** Of blocks that the next reading may recognize (`memory.ts`). */
const known = new WeakMap<Statement, Service>();

function knownServiceOf(block: Statement): Service {
  const service = known.get(block) ?? serviceOf(block);
  known.set(block, service);
  return service;
}

function serviceOf(block: Statement): Service {
  const ip = parseIp(block.words[1] ?? "");
  const port = Number(block.words[2] ?? "0");
  const weight = numberOf(block, "weight") ?? defaultOf(block.rule?.inside, "weight");
  const servers: Server[] = [];
  for (const server of block.body ?? []) {
    if (server.rule?.name !== "real_server") continue;
    const address = parseIp(server.words[1] ?? "");
    if (address === undefined) continue;
    const own = numberOf(server, "weight") ?? weight;
    servers.push({ block: server, ip: address, port: Number(server.words[2] ?? port), weight: own });
  }
  return {
    block,
    title: block.words.slice(1).join(" "),
    at: ip === undefined ? undefined : { ip, port },
    protocol: textOf(block, "protocol") ?? "UDP",
    scheduler: (find(block, "lb_algo") ?? find(block, "lvs_sched"))?.words[1] ?? "wlc",
    servers,
  };
}
