/** Settings for tests, with everything that a test does not care about. */
import { ip } from "../../../src/base/address.ts";
import type { RouterSettings, VirtualAddress } from "../../../src/vrrp/settings.ts";

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

export function routerSettings(changes: Partial<RouterSettings> = {}): RouterSettings {
  return {
    key: "ipv4 eth0 51 224.0.0.18",
    name: "VI_1",
    family: "ipv4",
    version: 2,
    vrid: 51,
    links: { adverts: "eth0", addresses: "eth0", tracked: "eth0" },
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
    addresses: [virtualAddress("10.0.0.9")],
    excluded: [],
    garp: { repeat: 5, delayMs: 5000, refreshMs: 0, refreshRepeat: 1, lowerPrioRepeat: 5, lowerPrioDelayMs: 5000 },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: undefined,
    ownerIgnoreAdverts: false,
    checkAddresses: "always",
    checksumAsV2: false,
    strict: false,
    trackers: [],
    group: undefined,
    receiveBufferBytes: undefined,
    ...changes,
  };
}
