/** Datagram sockets. */

import {
  addressArguments,
  addressText,
  ipReader,
  NO_ADDRESS,
  RECEIVE_CAPACITY,
  RECEIVED,
  readAddress,
  received,
} from "./address.ts";
import { AF, ERRNO, IP, IPPROTO, IPV6, NLMSG_HEADER, SOCK } from "./constants.ts";
import { check, systemError } from "./errors.ts";
import type { Handle } from "./native.ts";
import { native } from "./native.ts";
import type { Datagram, OpenOptions, SendOptions, Socket, SocketAddress } from "./types.ts";

const DOMAIN = { ipv4: AF.INET, ipv6: AF.INET6, packet: AF.PACKET, netlink: AF.NETLINK, unix: AF.UNIX } as const;
const DEFAULT_RECEIVE = 65536;
const DEFAULT_TIMEOUT_MS = 5000;

/**
 * Opens a non-blocking socket. It must be closed (`close`, or `using`); one that is forgotten without a readiness callback is
 * closed when it is garbage-collected.
 *
 * @throws {SystemError} EPERM: raw and packet sockets need CAP_NET_RAW
 */
export function openSocket(options: OpenOptions): Socket {
  const { domain, type, protocol = 0 } = options;
  const name = `${type} ${domain} socket`;
  // AF_PACKET alone takes its protocol in network order
  const wire = domain === "packet" ? ((protocol & 0xff) << 8) | (protocol >> 8) : protocol;
  const opened = native.openSocket(DOMAIN[domain], type === "raw" ? SOCK.RAW : SOCK.DGRAM, wire);
  if (typeof opened === "number") throw systemError("socket", `of a ${name} with protocol ${protocol}`, -opened);
  return wrap(opened, name, domain);
}

function wrap(handle: Handle, name: string, domain: OpenOptions["domain"]): Socket {
  const ipText = ipReader();
  const destinationText = ipReader();
  let closed = false;
  // A sender repeats its destination: the same object is not taken apart again
  let lastTo: SocketAddress | undefined;
  let packed = NO_ADDRESS;

  function close(): void {
    closed = true;
    native.close(handle);
  }

  function receiveBytes(maxBytes: number): number {
    const length = native.receive(handle, maxBytes);
    if (length < 0 && length !== -ERRNO.EAGAIN) throw systemError("recvmsg", `on a ${name}`, -length);
    return length;
  }

  function receive(maxBytes = DEFAULT_RECEIVE): Datagram | undefined {
    if (maxBytes > RECEIVE_CAPACITY) throw new RangeError(`maxBytes ${maxBytes} is more than ${RECEIVE_CAPACITY}`);
    const length = receiveBytes(maxBytes);
    if (length < 0) return undefined;
    const family = received.word(RECEIVED.destinationFamily);
    const ttl = received.word(RECEIVED.ttl);
    const realtimeMs = received.realtimeMs();
    return {
      data: received.bytes(RECEIVED.data, length),
      from: readAddress(ipText),
      ifindex: received.word(RECEIVED.ifindex),
      destination: family === 0 ? undefined : destinationText(family, RECEIVED.destination),
      ttl: ttl < 0 ? undefined : ttl,
      realtimeMs: Number.isNaN(realtimeMs) ? undefined : realtimeMs,
      truncated: received.word(RECEIVED.truncated) !== 0,
    };
  }

  function send(data: Uint8Array, to?: SocketAddress, options?: SendOptions): number | undefined {
    if (to !== lastTo) {
      lastTo = to;
      packed = to === undefined ? NO_ADDRESS : addressArguments(to);
    }
    // By index, not destructured: that would allocate an iterator per advert
    const sent = native.send(
      handle,
      data,
      options?.flags ?? 0,
      packed[0],
      packed[1],
      packed[2],
      packed[3],
      options?.source,
      options?.ifindex ?? 0,
    );
    if (sent === -ERRNO.EAGAIN) return undefined;
    if (sent < 0) throw systemError("sendmsg", sendText(data, to, options, name), -sent);
    return sent;
  }

  function request(data: Uint8Array, done: (datagram: Buffer) => boolean, timeoutMs = DEFAULT_TIMEOUT_MS): Buffer[] {
    const until = native.boottimeMs() + timeoutMs;
    const wait = (writable: boolean): void => {
      const left = until - native.boottimeMs();
      const ready = left > 0 ? check(native.wait(handle, writable, Math.ceil(left)), "poll", () => `on a ${name}`) : 0;
      if (ready === 0 && native.boottimeMs() >= until) throw timedOut(name, timeoutMs);
    };
    while (send(data) === undefined) wait(true);
    const replies: Buffer[] = [];
    for (;;) {
      const length = receiveBytes(RECEIVE_CAPACITY);
      if (length < 0) {
        wait(false);
        continue;
      }
      const reply = received.bytes(RECEIVED.data, length);
      replies.push(reply);
      if (done(reply)) return replies;
    }
  }

  function requestAsync(
    data: Uint8Array,
    expect: { readonly acks: number } | { readonly dump: true },
    timeoutMs = DEFAULT_TIMEOUT_MS,
  ): Promise<readonly Buffer[]> {
    if (domain !== "netlink") throw new TypeError(`requestAsync needs a netlink socket, not a ${name}`);
    if (data.length < NLMSG_HEADER) throw new RangeError(`A netlink message has ${NLMSG_HEADER} bytes or more`);
    const acks = "acks" in expect ? expect.acks : -1;
    return new Promise((resolve, reject) => {
      const result = native.requestAsync(handle, data, acks, Math.ceil(timeoutMs), (errno, replies) => {
        if (errno === 0) resolve(replies);
        else if (errno === ERRNO.ETIMEDOUT) reject(timedOut(name, timeoutMs));
        else reject(systemError("request", `on a ${name}`, errno));
      });
      if (result < 0) reject(systemError("request", `on a ${name}`, -result));
    });
  }

  function membership(join: boolean, group: string, ifindex: number): void {
    const address = native.parseIp(group);
    if (address === undefined) throw new TypeError(`${group} is not an IP address`);
    const v4 = address.length === 4;
    const option = v4
      ? join
        ? IP.ADD_MEMBERSHIP
        : IP.DROP_MEMBERSHIP
      : join
        ? IPV6.ADD_MEMBERSHIP
        : IPV6.DROP_MEMBERSHIP;
    const index = Buffer.from(Uint32Array.of(ifindex).buffer);
    // struct ip_mreqn { group, local address, interface }; struct ipv6_mreq { group, interface }
    const value = Buffer.concat(v4 ? [address, Buffer.alloc(4), index] : [address, index]);
    const deed = () => `to ${join ? "join" : "leave"} ${group} on interface ${ifindex} with a ${name}`;
    check(native.setOption(handle, v4 ? IPPROTO.IP : IPPROTO.IPV6, option, value), "setsockopt", deed);
  }

  return {
    get fd() {
      return native.descriptor(handle);
    },
    bind(address) {
      check(native.bind(handle, ...addressArguments(address)), "bind", () => `${addressText(address)} on a ${name}`);
    },
    connect(address) {
      const what = () => `${addressText(address)} on a ${name}`;
      check(native.connect(handle, ...addressArguments(address)), "connect", what);
    },
    setOption(level, option, value) {
      const what = () => `level ${level} option ${option} to ${optionText(value)} on a ${name}`;
      check(native.setOption(handle, level, option, value), "setsockopt", what);
    },
    getOption(level, option, length) {
      const value = native.getOption(handle, level, option, length);
      if (typeof value !== "number") return value;
      throw systemError("getsockopt", `level ${level} option ${option} on a ${name}`, -value);
    },
    attachFilter(program) {
      check(native.attachFilter(handle, program), "setsockopt", () => `SO_ATTACH_FILTER on a ${name}`);
    },
    join: (group, ifindex) => membership(true, group, ifindex),
    leave: (group, ifindex) => membership(false, group, ifindex),
    localAddress() {
      check(native.localAddress(handle), "getsockname", () => `on a ${name}`);
      const address = readAddress(ipText);
      if (address === undefined) throw new TypeError(`The ${name} has no address of a known family`);
      return address;
    },
    send,
    receive,
    onReadable(fn) {
      if (fn === null && closed) return;
      check(native.watch(handle, fn, false), "watch", () => `of a ${name}`);
    },
    request,
    requestAsync,
    ref: () => native.reference(handle, true),
    unref: () => native.reference(handle, false),
    close,
    [Symbol.dispose]: close,
  };
}

function timedOut(name: string, timeoutMs: number) {
  return systemError("request", `on a ${name}: no whole answer in ${timeoutMs} ms; it`, ERRNO.ETIMEDOUT);
}

function optionText(value: number | Uint8Array): string {
  return typeof value === "number" ? String(value) : `0x${Buffer.from(value).toString("hex")}`;
}

function sendText(data: Uint8Array, to: SocketAddress | undefined, options: SendOptions | undefined, name: string) {
  const target = to === undefined ? "" : ` to ${addressText(to)}`;
  const source = options?.source === undefined ? "" : ` from ${options.source}`;
  const device = options?.ifindex === undefined ? "" : ` through interface ${options.ifindex}`;
  return `of ${data.length} bytes${target}${source}${device} on a ${name}`;
}
