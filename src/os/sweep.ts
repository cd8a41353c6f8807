/** Takes away what the journal says is ours: addresses of links and virtual services. What is not named there is never touched. */
import { readFileSync, writeFileSync } from "node:fs";
import { deleteService, describeServiceId, IpvsMissingError, openIpvs } from "netlink/ipvs";
import { deleteAddress, listAddresses, listLinks, openRoute } from "netlink/route";
import { systemErrorCode } from "./errors.ts";

/** In words: what went, and what could not be removed. */
export type Swept = { readonly removed: readonly string[]; readonly failed: readonly string[] };

/** @param keys `device ip/length` */
export function sweepAddresses(keys: readonly string[]): Swept {
  if (keys.length === 0) return { removed: [], failed: [] };
  using route = openRoute();
  const wanted = new Set(keys);
  const names = new Map(listLinks(route).map((link) => [link.index, link.name]));
  const found = listAddresses(route).flatMap((address) => {
    const device = names.get(address.ifindex);
    const key = `${device} ${address.ip}/${address.length}`;
    return device !== undefined && wanted.has(key) ? [{ address, device, key }] : [];
  });
  const restore = [...new Set(found.map(({ device }) => device))].map(keepOthersOf);
  const outcomes = route.batch(found.map(({ address }) => deleteAddress(address)));
  for (const undo of restore) undo();
  return sorted(
    found.map(({ key }) => key),
    outcomes,
    ["EADDRNOTAVAIL", "ENODEV"],
  );
}

/** @param keys `tcp 192.0.2.1:80`, `fwmark 7 ipv4` */
export function sweepServices(keys: readonly string[]): Swept {
  if (keys.length === 0) return { removed: [], failed: [] };
  try {
    using ipvs = openIpvs();
    const wanted = new Set(keys);
    const found = ipvs.services().filter(({ id }) => wanted.has(describeServiceId(id)));
    const outcomes = ipvs.performAll(found.map(({ id }) => deleteService(id)));
    return sorted(
      found.map(({ id }) => `virtual server ${describeServiceId(id)}`),
      outcomes,
      ["ESRCH"],
    );
  } catch (error) {
    if (error instanceof IpvsMissingError) return { removed: [], failed: [] }; // then there is nothing in it
    throw error;
  }
}

/** With promote_secondaries=0 the kernel removes with the first address of a subnet all others of it, also those of other people. */
function keepOthersOf(device: string): () => void {
  const path = `/proc/sys/net/ipv4/conf/${device}/promote_secondaries`;
  try {
    const before = readFileSync(path, "utf8").trim();
    if (before !== "0") return () => {};
    writeFileSync(path, "1");
    return () => writeFileSync(path, before);
  } catch (error) {
    systemErrorCode(error);
    return () => {};
  }
}

function sorted(names: readonly string[], outcomes: readonly (Error | undefined)[], gone: readonly string[]): Swept {
  const removed: string[] = [];
  const failed: string[] = [];
  for (const [index, name] of names.entries()) {
    const error = outcomes[index];
    if (error === undefined) removed.push(name);
    else if (!gone.includes(systemErrorCode(error))) failed.push(`${name}: ${error.message}`);
  }
  return { removed, failed };
}
