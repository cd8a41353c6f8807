/** Keywords about the daemon itself, outside every block. */
import type { Entry } from "./entry.ts";
import { flag, optionalWord, seconds, UINT32_MAX, word } from "./entry.ts";

export const processKeywords: readonly Entry[] = [
  {
    path: "linkbeat_use_polling",
    takes: flag,
    default: "off",
    since: "1.1.18",
    meaning: "poll link state with MII/ethtool/ioctl for all interfaces that lack netlink carrier",
    support: "not yet",
  },
  {
    path: "net_namespace",
    args: "NAME",
    takes: word,
    default: "none",
    since: "1.2.24",
    meaning: "run the whole daemon in network namespace /run/netns/NAME; not changeable on reload",
    support: "honoured",
  },
  {
    path: "net_namespace_ipvs",
    args: "[NAME]",
    takes: optionalWord,
    default: "same as net_namespace",
    range: "no NAME = initial netns",
    since: "2.1.0",
    meaning: "network namespace used for IPVS sockets",
    support: "honoured",
  },
  {
    path: "namespace_with_ipsets",
    takes: flag,
    default: "off",
    since: "1.3.0",
    meaning: "allow ipsets although running in a namespace (old kernels)",
    support: { without: "vipd keeps its files in its run directory" },
  },
  {
    path: "use_pid_dir",
    takes: flag,
    default: "off",
    since: "1.2.24",
    meaning: "put pid files in RUNSTATEDIR/keepalived/",
    support: { without: "vipd keeps its files in its run directory" },
  },
  {
    path: "instance",
    args: "NAME",
    takes: word,
    default: "none",
    since: "1.2.24",
    meaning: "instance name appended to pid files, syslog ident, dump names",
    support: { without: "vipd keeps its files in its run directory, which --run-dir names" },
  },
  {
    path: "child_wait_time",
    args: "SECS",
    takes: seconds(0, UINT32_MAX, 0),
    default: "5",
    range: "0..UINT_MAX",
    since: "2.0.0",
    meaning: "seconds to wait for children to exit before SIGKILL",
    support: "honoured",
  },
];
