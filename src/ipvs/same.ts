/**
 * Whether a service is configured as before. Written out, and not left to a general comparison, because a reload asks it of ten
 * thousand servers of which one has changed. A test changes every setting once.
 */
import type { Forwarding, ServerSettings, ServiceSettings, SorrySettings } from "./settings.ts";

export function sameSettings(a: ServiceSettings, b: ServiceSettings): boolean {
  if (a === b) return true; // what a reload recognized
  return (
    a.key === b.key &&
    a.name === b.name &&
    a.scheduler === b.scheduler &&
    a.onePacket === b.onePacket &&
    a.quorum === b.quorum &&
    a.hysteresis === b.hysteresis &&
    a.omega === b.omega &&
    sameList(a.schedulerFlags, b.schedulerFlags, sameText) &&
    samePersistence(a.persistence, b.persistence) &&
    sameSorry(a.sorryServer, b.sorryServer) &&
    sameList(a.servers, b.servers, sameServer)
  );
}

function sameServer(a: ServerSettings, b: ServerSettings): boolean {
  return (
    a.key === b.key &&
    a.name === b.name &&
    a.weight === b.weight &&
    a.upperThreshold === b.upperThreshold &&
    a.lowerThreshold === b.lowerThreshold &&
    a.inhibitOnFailure === b.inhibitOnFailure &&
    a.ip === b.ip &&
    a.port === b.port &&
    sameForwarding(a.forwarding, b.forwarding) &&
    sameList(a.checks, b.checks, sameText)
  );
}

function sameSorry(a: SorrySettings | undefined, b: SorrySettings | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.key === b.key &&
    a.name === b.name &&
    a.ip === b.ip &&
    a.port === b.port &&
    a.inhibit === b.inhibit &&
    sameForwarding(a.forwarding, b.forwarding)
  );
}

function sameForwarding(a: Forwarding, b: Forwarding): boolean {
  if (a.method !== "TUN" || b.method !== "TUN") return a.method === b.method;
  return a.tunnel === b.tunnel && a.port === b.port && a.checksum === b.checksum;
}

function samePersistence(a: ServiceSettings["persistence"], b: ServiceSettings["persistence"]): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.timeoutSeconds === b.timeoutSeconds && a.granularity === b.granularity && a.engine === b.engine;
}

function sameText(a: string, b: string): boolean {
  return a === b;
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (!same(a[index] as T, b[index] as T)) return false;
  return true;
}
