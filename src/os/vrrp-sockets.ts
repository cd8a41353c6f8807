/**
 * The sockets of one link: a raw one for protocol 112 that hears the group, and one that sends whole IPv4 packets. Both are tied to the link by its
 * index, so a link that vanishes and returns needs new ones. Loopback is off: our own adverts do not come back.
 */
import { IP, IPPROTO, MSG, openSocket, SO, SOL, type Socket } from "dgram-ext";
import { type Ip, ipFromBytes } from "../base/address.ts";

/** A VRRP packet as it came: what the IP header said, and the payload. */
export type VrrpPacket = {
  readonly from: Ip;
  readonly to: Ip;
  readonly ttl: number;
  readonly bytes: Uint8Array;
  /** Kernel receive stamp, CLOCK_REALTIME ms. */
  readonly realtimeMs: number | undefined;
};

export type VrrpSockets = {
  readonly link: string;
  readonly index: number;
  /** @returns undefined when none waits */
  receive(): VrrpPacket | undefined;
  /**
   * @param packet a whole IPv4 packet; the kernel fills in the header's checksum
   * @returns false when the send buffer is full
   * @throws {SystemError} ENETDOWN, ENETUNREACH, EPERM (a packet filter), …
   */
  send(packet: Uint8Array, to: Ip, multicast: boolean): boolean;
  close(): void;
};

export type VrrpSocketOptions = {
  readonly link: string;
  readonly index: number;
  /** Multicast groups to join. */
  readonly groups: readonly Ip[];
  readonly receiveBufferBytes: number | undefined;
  readonly onReadable: () => void;
};

/** TC_PRIO_CONTROL of linux/pkt_sched.h: ahead of bulk traffic in the default queue. */
const PRIORITY_CONTROL = 7;
/** Adverts of 255 instances for a second of stall. */
const RECEIVE_BYTES = 1 << 20;
const SEND_BYTES = 1 << 20;
/** Byte offsets in the IPv4 header, RFC 791 §3.1. */
const AT = { headerLength: 0, ttl: 8, source: 12, destination: 16 } as const;
const HEADER_BYTES = 20;

export function openVrrpSockets(options: VrrpSocketOptions): VrrpSockets {
  const receiver = openReceiver(options);
  const sender = openSender(options.link, receiver);
  const toGroup = { flags: MSG.DONTROUTE };
  const toPeer = {};
  /** Every advert goes to one of few addresses. */
  const targets = new Map<Ip, { readonly family: "ipv4"; readonly address: string }>();

  function targetOf(to: Ip) {
    let target = targets.get(to);
    if (target === undefined) {
      target = { family: "ipv4", address: to };
      targets.set(to, target);
    }
    return target;
  }

  return {
    link: options.link,
    index: options.index,
    receive: () => receivePacket(receiver),
    send: (packet, to, multicast) => sender.send(packet, targetOf(to), multicast ? toGroup : toPeer) !== undefined,
    close() {
      receiver.close();
      sender.close();
    },
  };
}

function openReceiver(options: VrrpSocketOptions): Socket {
  const socket = openSocket({ domain: "ipv4", type: "raw", protocol: IPPROTO.VRRP });
  try {
    socket.setOption(SOL.SOCKET, SO.BINDTODEVICE, deviceName(options.link));
    force(socket, SO.RCVBUFFORCE, SO.RCVBUF, options.receiveBufferBytes ?? RECEIVE_BYTES);
    socket.setOption(SOL.SOCKET, SO.TIMESTAMPNS, 1);
    socket.setOption(IPPROTO.IP, IP.MULTICAST_ALL, 0);
    for (const group of options.groups) {
      socket.join(group, options.index);
    }
    socket.onReadable(options.onReadable);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** @param receiver is closed when this fails */
function openSender(link: string, receiver: Socket): Socket {
  let socket: Socket | undefined;
  try {
    socket = openSocket({ domain: "ipv4", type: "raw", protocol: IPPROTO.RAW });
    socket.setOption(SOL.SOCKET, SO.BINDTODEVICE, deviceName(link));
    socket.setOption(IPPROTO.IP, IP.HDRINCL, 1);
    socket.setOption(IPPROTO.IP, IP.MULTICAST_LOOP, 0);
    socket.setOption(IPPROTO.IP, IP.RECVERR, 1); // else a packet that the kernel drops for want of memory counts as sent
    socket.setOption(SOL.SOCKET, SO.PRIORITY, PRIORITY_CONTROL);
    force(socket, SO.SNDBUFFORCE, SO.SNDBUF, SEND_BYTES);
    return socket;
  } catch (error) {
    socket?.close();
    receiver.close();
    throw error;
  }
}

function receivePacket(socket: Socket): VrrpPacket | undefined {
  for (;;) {
    const datagram = receiveQuietly(socket);
    if (datagram === undefined) return undefined;
    const { data } = datagram;
    const headerLength = ((data[AT.headerLength] ?? 0) & 0x0f) * 4;
    if (headerLength < HEADER_BYTES || data.length < headerLength) continue;
    return {
      from: ipFromBytes(data.subarray(AT.source, AT.source + 4)),
      to: ipFromBytes(data.subarray(AT.destination, AT.destination + 4)),
      ttl: data[AT.ttl] ?? 0,
      bytes: data.subarray(headerLength),
      realtimeMs: datagram.realtimeMs,
    };
  }
}

/** A link that goes down leaves ENETDOWN on its sockets; netlink tells it better. */
function receiveQuietly(socket: Socket) {
  try {
    return socket.receive();
  } catch {
    return undefined;
  }
}

function force(socket: Socket, forced: number, polite: number, bytes: number): void {
  try {
    socket.setOption(SOL.SOCKET, forced, bytes);
  } catch {
    socket.setOption(SOL.SOCKET, polite, bytes);
  }
}

function deviceName(link: string): Uint8Array {
  return new TextEncoder().encode(`${link}\0`);
}
