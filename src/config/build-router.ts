/** `vrrp_instance`: one router each. Defaults that depend on other keywords are settled here. */
import { type Family, familyOf, type Ip, ip, isMulticast, parseIp } from "../base/address.ts";
import type { RouterSettings, Tracking, VirtualAddress } from "../vrrp/settings.ts";
import { booleanOf, defaultOf, find, findAll, has, numberIn, numberOf, textOf } from "./access.ts";
import { addressOf } from "./build-address.ts";
import { authenticationOf } from "./build-authentication.ts";
import { garpOf, initialState, intervalOf, preemptionOf } from "./build-timing.ts";
import { type Scripts, trackersOf } from "./build-track.ts";
import { doubtful, type Report, warning, wrong } from "./problems.ts";
import type { Statement } from "./statement.ts";

/** Count IPvX Addr is one byte on the wire, RFC 9568 §5.2.5. */
const MOST_ADVERTISED = 255;

export type RouterContext = { readonly defs: Statement; readonly scripts: Scripts; readonly report: Report };

/** An instance, before groups are known; `settings` undefined if it is left out, and the file says why. */
export type BuiltRouter = {
  readonly name: string;
  readonly block: Statement;
  readonly settings: RouterSettings | undefined;
};

export function buildRouters(blocks: readonly Statement[], context: RouterContext): readonly BuiltRouter[] {
  const names = new Map<string, Statement>();
  const keys = new Set<string>();
  const built: BuiltRouter[] = [];
  for (const block of blocks) {
    const name = block.words[1] ?? "";
    const before = names.get(name);
    if (before !== undefined) {
      context.report.at(
        block,
        1,
        wrong("VIPD014", `vrrp_instance ${name} stands twice, first in line ${before.line}`, "rename one of them"),
      );
      continue;
    }
    names.set(name, block);
    const settings = routerOf(name, block, context);
    const taken = settings !== undefined && isTaken(settings, keys);
    built.push({ name, block, settings: taken ? undefined : settings });
  }
  return built;
}

/** VRIDs are unique on a link for each family and destination; that one stands twice is told in meaning/identities.ts. */
function isTaken({ key }: RouterSettings, keys: Set<string>): boolean {
  if (keys.has(key)) return true;
  keys.add(key);
  return false;
}

function routerOf(name: string, block: Statement, context: RouterContext): RouterSettings | undefined {
  const { defs, report } = context;
  const device = textOf(block, "interface");
  const vrid = numberOf(block, "virtual_router_id");
  if (device === undefined && !has(block, "unicast_peer"))
    lacks(block, "interface", "name the interface that carries the advertisements: interface IFNAME", report);
  if (vrid === undefined)
    lacks(block, "virtual_router_id", "use the same number from 1 to 255 on every router of this group", report);
  const addresses = addressesOf(block, "virtual_ipaddress", device ?? "", report);
  const excluded = addressesOf(block, "virtual_ipaddress_excluded", device ?? "", report);
  const family = familyOf((addresses[0] ?? excluded[0])?.ip ?? ip("0.0.0.0"));
  const version = versionOf(block, defs, family);
  const strict = booleanOf(block, "strict_mode") ?? booleanOf(defs, "vrrp_strict") ?? false;
  const priority =
    numberOf(block, "priority") ??
    (textOf(block, "state") === "MASTER" ? 255 : defaultOf(block.rule?.inside, "priority"));
  const owner = priority === 255;
  const initial = initialState(block, owner, strict, report);
  const preemption = preemptionOf(block, owner, initial, strict, report);
  const intervalMs = intervalOf(block, version, report);
  noAddresses(name, block, addresses, excluded, version, report);
  const trackers = [
    ...trackersOf(block, { scripts: context.scripts, report, subject: name, ownInterface: device }),
    ...linksOf([...addresses, ...excluded], device ?? ""),
  ];
  const destination = destinationOf(block, defs, family, report);
  const [advertised, unadvertised] = fitting(name, block, ofFamily(name, block, addresses, family, report), report);
  const authentication = authenticationOf(name, block, version, strict, report);
  sayVmac(block, report);
  if (leftOut(name, block, family, report) || device === undefined || vrid === undefined) return undefined;
  return {
    key: `${family} ${device} ${vrid} multicast ${destination}`,
    name,
    family,
    version,
    vrid,
    links: { adverts: device, addresses: device, tracked: has(block, "dont_track_primary") ? undefined : device },
    priority,
    initial,
    intervalMs,
    downAdverts: strict ? 3 : (numberOf(block, "down_timer_adverts") ?? numberIn(defs, "vrrp_down_timer_adverts")),
    ...preemption,
    authentication,
    source: sourceOf(block),
    trackSource: has(block, "track_src_ip"),
    destinations: [destination],
    multicast: true,
    addresses: advertised,
    excluded: [...unadvertised, ...excluded],
    garp: garpOf(block, defs, strict),
    lowerPrioNoAdvert:
      strict || (booleanOf(block, "lower_prio_no_advert") ?? booleanOf(defs, "vrrp_lower_prio_no_advert") ?? false),
    higherPrioSendAdvert: strict
      ? false
      : (booleanOf(block, "higher_prio_send_advert") ?? booleanOf(defs, "vrrp_higher_prio_send_advert")),
    ownerIgnoreAdverts:
      owner && (booleanOf(block, "owner_ignore_adverts") ?? booleanOf(defs, "vrrp_owner_ignore_adverts") ?? strict),
    checkAddresses:
      (booleanOf(block, "skip_check_adv_addr") ?? booleanOf(defs, "vrrp_skip_check_adv_addr") ?? false)
        ? "newMaster"
        : "always",
    checksumAsV2: booleanOf(block, "v3_checksum_as_v2") ?? has(defs, "v3_checksum_as_v2"),
    strict,
    trackers: owner ? withoutWeights(name, block, trackers, report) : trackers,
    group: undefined,
    receiveBufferBytes: numberOf(block, "kernel_rx_buf_size"),
  };
}

function lacks(block: Statement, keyword: string, remedy: string, report: Report): void {
  if ((block.body ?? []).some(({ words }) => words[0] === keyword)) return;
  report.at(block, 1, wrong("VIPD012", `vrrp_instance ${block.words[1] ?? ""} has no ${keyword}`, remedy));
}

function versionOf(block: Statement, defs: Statement, family: "ipv4" | "ipv6"): 2 | 3 {
  const text =
    textOf(block, "version") ??
    (has(block, "native_ipv6") || family === "ipv6" ? "3" : (textOf(defs, "vrrp_version") ?? "2"));
  return text === "3" ? 3 : 2;
}

function addressesOf(block: Statement, name: string, device: string, report: Report): readonly VirtualAddress[] {
  const found = new Map<string, VirtualAddress>();
  for (const line of findAll(block, name).flatMap(({ body }) => body ?? [])) {
    const address = addressOf(line, device, report);
    if (address === undefined) continue;
    const key = `${address.link} ${address.ip}/${address.length}`;
    if (found.has(key))
      report.at(
        line,
        0,
        warning("VIPD011", `the address ${address.ip}/${address.length} stands twice`, "remove one of them"),
      );
    found.set(key, address);
  }
  return [...found.values()];
}

/** An instance advertises addresses of one family; virtual_ipaddress_excluded may hold the other. */
function ofFamily(
  name: string,
  block: Statement,
  addresses: readonly VirtualAddress[],
  family: Family,
  report: Report,
): readonly VirtualAddress[] {
  const others = addresses.filter((address) => familyOf(address.ip) !== family);
  for (const { ip: other } of others) {
    const lines = findAll(block, "virtual_ipaddress").flatMap(({ body }) => body ?? []);
    const line = lines.find(({ words }) => parseIp(words[0]?.split("/")[0] ?? "") === other) ?? block;
    const message = `${other} is of another family than the first address of ${name}`;
    report.at(
      line,
      0,
      wrong("VIPD021", message, "move it to virtual_ipaddress_excluded, or to an instance of its own"),
    );
  }
  return addresses.filter((address) => familyOf(address.ip) === family);
}

/** What an advert has room for, and what is held without being advertised, as with keepalived. */
function fitting(
  name: string,
  block: Statement,
  addresses: readonly VirtualAddress[],
  report: Report,
): readonly [advertised: readonly VirtualAddress[], unadvertised: readonly VirtualAddress[]] {
  if (addresses.length <= MOST_ADVERTISED) return [addresses, []];
  const message = `vrrp_instance ${name} has ${addresses.length} addresses, and an advert has room for ${MOST_ADVERTISED}: the others are held without being advertised`;
  report.at(block, 1, doubtful("VIPD015", message, "move them to virtual_ipaddress_excluded, on every node"));
  return [addresses.slice(0, MOST_ADVERTISED), addresses.slice(MOST_ADVERTISED)];
}

function noAddresses(
  name: string,
  block: Statement,
  addresses: readonly VirtualAddress[],
  excluded: readonly VirtualAddress[],
  version: 2 | 3,
  report: Report,
): void {
  if (addresses.length > 0 || has(block, "no_virtual_ipaddress")) return;
  if (findAll(block, "virtual_ipaddress").some(({ body }) => (body ?? []).length > 0)) return; // each of its lines is told
  if (excluded.length > 0 && version === 2) return;
  const saying = version === 3 ? wrong : doubtful;
  report.at(
    block,
    1,
    saying(
      "VIPD012",
      `vrrp_instance ${name} has no virtual_ipaddress`,
      "add one, or no_virtual_ipaddress if it is meant so",
    ),
  );
}

/** Links of addresses that are elsewhere are tracked, as the instance's own is (behaviour 35). */
function linksOf(addresses: readonly VirtualAddress[], device: string): readonly Tracking[] {
  const links = new Set(addresses.filter(({ track, link }) => track && link !== device).map(({ link }) => link));
  return [...links].map((id) => ({ tracker: "interface", id, weight: 0, reverse: false }));
}

function withoutWeights(
  name: string,
  block: Statement,
  trackers: readonly Tracking[],
  report: Report,
): readonly Tracking[] {
  const weighted = trackers.filter(({ weight }) => weight !== 0);
  if (weighted.length === 0) return trackers;
  const at = find(block, "priority") ?? find(block, "state") ?? block;
  const names = weighted.map(({ id }) => id).join(", ");
  report.at(
    at,
    0,
    doubtful(
      "VIPD015",
      `${name} has priority 255, which no weight changes: ${names} has no effect`,
      "give it a priority below 255",
    ),
  );
  return trackers.filter(({ weight }) => weight === 0);
}

function sourceOf(block: Statement): Ip | undefined {
  const text = textOf(block, "mcast_src_ip");
  return text === undefined ? undefined : ip(text);
}

/** Where adverts go unless something is written, by family. */
const MULTICAST = {
  ipv4: { keyword: "vrrp_mcast_group4", group: "224.0.0.18", name: "IPv4", range: "224.0.0.0/4" },
  ipv6: { keyword: "vrrp_mcast_group6", group: "ff02::12", name: "IPv6", range: "ff00::/8" },
} as const;

function destinationOf(block: Statement, defs: Statement, family: Family, report: Report): Ip {
  const { keyword, group, name, range } = MULTICAST[family];
  const statement = find(block, "mcast_dst_ip") ?? find(defs, keyword);
  const text = typeof statement?.value === "string" ? statement.value : group;
  const address = ip(text);
  if (isMulticast(address) && familyOf(address) === family) return address;
  if (statement !== undefined)
    report.at(
      statement,
      1,
      wrong("VIPD021", `${text} is not an ${name} multicast address`, `write an address from ${range}`),
    );
  return ip(group);
}

function sayVmac(block: Statement, report: Report): void {
  const promote = find(block, "promote_secondaries");
  if (promote === undefined || !(has(block, "use_vmac") || has(block, "use_ipvlan"))) return;
  report.at(promote, 0, doubtful("VIPD015", "promote_secondaries is set for virtual interfaces anyway", "remove it"));
}

/** What the instance cannot be run without: it would be wrong on the wire, so it is not run at all (decision 10). */
function leftOut(name: string, block: Statement, family: "ipv4" | "ipv6", report: Report): boolean {
  const reasons = (block.body ?? []).flatMap(({ rule }) => {
    const support = rule?.entry.support;
    return typeof support === "object" && "leavesOut" in support ? [support.leavesOut] : [];
  });
  if (family === "ipv6") reasons.unshift("VRRP for IPv6");
  const authentication = find(block, "authentication");
  if (authentication !== undefined && textOf(authentication, "auth_type") === "AH") reasons.push("AH authentication");
  if (reasons.length === 0) return false;
  const message = `vrrp_instance ${name} is left out: ${reasons.join(" and ")} is not honoured yet`;
  report.at(
    block,
    1,
    warning("VIPD019", message, "keep keepalived on this node for now: nobody else holds its addresses"),
  );
  return true;
}
