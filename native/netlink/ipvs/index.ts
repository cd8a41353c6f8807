/**
 * IPVS, the kernel's load balancer (LVS), by its generic netlink family. A change is made by one of the functions for it, as data
 * (`newService`, `setDestination`, …), and done singly or with many others in one batch; `describeChange` puts it in words.
 *
 *   using ipvs = openIpvs();
 *   ipvs.perform(newService({ id: { type: "address", protocol: "tcp", ip: "192.0.2.1", port: 80 }, scheduler: "rr", … }));
 *
 * Every network namespace has its own table. The kernel explains nothing here but the error number: EEXIST for what is there
 * already, ESRCH for a missing service, ENOENT for a missing server or scheduler. It announces no changes.
 */
import type { Attribute } from "../attribute.ts";
import { GENL_ID_CTRL, genericMessage, resolveFamily } from "../generic.ts";
import { type Message, NetlinkError, type Reply } from "../message.ts";
import { type Outcome, openNetlink, PROTOCOL } from "../request.ts";
import type { Change } from "./change.ts";
import { decodeInfo, decodeTimeouts, type IpvsInfo, type Timeouts } from "./config.ts";
import { decodeDaemon, type SyncDaemon } from "./daemons.ts";
import { describeChange } from "./describe.ts";
import { type DestinationStatus, decodeDestination } from "./destinations.ts";
import { CMD, IPVS } from "./numbers.ts";
import { decodeService, type ServiceId, type ServiceStatus, serviceRef } from "./services.ts";

export { NetlinkError } from "../message.ts";
export type { Outcome } from "../request.ts";
export type { Change } from "./change.ts";
export { type IpvsInfo, setTimeouts, type Timeouts } from "./config.ts";
export { deleteDaemon, newDaemon, type SyncDaemon } from "./daemons.ts";
export { describeChange } from "./describe.ts";
export {
  type Destination,
  type DestinationId,
  type DestinationStatus,
  decodeDestination,
  deleteDestination,
  describeDestinationId,
  type Forwarding,
  newDestination,
  setDestination,
} from "./destinations.ts";
export { CMD, SERVICE_FLAG } from "./numbers.ts";
export {
  decodeService,
  deleteService,
  describeServiceId,
  flush,
  newService,
  type Service,
  type ServiceId,
  type ServiceStatus,
  setService,
  zero,
} from "./services.ts";
export type { Stats } from "./stats.ts";

export type Ipvs = {
  /** @throws {NetlinkError} */
  perform(change: Change): void;
  /** Up to 256 a send, in order; a refused one does not stop the others. @returns one outcome per change, undefined = done */
  performAll(changes: Iterable<Change>): readonly Outcome[];
  services(): readonly ServiceStatus[];
  /** Empty where there is no such service. */
  destinations(service: ServiceId): readonly DestinationStatus[];
  info(): IpvsInfo;
  timeouts(): Timeouts;
  daemons(): readonly SyncDaemon[];
  close(): void;
  [Symbol.dispose](): void;
};

/** The kernel has no IPVS, or has not loaded it. */
export class IpvsMissingError extends Error {
  override readonly name = "IpvsMissingError";
  readonly code = "ENOENT";

  constructor() {
    super(
      "Cannot use IPVS: the kernel does not offer it; load it with `modprobe ip_vs`, or take a kernel with CONFIG_IP_VS (containers use that of their host)",
    );
  }
}

/** @throws {IpvsMissingError} */
export function openIpvs(options: { readonly timeoutMs?: number } = {}): Ipvs {
  const netlink = openNetlink({ protocol: PROTOCOL.generic, describe: describeRequest, ...options });
  const family = familyId();

  function familyId(): number {
    try {
      const found = resolveFamily(netlink, IPVS.name);
      if (found === undefined) throw new IpvsMissingError();
      return found.id;
    } catch (error) {
      netlink.close();
      throw error;
    }
  }

  function message(change: Change): Message {
    return genericMessage(family, change.command, IPVS.version, change.attrs);
  }
  function dump(command: number, attrs: readonly Attribute[] = []): readonly Reply[] {
    return netlink.dump(message({ command, attrs }));
  }
  function get(command: number): Reply {
    const [reply] = netlink.request(message({ command, attrs: [] }));
    if (reply === undefined)
      throw new Error(`Cannot ${describeChange({ command, attrs: [] })}: the kernel answered nothing`);
    return reply;
  }

  return {
    perform: (change) => void netlink.request(message(change)),
    performAll: (changes) => netlink.batch(Iterator.from(changes).map(message)),
    services: () => decodeAll(dump(CMD.getService), decodeService),
    destinations: (service) =>
      decodeAll(
        destinationReplies(() => dump(CMD.getDest, [serviceRef(service)])),
        decodeDestination,
      ),
    info: () => decodeInfo(get(CMD.getInfo)),
    timeouts: () => decodeTimeouts(get(CMD.getConfig)),
    daemons: () => decodeAll(dump(CMD.getDaemon), decodeDaemon),
    close: () => netlink.close(),
    [Symbol.dispose]: () => netlink.close(),
  };
}

/** Some kernels refuse the dump of a missing service, others answer nothing. */
function destinationReplies(dump: () => readonly Reply[]): readonly Reply[] {
  try {
    return dump();
  } catch (error) {
    if (error instanceof NetlinkError && error.code === "ESRCH") return [];
    throw error;
  }
}

function decodeAll<T>(replies: readonly Reply[], decode: (reply: Reply) => T | undefined): readonly T[] {
  return replies.flatMap((reply) => decode(reply) ?? []);
}

function describeRequest(message: Message): string {
  if (message.type === GENL_ID_CTRL) return "find the IPVS family";
  return describeChange({ command: message.header[0] ?? 0, attrs: message.attrs });
}
