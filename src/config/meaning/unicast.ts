/** Unicast: peers that are not there, that are this node itself, or that nobody can reach from here. */
import { type Family, familyOf, type Ip, parseIp } from "../../base/address.ts";
import { find, findAll } from "../access.ts";
import { doubtful, type Report, warning } from "../problems.ts";
import type { Instance, Subjects } from "./subjects.ts";
import type { NetworkView } from "./view.ts";

export function checkUnicast({ instances }: Subjects, view: NetworkView, report: Report): void {
  for (const instance of instances) {
    const source = find(instance.block, "unicast_src_ip") ?? find(instance.block, "mcast_src_ip");
    const ip = typeof source?.value === "string" ? parseIp(source.value) : undefined;
    const own = new Set(view.addressesOf(instance.device ?? "").map((address) => address.ip));
    if (source !== undefined && ip !== undefined && own.size > 0 && !own.has(ip)) {
      const message = `${source.words[0]} ${ip} is no address of ${instance.device} on this machine (${[...own].join(", ")}): ${instance.name} would be in FAULT, or send what peers refuse`;
      report.at(
        source,
        1,
        warning("VIPD057", message, "write the node's own address, or ignore this if the file is for another node"),
      );
    }
    if (instance.unicast) checkPeers(instance, ip, own, report);
    else if (source?.words[0] === "unicast_src_ip") {
      const message = `${instance.name} has unicast_src_ip but no unicast_peer: it sends multicast`;
      report.at(source, 0, doubtful("VIPD056", message, "add unicast_peer { ADDRESS }, or write mcast_src_ip"));
    }
  }
}

function checkPeers(
  { name, block, addresses }: Instance,
  source: Ip | undefined,
  own: ReadonlySet<Ip>,
  report: Report,
): void {
  const blocks = findAll(block, "unicast_peer");
  const virtual = new Set(addresses.map((address) => address.ip));
  const peers = new Map<Ip, number>();
  let transport: Family | undefined = source === undefined ? undefined : familyOf(source);
  for (const line of blocks.flatMap(({ body }) => body ?? [])) {
    const ip = parseIp((line.words[0] ?? "").split("/", 1)[0] ?? "");
    if (ip === undefined) continue;
    transport ??= familyOf(ip);
    const before = peers.get(ip);
    peers.set(ip, before ?? line.line);
    if (ip === source || (source === undefined && own.has(ip))) {
      const message = `${name} names itself as a peer: ${ip} is ${ip === source ? "its unicast_src_ip" : "an address of this machine"}`;
      report.at(line, 0, warning("VIPD054", message, "write the addresses of the other nodes only"));
    } else if (virtual.has(ip)) {
      const message = `the peer ${ip} is a virtual address of ${name}: as master the node would send to itself, as backup to whoever is master`;
      report.at(line, 0, warning("VIPD054", message, "write the peer's own address"));
    } else if (before !== undefined) {
      report.at(
        line,
        0,
        warning("VIPD055", `the peer ${ip} stands twice, first in line ${before}`, "remove one of them"),
      );
    } else if (familyOf(ip) !== transport) {
      const message = `the peer ${ip} is of another family than ${source ?? "the first peer"}: it cannot be reached from there`;
      report.at(line, 0, warning("VIPD055", message, `write its ${transport === "ipv4" ? "IPv4" : "IPv6"} address`));
    }
  }
  const [first] = blocks;
  if (first === undefined || peers.size > 0 || (first.body ?? []).length > 0) return;
  const message = `unicast_peer of ${name} is empty: nobody gets its adverts, and every node becomes master`;
  report.at(first, 0, doubtful("VIPD053", message, "write the addresses of the other nodes, one a line"));
}
