/** Virtual addresses: held twice, the machine's own, outside every network, or no host's at all. */
import {
  type Family,
  familyOf,
  type Ip,
  inNetwork,
  isLinkLocal,
  isMulticast,
  type Prefix,
} from "../../base/address.ts";
import { find, textOf } from "../access.ts";
import { hint, type Report, warning } from "../problems.ts";
import { type Gathering, gather } from "./gather.ts";
import type { Instance, Subjects, VirtualLine } from "./subjects.ts";
import type { NetworkView } from "./view.ts";
import { listed } from "./words.ts";

export function checkAddresses({ instances }: Subjects, view: NetworkView, report: Report): void {
  const holders = new Map<string, Instance>();
  const virtual = new Set(instances.flatMap(({ addresses }) => addresses.map(({ ip }) => ip)));
  const bare = gather();
  const far = gather();
  for (const instance of instances) {
    noOwner(instance, view, report);
    for (const address of instance.addresses) {
      heldTwice(instance, address, holders, report);
      if (noHost(address, report)) continue;
      const networks = networksOf(address, view);
      if (isSource(instance, address, report) || isOwn(instance, address, view, report)) continue;
      if (networks.length === 0) continue;
      const around = networks.find((network) => inNetwork(address.ip, network));
      if (around !== undefined) withoutLength(address, around, bare);
      else outside(address, networks, virtual, far);
    }
  }
  bare.tell(report);
  far.tell(report);
}

function heldTwice(
  instance: Instance,
  { ip, line }: VirtualLine,
  holders: Map<string, Instance>,
  report: Report,
): void {
  const before = holders.get(ip);
  holders.set(ip, before ?? instance);
  if (before === undefined || before === instance) return;
  const message = `${ip} is held by ${before.name}, too (line ${before.block.line}): when one of them gives it up, the other loses it`;
  report.at(line, 0, warning("VIPD040", message, `remove it from ${before.name} or from ${instance.name}`));
}

/** @returns whether it is said that nobody can have this address */
function noHost({ ip, length, line }: VirtualLine, report: Report): boolean {
  const what = kindOf(ip) ?? (length === undefined || familyOf(ip) === "ipv6" ? undefined : edgeOf(ip, length));
  if (what === undefined) return false;
  report.at(line, 0, warning("VIPD044", `${line.words[0]} is ${what}`, "write the address that clients shall use"));
  return true;
}

function kindOf(ip: Ip): string | undefined {
  if (isMulticast(ip)) return "a multicast address";
  if (ip.startsWith("127.") || ip === "::1") return "a loopback address, which never leaves a machine";
  if (ip === "0.0.0.0" || ip === "::") return "the address of nobody";
  return ip === "255.255.255.255" ? "the broadcast address" : undefined;
}

/** A network's own address and its broadcast address, where it has them (RFC 3021: not with 31 bits). */
function edgeOf(ip: Ip, length: number): string | undefined {
  if (!(length >= 1 && length <= 30)) return undefined;
  const host = ip.split(".").reduce((sum, part) => sum * 256 + Number(part), 0) % 2 ** (32 - length);
  if (host === 0) return `the network itself, not an address in it (/${length} leaves ${32 - length} bits for hosts)`;
  return host === 2 ** (32 - length) - 1 ? `the broadcast address of its /${length} network` : undefined;
}

/** Networks of the interface here: those that other machines are in, too. */
function networksOf({ ip, device }: VirtualLine, view: NetworkView): readonly Prefix[] {
  if (device === "lo" || device.startsWith("dummy")) return [];
  const family: Family = familyOf(ip);
  const full = family === "ipv4" ? 32 : 128;
  return view.addressesOf(device).filter((own) => familyOf(own.ip) === family && own.length < full);
}

/**
 * The address that adverts leave from is the first one: a running master has virtual ones behind it. Its owner has priority 255 by
 * right; any other would lose its own address as a backup.
 */
function isOwn({ priority, name }: Instance, { ip, device, line }: VirtualLine, view: NetworkView, report: Report) {
  const family = familyOf(ip);
  const sources = view.addressesOf(device).filter((own) => familyOf(own.ip) === family);
  const source = family === "ipv4" ? sources[0] : sources.find((own) => isLinkLocal(own.ip));
  if (source?.ip !== ip || priority === 255) return false;
  const message = `${ip} is the address of ${device} on this machine: as backup, with priority ${priority}, ${name} removes it and the machine loses its address`;
  report.at(line, 0, warning("VIPD041", message, "choose an address that no machine has"));
  return true;
}

/** @returns whether it is said that adverts leave from this very address */
function isSource({ block, priority, name }: Instance, { ip, line }: VirtualLine, report: Report): boolean {
  const source = find(block, "unicast_src_ip") ?? find(block, "mcast_src_ip");
  if (source?.value !== ip || priority === 255) return false;
  const message = `${ip} is ${source.words[0]} of ${name}, too (line ${source.line}): a backup does not have it and cannot send from it`;
  report.at(line, 0, warning("VIPD041", message, `write the node's own address after ${source.words[0]}`));
  return true;
}

/** The owner is master from its start on, without listening; that is right only for the machine whose addresses they are. */
function noOwner({ name, block, priority, addresses }: Instance, view: NetworkView, report: Report): void {
  const written = find(block, "priority");
  if (priority !== 255 || written === undefined || textOf(block, "state") === "BACKUP") return;
  const [first] = addresses;
  if (first === undefined) return;
  const own = new Set(addresses.flatMap(({ device }) => view.addressesOf(device).map(({ ip }) => ip)));
  if (own.size === 0 || addresses.some(({ ip }) => own.has(ip))) return;
  const message = `priority 255 says that ${first.ip} is this machine's own address, which it is not: ${name} takes it at every start, without listening to a master that works`;
  report.at(written, 1, hint("VIPD081", message, "write 254 or less"));
}

function withoutLength({ ip, length, line, device }: VirtualLine, around: Prefix, bare: Gathering): void {
  if (length !== undefined || familyOf(ip) === "ipv6") return;
  bare.note("", line, 0, () =>
    hint(
      "VIPD043",
      `${ip} has no length and is added as ${ip}/32, while ${device} is in a network of /${around.length}`,
      `write ${ip}/${around.length}, unless /32 is meant`,
    ),
  );
}

function outside(
  { length, line, device }: VirtualLine,
  networks: readonly Prefix[],
  virtual: ReadonlySet<Ip>,
  far: Gathering,
): void {
  const own = networks
    .filter((network) => !virtual.has(network.ip))
    .map((network) => `${network.ip}/${network.length}`);
  if (own.length === 0) return;
  const because =
    length === undefined || length === 32 || length === 128
      ? "no machine there will ask for it"
      : "only machines that know this network will ask for it";
  const message = `${line.words[0]} is in no network of ${device} on this machine (${listed(own)}): ${because}`;
  const remedy =
    "correct the address or the interface (dev IFNAME), route it here, or ignore this if the file is for another node";
  far.note(device, line, 0, () => warning("VIPD042", message, remedy));
}
