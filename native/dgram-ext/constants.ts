/** The numbers of the kernel, under the names of its headers without their prefix. The same on x86-64 and arm64. */

/** Address families, `bits/socket.h`. */
export const AF = {
  UNIX: 1,
  INET: 2,
  INET6: 10,
  NETLINK: 16,
  PACKET: 17,
} as const;

/** Socket types, `bits/socket_type.h`. */
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
} as const;

/** Levels of `setOption` that are no protocol, `sys/socket.h`. */
export const SOL = {
  SOCKET: 1,
  RAW: 255,
  PACKET: 263,
  NETLINK: 270,
} as const;

/** Options at `SOL.SOCKET`, `asm-generic/socket.h`. */
export const SO = {
  REUSEADDR: 2,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  PRIORITY: 12,
  REUSEPORT: 15,
  PASSCRED: 16,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  DETACH_FILTER: 27,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  TIMESTAMPNS: 35,
  MARK: 36,
  RXQ_OVFL: 40,
  LOCK_FILTER: 44,
} as const;

/** Options at `IPPROTO.IP`, `linux/in.h`. */
export const IP = {
  PMTUDISC_DONT: 0,
  TOS: 1,
  TTL: 2,
  HDRINCL: 3,
  PKTINFO: 8,
  MTU_DISCOVER: 10,
  RECVERR: 11,
  RECVTTL: 12,
  FREEBIND: 15,
  TRANSPARENT: 19,
  MINTTL: 21,
  BIND_ADDRESS_NO_PORT: 24,
  MULTICAST_IF: 32,
  MULTICAST_TTL: 33,
  MULTICAST_LOOP: 34,
  ADD_MEMBERSHIP: 35,
  DROP_MEMBERSHIP: 36,
  MULTICAST_ALL: 49,
} as const;

/** Options at `IPPROTO.IPV6`, `linux/in6.h`. */
export const IPV6 = {
  CHECKSUM: 7,
  UNICAST_HOPS: 16,
  MULTICAST_IF: 17,
  MULTICAST_HOPS: 18,
  MULTICAST_LOOP: 19,
  ADD_MEMBERSHIP: 20,
  DROP_MEMBERSHIP: 21,
  V6ONLY: 26,
  MULTICAST_ALL: 29,
  RECVPKTINFO: 49,
  PKTINFO: 50,
  RECVHOPLIMIT: 51,
  HOPLIMIT: 52,
  TCLASS: 67,
  MINHOPCOUNT: 73,
  FREEBIND: 78,
} as const;

/** Options of raw ICMPv6 sockets at `IPPROTO.ICMPV6`, `linux/icmpv6.h`. */
export const ICMPV6 = {
  FILTER: 1,
} as const;

/** Options at `SOL.PACKET`, kinds of membership (MR_…) and packet types (HOST … OUTGOING), `linux/if_packet.h`. */
export const PACKET = {
  MR_MULTICAST: 0,
  HOST: 0,
  ADD_MEMBERSHIP: 1,
  MR_PROMISC: 1,
  BROADCAST: 1,
  DROP_MEMBERSHIP: 2,
  MR_ALLMULTI: 2,
  MULTICAST: 2,
  OTHERHOST: 3,
  OUTGOING: 4,
  AUXDATA: 8,
  IGNORE_OUTGOING: 23,
} as const;

/** Flags of `send`, `sys/socket.h`. */
export const MSG = {
  PEEK: 2,
  DONTROUTE: 4,
  TRUNC: 32,
  DONTWAIT: 64,
  CONFIRM: 2048,
  ERRQUEUE: 8192,
  NOSIGNAL: 16384,
} as const;

/** Protocols of netlink (ROUTE … GENERIC), `linux/netlink.h`. */
export const NETLINK = {
  ROUTE: 0,
  NETFILTER: 12,
  KOBJECT_UEVENT: 15,
  GENERIC: 16,
} as const;

/** Options at `SOL.NETLINK`, `linux/netlink.h`. */
export const NETLINK_OPTION = {
  ADD_MEMBERSHIP: 1,
  DROP_MEMBERSHIP: 2,
  PKTINFO: 3,
  BROADCAST_ERROR: 4,
  NO_ENOBUFS: 5,
  LISTEN_ALL_NSID: 8,
  CAP_ACK: 10,
  EXT_ACK: 11,
  GET_STRICT_CHK: 12,
} as const;

/** IP protocols, `linux/in.h`; VRRP of the IANA. */
export const IPPROTO = {
  IP: 0,
  ICMP: 1,
  IGMP: 2,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  AH: 51,
  ICMPV6: 58,
  VRRP: 112,
  RAW: 255,
} as const;

/** Ethertypes in host order, `linux/if_ether.h`. */
export const ETH_P = {
  ALL: 0x0003,
  IP: 0x0800,
  ARP: 0x0806,
  "8021Q": 0x8100,
  IPV6: 0x86dd,
} as const;

/** Resources of `setLimit`, `bits/resource.h`. RTTIME is in µs. */
export const RLIMIT = {
  CPU: 0,
  CORE: 4,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;

/** Capabilities, `linux/capability.h`. */
export const CAP = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_BROADCAST: 11,
  NET_ADMIN: 12,
  NET_RAW: 13,
  IPC_LOCK: 14,
  SYS_MODULE: 16,
  SYS_ADMIN: 21,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYSLOG: 34,
} as const;

/** Signals that have no name in Node; the first realtime signal is that of glibc. */
export const SIGNAL = {
  RTMIN: 34,
  RTMAX: 64,
} as const;

/** Error numbers, `asm-generic/errno.h`. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  ENXIO: 6,
  EBADF: 9,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMSGSIZE: 90,
  ENOPROTOOPT: 92,
  EOPNOTSUPP: 95,
  EAFNOSUPPORT: 97,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  ECONNREFUSED: 111,
  EHOSTUNREACH: 113,
  EINPROGRESS: 115,
  ECANCELED: 125,
} as const;

/** Bytes of `struct nlmsghdr`, `linux/netlink.h`. */
export const NLMSG_HEADER = 16;
