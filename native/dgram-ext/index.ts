/**
 * dgram-ext: datagram sockets that node:dgram lacks (raw IP, AF_PACKET, AF_NETLINK, AF_UNIX), with ancillary data and
 * readiness, and the few system calls around them that Node has no door to. Linux only.
 *
 * The C side (src/) does one system call at a time and decides nothing; names, defaults and messages live here. See README.md.
 */

export * from "./constants.ts";
export {
  capabilities,
  dropPrivileges,
  enterNamespace,
  interfaceIndex,
  interfaceName,
  lockFile,
  makeFifo,
  setLimit,
  setNice,
  setParentDeathSignal,
  setProcessName,
  setRealtime,
  trimMemory,
} from "./process.ts";
export { onSignal } from "./signals.ts";
export { openSocket } from "./socket.ts";
export { closeDescriptor, connectStream, openStream } from "./stream.ts";
export { boottimeMs, openTimer, realtimeMs } from "./timer.ts";
export type * from "./types.ts";
