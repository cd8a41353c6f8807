import { type Ip, ip } from "../../src/base/address.ts";
import type { Forwarding, ServerSettings, ServiceSettings, SorrySettings } from "../../src/ipvs/settings.ts";
import { type Destination, destinationKey, type Row, type Service, serviceKey } from "../../src/ipvs/table.ts";

export const NAT: Forwarding = { method: "NAT" };

export function server(last: number, change: Partial<ServerSettings> = {}): ServerSettings {
  const address = ip(`192.0.2.${last}`);
  return {
    key: `${address}:80`,
    name: `[${address}]:tcp:80`,
    ip: address,
    port: 80,
    weight: 1,
    forwarding: NAT,
    upperThreshold: 0,
    lowerThreshold: 0,
    inhibitOnFailure: false,
    checks: [`check ${last}`],
    ...change,
  };
}

export function sorry(last: number, inhibit = false): SorrySettings {
  const address = ip(`192.0.2.${last}`);
  return { key: `${address}:80`, name: `[${address}]:tcp:80`, ip: address, port: 80, forwarding: NAT, inhibit };
}

export function service(servers: readonly ServerSettings[], change: Partial<ServiceSettings> = {}): ServiceSettings {
  const match = change.match ?? ({ type: "address", protocol: "tcp", ip: ip("192.0.2.1"), port: 80 } as const);
  return {
    key: serviceKey(match),
    name: match.type === "address" ? `[${match.ip}]:tcp:${match.port}` : `FWM ${match.mark}`,
    match,
    scheduler: "rr",
    schedulerFlags: [],
    onePacket: false,
    persistence: undefined,
    servers,
    sorryServer: undefined,
    quorum: 1,
    hysteresis: 0,
    omega: false,
    ...change,
  };
}

export function tableService(port: number, change: Partial<Service> = {}): Service {
  const id = { type: "address", protocol: "tcp", ip: ip("192.0.2.1"), port } as const;
  return { id, scheduler: "rr", flags: 0, timeoutSeconds: 0, netmask: 32, pe: undefined, ...change };
}

export function destination(address: Ip, port: number, change: Partial<Destination> = {}): Destination {
  return { ip: address, port, weight: 1, forwarding: NAT, upperThreshold: 0, lowerThreshold: 0, ...change };
}

export function row(serviceOf: Service, ...destinations: readonly Destination[]): Row {
  return { service: serviceOf, destinations: new Map(destinations.map((one) => [destinationKey(one), one])) };
}
