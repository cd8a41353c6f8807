/** What both kinds of netlink sockets need. */
import type { Socket } from "dgram-ext";

export const SOL_NETLINK = 270; // linux/socket.h
/** asm-generic/socket.h */
const SOL_SOCKET = 1;
const SO = { sendBuffer: 7, receiveBuffer: 8, sendBufferForce: 32, receiveBufferForce: 33 } as const;

/** Beyond net.core.rmem_max where the process may (CAP_NET_ADMIN), else as far as it goes. */
export function forceBuffers(socket: Socket, size: number): void {
  try {
    socket.setOption(SOL_SOCKET, SO.receiveBufferForce, size);
    socket.setOption(SOL_SOCKET, SO.sendBufferForce, size);
  } catch {
    socket.setOption(SOL_SOCKET, SO.receiveBuffer, size);
    socket.setOption(SOL_SOCKET, SO.sendBuffer, size);
  }
}
