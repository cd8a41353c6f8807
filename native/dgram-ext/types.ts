/**
 * The types of dgram-ext: datagram sockets that node:dgram lacks, and the few system calls around them.
 *
 * Every error thrown is a `SystemError`: `code` ("EPERM"), `errno` (positive), `syscall` ("bind") and a
 * message that says what was tried: `bind 0.0.0.0 on a raw socket failed: EPERM (Operation not permitted)`.
 */

export type SystemError = Error & {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
};

/** A socket address by family; the native layer packs it into the matching `sockaddr`. */
export type SocketAddress =
  | { readonly family: "ipv4"; readonly address: string; readonly port?: number }
  | { readonly family: "ipv6"; readonly address: string; readonly port?: number; readonly scopeId?: number }
  /** AF_PACKET: `protocol` is an Ethertype in host order; `hardware` up to 8 bytes. */
  | {
      readonly family: "packet";
      readonly ifindex: number;
      readonly protocol?: number;
      readonly hardware?: Uint8Array;
      /** Of received frames: PACKET.HOST … PACKET.OUTGOING. */
      readonly packetType?: number;
    }
  /** AF_NETLINK: `pid` 0 is the kernel (or: let the kernel choose); `groups` the legacy bit mask. */
  | { readonly family: "netlink"; readonly pid?: number; readonly groups?: number }
  /** AF_UNIX; a leading NUL is the abstract name space. */
  | { readonly family: "unix"; readonly path: string };

/** One datagram as received, with the ancillary data that the socket was asked for. */
export type Datagram = {
  /** A copy owned by the receiver. */
  readonly data: Buffer;
  readonly from: SocketAddress | undefined;
  /** Index of the interface it arrived on (IP_PKTINFO, IPV6_PKTINFO or AF_PACKET); 0 = unknown. */
  readonly ifindex: number;
  /** Destination address of the IP header, where packet info was enabled. */
  readonly destination: string | undefined;
  /** TTL or hop limit of the IP header, where enabled. */
  readonly ttl: number | undefined;
  /** Kernel receive stamp (SO_TIMESTAMPNS), CLOCK_REALTIME in milliseconds with fractions; where enabled. */
  readonly realtimeMs: number | undefined;
  /** The datagram was longer than the buffer. */
  readonly truncated: boolean;
};

/**
 * A non-blocking datagram socket. Descriptors are CLOEXEC. `close` is safe at any time, also twice, from a
 * readiness callback, and when the worker that opened it ends.
 */
export type Socket = {
  readonly fd: number;
  bind(address: SocketAddress): void;
  connect(address: SocketAddress): void;
  /** setsockopt: an integer as C `int`, or the raw bytes. */
  setOption(level: number, name: number, value: number | Uint8Array): void;
  getOption(level: number, name: number, length: number): Buffer;
  /** SO_ATTACH_FILTER: a classic BPF program as `struct sock_filter`s, 8 bytes each in host order. */
  attachFilter(program: Uint8Array): void;
  /** Joins or leaves a multicast group (IPv4 or IPv6 address) on the interface. */
  join(group: string, ifindex: number): void;
  leave(group: string, ifindex: number): void;
  /** The address that the socket is bound to, with what the kernel chose (port, netlink pid). */
  localAddress(): SocketAddress;
  /** @returns the bytes sent, or undefined when the send buffer is full (EAGAIN). */
  send(data: Uint8Array, to?: SocketAddress, options?: SendOptions): number | undefined;
  /** The next datagram that waits, or undefined (EAGAIN). Errors queued on the socket are thrown. */
  receive(maxBytes?: number): Datagram | undefined;
  /** Calls `fn` whenever the socket is readable (level-triggered, uv_poll); null stops. */
  onReadable(fn: (() => void) | null): void;
  /**
   * Sends `data` and reads synchronously until `done(reply)` is true; for netlink, where the kernel has queued the answer
   * before send returns. Throws ETIMEDOUT after `timeoutMs` (default 5000).
   */
  request(data: Uint8Array, done: (datagram: Buffer) => boolean, timeoutMs?: number): readonly Buffer[];
  /** The same on a thread of the addon, so that the caller's loop never waits for a kernel lock; netlink framing: done at
   * NLMSG_DONE, or when `acks` NLMSG_ERROR messages have come. One at a time per socket, in the order of the calls. */
  requestAsync(
    data: Uint8Array,
    expect: { readonly acks: number } | { readonly dump: true },
    timeoutMs?: number,
  ): Promise<readonly Buffer[]>;
  /** Keeps the event loop alive (default) or not. */
  ref(): void;
  unref(): void;
  close(): void;
  [Symbol.dispose](): void;
};

export type SendOptions = {
  /** MSG_* flags. */
  readonly flags?: number;
  /** Source address to send from, by IP_PKTINFO/IPV6_PKTINFO. */
  readonly source?: string;
  /** Interface to send through, by packet info. */
  readonly ifindex?: number;
};

export type OpenOptions = {
  readonly domain: "ipv4" | "ipv6" | "packet" | "netlink" | "unix";
  readonly type: "raw" | "datagram";
  /** IPPROTO_*, Ethertype in host order (AF_PACKET), or NETLINK_* */
  readonly protocol?: number;
};

/** A timerfd on CLOCK_BOOTTIME, good to 50–100 µs where setTimeout is good to a millisecond. */
export type Timer = {
  /** Fires once, when CLOCK_BOOTTIME (see `boottimeMs`) reaches `atMs`; arming again replaces. */
  armAt(atMs: number): void;
  disarm(): void;
  close(): void;
  [Symbol.dispose](): void;
};

export type StreamOptions = {
  readonly to: SocketAddress;
  /** Source address; with port 0 or none the kernel chooses the port at connect (IP_BIND_ADDRESS_NO_PORT). */
  readonly from?: SocketAddress;
  /** Interface name (SO_BINDTODEVICE); needs no privilege as long as the socket has no device yet. */
  readonly device?: string;
  /** Firewall mark (SO_MARK): CAP_NET_ADMIN, from Linux 5.17 CAP_NET_RAW will do. */
  readonly mark?: number;
  /** Default: stream (TCP). */
  readonly type?: "stream" | "datagram";
};

export type DropOptions = {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, up to 64; default: none. */
  readonly groups?: readonly number[];
  /** Capabilities that stay permitted and effective: CAP_* numbers. */
  readonly keep: readonly number[];
  /** Default: true. */
  readonly noNewPrivileges?: boolean;
};

/** A file under an exclusive lock. `write` replaces its content. */
export type FileLock = {
  readonly fd: number;
  write(text: string): void;
  close(): void;
};

/** What the addon exports besides constants (`constants.ts`: AF_, SOL_, SO_, IP_, MSG_, NETLINK_, PR_, CAP_, …). */
export type DgramExt = {
  openSocket(options: OpenOptions): Socket;
  openTimer(onExpired: () => void): Timer;
  /**
   * A TCP (or UDP) socket with source address, device and mark set before `connect`, which is started non-blocking.
   * @returns the descriptor, for `new net.Socket({ fd })`; the caller owns it.
   */
  openStream(options: StreamOptions): number;
  /** The same, but waits until it is connected; rejects with what the network says, or with the reason of `signal`. */
  connectStream(options: StreamOptions, signal?: AbortSignal): Promise<number>;
  closeDescriptor(fd: number): void;
  /** CLOCK_BOOTTIME / CLOCK_REALTIME in milliseconds with fractions. */
  boottimeMs(): number;
  realtimeMs(): number;
  interfaceIndex(name: string): number | undefined;
  interfaceName(index: number): string | undefined;
  /** Takes an exclusive flock without waiting. @returns a handle, or undefined if someone holds it. */
  lockFile(path: string): FileLock | undefined;
  /** SCHED_RR | SCHED_RESET_ON_FORK at `priority` (1–99) for every thread of this process or only the calling one; 0 = SCHED_OTHER. */
  setRealtime(priority: number, threads?: "all" | "calling"): void;
  setNice(value: number): void;
  /** setrlimit, e.g. RLIMIT_RTTIME in µs, RLIMIT_NOFILE, RLIMIT_CORE. */
  setLimit(resource: number, soft: number, hard: number): void;
  /** Memory the addon may lock is none: mlockall aborts V8. */
  enterNamespace(path: string, type: "network" | "mount"): void;
  /** PR_SET_KEEPCAPS → setgroups, setgid, setuid → capset of `keep` (CAP_* numbers) on every thread → no_new_privs. */
  dropPrivileges(options: DropOptions): void;
  /** The permitted capabilities (CAP_* numbers): what `dropPrivileges` may keep. */
  capabilities(): readonly number[];
  setParentDeathSignal(signal: number): void;
  setProcessName(name: string): void;
  /** Calls `fn` with the number for signals that Node cannot listen to (realtime signals). Blocks nothing else. */
  onSignal(signals: readonly number[], fn: (signal: number) => void): { close(): void };
  /** mkfifo(3). */
  makeFifo(path: string, mode: number): void;
};
