/** VRIDs: two routers with one VRID on a network answer for one MAC address and take part in one election. */
import { find, textOf } from "../access.ts";
import { type Report, wrong } from "../problems.ts";
import type { Instance, Subjects } from "./subjects.ts";

/** Unicast instances may share one: they are told apart by their peers (behaviour 12). keepalived refuses the others, too. */
export function checkIdentities({ instances, defs }: Subjects, report: Report): void {
  const everywhere = (defs === undefined ? undefined : textOf(defs, "vrrp_mcast_group4")) ?? "224.0.0.18";
  const seen = new Map<string, Instance>();
  for (const instance of instances) {
    const { device, vrid, family, block, unicast } = instance;
    if (device === undefined || vrid === undefined || unicast) continue;
    const key = `${device} ${family} ${vrid} ${textOf(block, "mcast_dst_ip") ?? everywhere}`;
    const before = seen.get(key);
    seen.set(key, before ?? instance);
    if (before === undefined) continue;
    const message = `virtual_router_id ${vrid} on ${device} is used by ${before.name} in line ${before.block.line} already`;
    const remedy = "give each instance on an interface its own number";
    report.at(find(block, "virtual_router_id") ?? block, 1, wrong("VIPD014", message, remedy));
  }
}
