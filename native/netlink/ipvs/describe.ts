/** Changes in words, from the change itself: for the log of a dry run, and for errors. */
import { encodeAttributes } from "../attribute.ts";
import { type Fields, nestOf, readFields, uintOf } from "../fields.ts";
import type { Change } from "./change.ts";
import { readDaemon } from "./daemons.ts";
import {
  type Destination,
  describeDestinationId,
  type Forwarding,
  readDestination,
  readDestinationId,
} from "./destinations.ts";
import { CMD, CMD_ATTR, SERVICE_FLAG } from "./numbers.ts";
import { describeServiceId, readService, readServiceId, type Service } from "./services.ts";

/** `add destination 192.0.2.11:80 weight 1 DR to tcp 192.0.2.1:80` */
export function describeChange(change: Change): string {
  const fields = readFields(encodeAttributes(change.attrs));
  const service = nestOf(fields, CMD_ATTR.service);
  const dest = nestOf(fields, CMD_ATTR.dest);
  switch (change.command) {
    case CMD.newService:
      return `add service ${serviceText(service)}`;
    case CMD.setService:
      return `change service ${serviceText(service)}`;
    case CMD.delService:
      return `delete service ${serviceName(service)}`;
    case CMD.newDest:
      return `add destination ${destinationText(dest)} to ${serviceName(service)}`;
    case CMD.setDest:
      return `change destination ${destinationText(dest)} of ${serviceName(service)}`;
    case CMD.delDest:
      return `delete destination ${destinationName(dest)} of ${serviceName(service)}`;
    case CMD.zero:
      return `zero counters of ${service === undefined ? "all services" : serviceName(service)}`;
    case CMD.flush:
      return "delete all services";
    case CMD.setConfig:
      return `set timeouts ${timeoutsText(fields)}`;
    case CMD.newDaemon:
      return `start sync daemon ${daemonText(fields)}`;
    case CMD.delDaemon:
      return `stop sync daemon ${daemonText(fields)}`;
    default:
      return READS.get(change.command) ?? `do IPVS command ${change.command}`;
  }
}
const READS: ReadonlyMap<number, string> = new Map([
  [CMD.getService, "read services"],
  [CMD.getDest, "read destinations"],
  [CMD.getDaemon, "read sync daemons"],
  [CMD.getConfig, "read timeouts"],
  [CMD.getInfo, "read the version of IPVS"],
]);

function serviceName(fields: Fields | undefined): string {
  const id = fields && readServiceId(fields);
  return id === undefined ? "?" : describeServiceId(id);
}

function serviceText(fields: Fields | undefined): string {
  const service = fields && readService(fields);
  return service === undefined ? "?" : [describeServiceId(service.id), ...serviceWords(service)].join(" ");
}

function serviceWords(service: Service): readonly string[] {
  const words = [`scheduler ${service.scheduler}`];
  const { flags } = service;
  if ((flags & SERVICE_FLAG.scheduler1) !== 0) words.push("flag-1");
  if ((flags & SERVICE_FLAG.scheduler2) !== 0) words.push("flag-2");
  if ((flags & SERVICE_FLAG.scheduler3) !== 0) words.push("flag-3");
  if ((flags & SERVICE_FLAG.onePacket) !== 0) words.push("one-packet");
  if ((flags & SERVICE_FLAG.persistent) !== 0)
    words.push(`persistent ${service.timeoutSeconds} s per /${service.netmask}`);
  if (service.pe !== undefined) words.push(`engine ${service.pe}`);
  return words;
}

function destinationName(fields: Fields | undefined): string {
  const id = fields && readDestinationId(fields);
  return id === undefined ? "?" : describeDestinationId(id);
}

function destinationText(fields: Fields | undefined): string {
  const destination = fields && readDestination(fields);
  return destination === undefined
    ? "?"
    : [describeDestinationId(destination), ...destinationWords(destination)].join(" ");
}

function destinationWords(destination: Destination): readonly string[] {
  const words = [`weight ${destination.weight}`, forwardingText(destination.forwarding)];
  if (destination.upperThreshold !== 0) words.push(`upper threshold ${destination.upperThreshold}`);
  if (destination.lowerThreshold !== 0) words.push(`lower threshold ${destination.lowerThreshold}`);
  return words;
}

function forwardingText(forwarding: Forwarding): string {
  if (forwarding.method !== "TUN" || forwarding.tunnel === "ipip") return forwarding.method;
  const port = forwarding.tunnel === "gue" ? ` port ${forwarding.port}` : "";
  return `TUN ${forwarding.tunnel}${port} ${forwarding.checksum}`;
}

function timeoutsText(fields: Fields): string {
  const seconds = [CMD_ATTR.timeoutTcp, CMD_ATTR.timeoutTcpFin, CMD_ATTR.timeoutUdp].map(
    (type) => uintOf(fields, type) ?? 0,
  );
  return `tcp ${seconds[0]} s, tcpfin ${seconds[1]} s, udp ${seconds[2]} s`;
}

function daemonText(fields: Fields): string {
  const nested = nestOf(fields, CMD_ATTR.daemon);
  const daemon = nested && readDaemon(nested);
  if (daemon === undefined) return "?";
  return daemon.link === "" ? daemon.state : `${daemon.state} on ${daemon.link} with id ${daemon.syncId}`;
}
