/** From the settings and the health of a service to its row in the kernel's table. */
import { bitsOf, familyOf } from "../base/address.ts";
import type { UpDown } from "../events.ts";
import type { ServerSettings, ServiceSettings, SorrySettings } from "./settings.ts";
import { type Destination, destinationKey, type Row, SERVICE_FLAG, type Service } from "./table.ts";

/**
 * Without a quorum, a sorry server replaces all others. What failed goes, or stays with weight 0 (`inhibit_on_failure`, and
 * `inhibit` for a sorry server that is not needed).
 */
export function desiredRow(service: ServiceSettings, quorum: UpDown, isUp: (server: ServerSettings) => boolean): Row {
  const { sorryServer: sorry } = service;
  const inSorrow = quorum === "down" && sorry !== undefined;
  const destinations = new Map<string, Destination>();
  if (inSorrow) addOnce(destinations, sorryDestination(sorry, 1));
  for (const server of service.servers) {
    if (!inSorrow && isUp(server)) addOnce(destinations, serverDestination(server, server.weight));
    else if (server.inhibitOnFailure) addOnce(destinations, serverDestination(server, 0));
  }
  if (!inSorrow && sorry?.inhibit) addOnce(destinations, sorryDestination(sorry, 0));
  return { service: desiredService(service), destinations };
}

/** A real server that is the sorry server too has one entry in the kernel (behaviour 115). */
function addOnce(destinations: Map<string, Destination>, destination: Destination): void {
  const key = destinationKey(destination);
  if (!destinations.has(key)) destinations.set(key, destination);
}

function serverDestination(server: ServerSettings, weight: number): Destination {
  const { ip, port, forwarding, upperThreshold, lowerThreshold } = server;
  return { ip, port, weight, forwarding, upperThreshold, lowerThreshold };
}

function sorryDestination({ ip, port, forwarding }: SorrySettings, weight: number): Destination {
  return { ip, port, weight, forwarding, upperThreshold: 0, lowerThreshold: 0 };
}

function desiredService(service: ServiceSettings): Service {
  const { match, persistence } = service;
  const wholeAddress = bitsOf(match.type === "fwmark" ? match.family : familyOf(match.ip));
  return {
    id: match,
    scheduler: service.scheduler,
    flags: flagsOf(service),
    timeoutSeconds: persistence?.timeoutSeconds ?? 0,
    netmask: persistence?.granularity ?? wholeAddress,
    pe: persistence?.engine,
  };
}

function flagsOf(service: ServiceSettings): number {
  const words = service.schedulerFlags.reduce((bits, word) => bits | (FLAG_WORDS[word] ?? 0), 0);
  const persistent = service.persistence === undefined ? 0 : SERVICE_FLAG.persistent;
  return words | persistent | (service.onePacket ? SERVICE_FLAG.onePacket : 0);
}

const FLAG_WORDS: Readonly<Record<string, number>> = {
  "flag-1": SERVICE_FLAG.flag1,
  "flag-2": SERVICE_FLAG.flag2,
  "flag-3": SERVICE_FLAG.flag3,
  "sh-fallback": SERVICE_FLAG.flag1,
  "sh-port": SERVICE_FLAG.flag2,
  "mh-fallback": SERVICE_FLAG.flag1,
  "mh-port": SERVICE_FLAG.flag2,
  ops: SERVICE_FLAG.onePacket,
};
