/** How services and servers are named: keys tell them apart, names stand in logs, FIFOs and mails as keepalived writes them. */
import { type Endpoint, type Family, formatEndpoint, type Ip } from "./address.ts";

/** What packets a virtual service is for. */
export type ServiceMatch =
  | { readonly type: "address"; readonly protocol: "tcp" | "udp" | "sctp"; readonly ip: Ip; readonly port: number }
  | { readonly type: "fwmark"; readonly mark: number; readonly family: Family };

/** `tcp 192.0.2.1:80`, `fwmark 7 ipv4` */
export function serviceKeyOf(match: ServiceMatch): string {
  return match.type === "address"
    ? `${match.protocol} ${formatEndpoint(match)}`
    : `fwmark ${match.mark} ${match.family}`;
}

/** `[192.0.2.1]:tcp:80`, `FWM 7` */
export function serviceNameOf(match: ServiceMatch): string {
  return match.type === "address" ? `[${match.ip}]:${match.protocol}:${match.port}` : `FWM ${match.mark}`;
}

/** `192.0.2.11:80` */
export function serverKeyOf(endpoint: Endpoint): string {
  return formatEndpoint(endpoint);
}

/** `[192.0.2.11]:tcp:80` */
export function serverNameOf(match: ServiceMatch, ip: Ip, port: number): string {
  return `[${ip}]:${match.type === "address" ? match.protocol : "none"}:${port}`;
}
