/** Connected sockets whose device, mark and source address must be set before `connect`, for `new net.Socket({ fd })`. */

import { addressArguments, addressText } from "./address.ts";
import { AF, ERRNO, IP, IPPROTO, SO, SOCK, SOL } from "./constants.ts";
import { check, systemError } from "./errors.ts";
import type { Handle } from "./native.ts";
import { native } from "./native.ts";
import type { SocketAddress, StreamOptions } from "./types.ts";

/**
 * Starts a connection without waiting for it.
 *
 * @returns the descriptor, which the caller closes (`net.Socket` does, or `closeDescriptor`). It may be still connecting:
 * whether it succeeds is told by the first write. `connectStream` waits for that.
 * @throws {SystemError} also for refusals that the kernel knows at once (ECONNREFUSED on loopback, ENETUNREACH)
 */
export function openStream(options: StreamOptions): number {
  const handle = startConnect(options);
  return native.release(handle);
}

/**
 * Connects. Afterwards `new net.Socket({ fd })` owns the descriptor.
 *
 * @returns rejects with a {SystemError} (ECONNREFUSED, ETIMEDOUT, …), or with `signal`'s reason; the descriptor is closed then
 */
export function connectStream(options: StreamOptions, signal?: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const handle = startConnect(options);
    const onAbort = () => {
      native.close(handle);
      reject(signal?.reason);
    };
    const onConnected = (errno: number) => {
      signal?.removeEventListener("abort", onAbort);
      if (errno === 0) {
        resolve(native.release(handle));
        return;
      }
      native.close(handle);
      reject(systemError("connect", connectText(options), errno));
    };
    const watched = native.watch(handle, onConnected, true);
    if (watched < 0) {
      native.close(handle);
      reject(systemError("watch", "of a socket that connects", -watched));
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Closes a descriptor that the addon gave away. */
export function closeDescriptor(fd: number): void {
  check(native.closeDescriptor(fd), "close", () => `of descriptor ${fd}`);
}

function startConnect(options: StreamOptions): Handle {
  const type = options.type === "datagram" ? SOCK.DGRAM : SOCK.STREAM;
  const domain = addressArguments(options.to)[0];
  const handle = native.openStream(domain, type);
  if (typeof handle === "number") throw systemError("socket", `to connect to ${addressText(options.to)}`, -handle);
  try {
    prepare(handle, domain, options);
    const result = native.connect(handle, ...addressArguments(options.to));
    if (result < 0 && result !== -ERRNO.EINPROGRESS) throw systemError("connect", connectText(options), -result);
    return handle;
  } catch (error) {
    native.close(handle);
    throw error;
  }
}

function prepare(handle: Handle, domain: number, { from, device, mark }: StreamOptions): void {
  const set = (level: number, option: number, value: number | Uint8Array, what: string) =>
    check(native.setOption(handle, level, option, value), "setsockopt", () => what);
  if (mark !== undefined) set(SOL.SOCKET, SO.MARK, mark, `SO_MARK ${mark} (it needs CAP_NET_ADMIN or CAP_NET_RAW)`);
  if (device !== undefined) {
    set(SOL.SOCKET, SO.BINDTODEVICE, Buffer.from(`${device}\0`), `SO_BINDTODEVICE ${device}`);
  }
  if (from === undefined) return;
  // The port is chosen at connect, when the destination is known: otherwise 28,000 sources are all there are
  if (portOf(from) === 0 && domain !== AF.UNIX) {
    set(IPPROTO.IP, IP.BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT");
  }
  check(native.bind(handle, ...addressArguments(from)), "bind", () => `${addressText(from)} before connect`);
}

function portOf(address: SocketAddress): number {
  return "port" in address ? (address.port ?? 0) : 0;
}

function connectText({ to, from, device, mark }: StreamOptions): string {
  const source = from === undefined ? "" : ` from ${addressText(from)}`;
  const through = device === undefined ? "" : ` through ${device}`;
  const marked = mark === undefined ? "" : ` with mark ${mark}`;
  return `to ${addressText(to)}${source}${through}${marked}`;
}
