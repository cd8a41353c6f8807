/** Settings and links for tests of the VRRP room: a pair on eth0, one address, keepalived's defaults. */
import { type Ip, ip } from "../../src/base/address.ts";
import type { LinkState } from "../../src/vrrp/interface.ts";
import type { GroupSettings, RouterSettings, VirtualAddress, VrrpSettings } from "../../src/vrrp/settings.ts";

const GARP = { repeat: 5, delayMs: 5000, refreshMs: 0, refreshRepeat: 1, lowerPrioRepeat: 5, lowerPrioDelayMs: 5000 };

/** VI_1 with VRID 1 on eth0 and 192.0.2.1/24, version 2, priority 100, every second. */
export function routerSettings(changes: Partial<RouterSettings> & { readonly link?: string } = {}): RouterSettings {
  const { link = "eth0", ...rest } = changes;
  const vrid = rest.vrid ?? 1;
  return {
    key: `ipv4 ${link} ${vrid} multicast`,
    name: `VI_${vrid}`,
    family: "ipv4",
    version: 2,
    vrid,
    links: { adverts: link, addresses: link, tracked: link },
    priority: 100,
    initial: "BACKUP",
    intervalMs: 1000,
    downAdverts: 3,
    preempt: true,
    preemptDelayMs: 0,
    authentication: { type: "none" },
    source: undefined,
    trackSource: false,
    destinations: [ip("224.0.0.18")],
    multicast: true,
    addresses: [virtualAddress(`192.0.2.${vrid}`, { link })],
    excluded: [],
    garp: GARP,
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: undefined,
    ownerIgnoreAdverts: false,
    checkAddresses: "always",
    checksumAsV2: false,
    strict: false,
    trackers: [],
    group: undefined,
    receiveBufferBytes: undefined,
    ...rest,
  };
}

export function virtualAddress(text: string, changes: Partial<VirtualAddress> = {}): VirtualAddress {
  return {
    ip: ip(text),
    length: text.includes(":") ? 64 : 24,
    link: "eth0",
    scope: 0,
    label: undefined,
    broadcast: undefined,
    peer: undefined,
    noPrefixRoute: false,
    home: false,
    preferredSeconds: undefined,
    track: true,
    ...changes,
  };
}

export function groupSettings(
  name: string,
  members: readonly RouterSettings[],
  changes: Partial<GroupSettings> = {},
): GroupSettings {
  return { name, members: members.map(({ key }) => key), trackers: [], trackingWeight: false, ...changes };
}

export function vrrpSettings(routers: readonly RouterSettings[], changes: Partial<VrrpSettings> = {}): VrrpSettings {
  return { routers, groups: [], startupDelayMs: 0, announceGapMs: { ipv4: 0, ipv6: 0 }, ...changes };
}

/** A link that is up, with this address to send from. */
export function linkState(name: string, source: string | undefined, changes: Partial<LinkState> = {}): LinkState {
  const ipv4: Ip | undefined = source === undefined ? undefined : ip(source);
  return {
    name,
    present: true,
    running: true,
    index: 2,
    mac: "02:00:00:00:00:01",
    source: { ipv4, ipv6: undefined },
    addresses: ipv4 === undefined ? [] : [`${ipv4}/24`],
    ...changes,
  };
}
