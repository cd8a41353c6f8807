/** Numbers of linux/ip_vs.h, under the names of its enums. */

/** IPVS_GENL_NAME, IPVS_GENL_VERSION */
export const IPVS = { name: "IPVS", version: 1 } as const;

/** IPVS_CMD_* */
export const CMD = {
  newService: 1,
  setService: 2,
  delService: 3,
  getService: 4,
  newDest: 5,
  setDest: 6,
  delDest: 7,
  getDest: 8,
  newDaemon: 9,
  delDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const;

/** IPVS_CMD_ATTR_* */
export const CMD_ATTR = { service: 1, dest: 2, daemon: 3, timeoutTcp: 4, timeoutTcpFin: 5, timeoutUdp: 6 } as const;

/** IPVS_SVC_ATTR_* */
export const SVC = {
  family: 1,
  protocol: 2,
  address: 3,
  port: 4,
  fwmark: 5,
  scheduler: 6,
  flags: 7,
  timeout: 8,
  netmask: 9,
  stats: 10,
  pe: 11,
  stats64: 12,
} as const;

/** IPVS_DEST_ATTR_* */
export const DEST = {
  address: 1,
  port: 2,
  forwarding: 3,
  weight: 4,
  upperThreshold: 5,
  lowerThreshold: 6,
  active: 7,
  inactive: 8,
  persistent: 9,
  stats: 10,
  family: 11,
  stats64: 12,
  tunnelType: 13,
  tunnelPort: 14,
  tunnelFlags: 15,
} as const;

/** IPVS_DAEMON_ATTR_* */
export const DAEMON = {
  state: 1,
  link: 2,
  syncId: 3,
  maxLength: 4,
  group: 5,
  group6: 6,
  port: 7,
  ttl: 8,
} as const;

/** IPVS_STATS_ATTR_* */
export const STATS = {
  connections: 1,
  inPackets: 2,
  outPackets: 3,
  inBytes: 4,
  outBytes: 5,
  connectionRate: 6,
  inPacketRate: 7,
  outPacketRate: 8,
  inByteRate: 9,
  outByteRate: 10,
} as const;

/** IPVS_INFO_ATTR_* */
export const INFO = { version: 1, tableSize: 2 } as const;

/** IP_VS_SVC_F_*, bits of `Service.flags`. */
export const SERVICE_FLAG = {
  persistent: 0x01,
  /** Set by the kernel only. */
  hashed: 0x02,
  onePacket: 0x04,
  /** `flag-1`; sh-fallback, mh-fallback. */
  scheduler1: 0x08,
  /** `flag-2`; sh-port, mh-port. */
  scheduler2: 0x10,
  scheduler3: 0x20,
} as const;

/** linux/in.h */
export const IPPROTO = { tcp: 6, udp: 17, sctp: 132 } as const;
/** IP_VS_CONN_F_*, by number. */
export const FORWARDING = ["NAT", "local", "TUN", "DR", "bypass"] as const;
/** IP_VS_CONN_F_TUNNEL_TYPE_*, by number. */
export const TUNNEL = ["ipip", "gue", "gre"] as const;
/** IP_VS_TUNNEL_ENCAP_FLAG_* */
export const TUNNEL_FLAG = { nocsum: 0, csum: 1, remcsum: 2 } as const;
/** IP_VS_STATE_* */
export const SYNC_STATE = { master: 1, backup: 2 } as const;
