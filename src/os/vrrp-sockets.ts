/**
 * The sockets of one link: a raw one for protocol 112 that hears the group, and one that sends whole IPv4 packets. Both are tied to the link by its
 * index, so a link that vanishes and returns needs new ones. Loopback is off: our own adverts do not come back.
 */
import { IP, IPPROTO, MSG, openSocket, SO, SOL, type Socket, type SystemError } from "dgram-ext";
import { type Ip, ipFromBytes } from "../base/address.ts";
import { isSystemError } from "./errors.ts";

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
  /**
   * What is to be heard from now on: groups that are new are joined, those that are not named are left.
   * @returns the groups that could not be joined, each with its error: ENOBUFS (net.ipv4.igmp_max_memberships), ENOMEM, …
   * @throws {SystemError} the buffer cannot be set
   */
  listen(to: Listening): ReadonlyMap<Ip, SystemError>;
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

export type Listening = {
  /** Multicast groups. */
  readonly groups: readonly Ip[];
  /** undefined = our own choice */
  readonly receiveBufferBytes: number | undefined;
};

export type VrrpSocketOptions = {
  readonly link: string;
  readonly index: number;
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

/** @throws {SystemError} EPERM, EMFILE, ENODEV, … */
export function openVrrpSockets(options: VrrpSocketOptions): VrrpSockets {
  const receiver = openReceiver(options);
  const sender = openSender(options.link, receiver);
  const toGroup = { flags: MSG.DONTROUTE };
  const toPeer = {};
  /** Every advert goes to one of few addresses. */
  const targets = new Map<Ip, { readonly family: "ipv4"; readonly address: string }>();
  const joined = new Set<Ip>();
  let bufferBytes: number | undefined;

  function listen(to: Listening): ReadonlyMap<Ip, SystemError> {
    const wanted = to.receiveBufferBytes ?? RECEIVE_BYTES;
    if (bufferBytes !== wanted) force(receiver, SO.RCVBUFFORCE, SO.RCVBUF, wanted);
    bufferBytes = wanted;
    for (const group of [...joined]) if (!to.groups.includes(group)) leave(group);
    const refused = new Map<Ip, SystemError>();
    for (const group of to.groups) {
      if (joined.has(group)) continue;
      const error = join(group);
      if (error === undefined) joined.add(group);
      else refused.set(group, error);
    }
    return refused;
  }

  function join(group: Ip): SystemError | undefined {
    try {
      receiver.join(group, options.index);
      return undefined;
    } catch (error) {
      if (isSystemError(error)) return error;
      throw error;
    }
  }

  function leave(group: Ip): void {
    joined.delete(group);
    try {
      receiver.leave(group, options.index);
    } catch (error) {
      if (!isSystemError(error)) throw error; // the link is gone, and the membership with it
    }
  }

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
    listen,
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
    socket.setOption(SOL.SOCKET, SO.TIMESTAMPNS, 1);
    socket.setOption(IPPROTO.IP, IP.MULTICAST_ALL, 0);
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
