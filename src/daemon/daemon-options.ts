/** What the command line says to the daemon. */
export type DaemonOptions = {
  /** -f; undefined = /etc/vipd/vipd.conf, or else /etc/keepalived/keepalived.conf. */
  readonly file: string | undefined;
  /** Pid files, control sockets, journal. */
  readonly runDir: string;
  /** Mail spool, last good configuration. */
  readonly stateDir: string;
  /** -i: the id for `@id` lines. */
  readonly configId: string | undefined;
  /** -s, which wins over net_namespace. */
  readonly namespace: string | undefined;
  /** A start with a broken file is refused, whatever was good before. */
  readonly strict: boolean;
  readonly dryRun: "no" | "ipvs" | "all";
  readonly dryRunLog: string | undefined;
  /** -P or -C: only this part. */
  readonly only: "vrrp" | "checkers" | undefined;
  readonly log: LogOptions;
  readonly pidFiles: {
    readonly vipd: string | undefined;
    readonly vrrp: string | undefined;
    readonly checkers: string | undefined;
  };
  readonly umask: number | undefined;
  readonly respawn: boolean;
  /** -I: leave IPVS as it is when stopping. */
  readonly keepIpvs: boolean;
  readonly ignoreInterrupt: boolean;
  /** Options that have no effect, in words. */
  readonly notes: readonly string[];
};

export type LogOptions = {
  readonly console: boolean;
  readonly detail: boolean;
  readonly silent: boolean;
  /** syslog's facility, 0–23. */
  readonly facility: number;
  readonly file: string | undefined;
};
