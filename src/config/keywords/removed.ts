/** Keywords of old releases, of forks and of well-known mistakes: not known any more, but what is meant is clear. */

export type Removed = {
  readonly name: string;
  readonly what: string;
  readonly remedy: string;
  /** keepalived has long gone on without it, and so does vipd: no reason to refuse a file. */
  readonly harmless?: true;
};

const fork = "belongs to a fork of keepalived (dpvs, or an FNAT kernel)";

export const removedKeywords: readonly Removed[] = [
  {
    name: "nat_mask",
    what: "was removed from keepalived; IPVS has no such mask",
    remedy: "remove the line",
    harmless: true,
  },
  {
    name: "nb_get_retry",
    what: "is not known in this check, which goes on without it",
    remedy: "write retry instead",
    harmless: true,
  },
  { name: "lvs_id", what: "was removed from keepalived", remedy: "write router_id instead", harmless: true },
  {
    name: "lvs_sync_daemon_inteface",
    what: "was a misspelling in old releases",
    remedy: "write lvs_sync_daemon IFNAME VRRP_INSTANCE in global_defs",
    harmless: true,
  },
  { name: "mcast_group", what: "was removed from keepalived", remedy: "write vrrp_mcast_group4 in global_defs" },
  { name: "sync_group", what: "was removed from keepalived", remedy: "list the instance in a vrrp_sync_group block" },
  { name: "vip", what: "is no keyword", remedy: "write a virtual_ipaddress block" },
  { name: "connect_to", what: "is no keyword", remedy: "write connect_ip and connect_port" },
  { name: "script_security", what: "was renamed", remedy: "write enable_script_security in global_defs" },
  { name: "laddr_group_name", what: fork, remedy: "remove the line" },
  { name: "local_address_group", what: fork, remedy: "remove the block" },
  { name: "deny_address_group", what: fork, remedy: "remove the block" },
  { name: "daddr_group_name", what: fork, remedy: "remove the line" },
  { name: "establish_timeout", what: fork, remedy: "write lvs_timeouts in global_defs" },
  { name: "dpdk_interface", what: fork, remedy: "remove the line" },
  { name: "syn_proxy", what: fork, remedy: "remove the line" },
  { name: "bal_defs", what: fork, remedy: "remove the block" },
];
