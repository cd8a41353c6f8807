/** `vipd --help`: a page one can learn it from. `docs/vipd.8` says the same as a manual page. */
export const HELP = `vipd keeps virtual IP addresses and LVS services alive on a pair of Linux directors.
It reads keepalived.conf, speaks VRRP with keepalived and with routers, programs IPVS from health
checks, and tells the admins by mail.

  vipd [OPTIONS]             run, in the foreground, until SIGTERM
  vipd COMMAND [OPTIONS]

First steps, on a director that runs keepalived:
  vipd check /etc/keepalived/keepalived.conf    what vipd makes of the file; changes nothing
  vipd --dry-run -l -D                          run beside keepalived, write down every change, make none
  systemctl disable --now keepalived && systemctl enable --now vipd
  vipd status                                   who is master, and why; which servers answer, and which not

Commands:
  check [FILE]               every problem of a file at once, with file, line, and what to do
  check --print [FILE]       the file as vipd understood it: includes, conditions and definitions resolved
  check --diff NEW [OLD]     what a reload would change; without OLD from what vipd loaded last
  explain [WORD]             what a keyword, a block or a code means; another word is searched for
  completion bash|zsh        completion for a shell: source <(vipd completion bash)
  status [--json]            what the running vipd does, and why
  metrics [--listen PORT]    the state for Prometheus, once, or at http://127.0.0.1:PORT/metrics
  log [SEQ]                  the latest events, or those after number SEQ
  reload                     read the file again: prints what changed, or why nothing did
  stop [--keep-ipvs]         hand over and stop; --keep-ipvs leaves the balancing in the kernel, for upgrades;
       [--hurry]             --hurry waits for no script and no mail
  sweep                      without a running vipd: remove what it left in the kernel
  help                       this page

Options:
  -f, --use-file FILE        the configuration; default /etc/vipd/vipd.conf, or else
                             /etc/keepalived/keepalived.conf
  -t, --config-test[=LOG]    check the file and exit, with keepalived's exit codes
  -i, --config-id ID         the name for lines that begin with @ID; default the host name
  -l, --log-console          log to standard output
  -D, --log-detail           log every event
  -S, --log-facility N       syslog: 0 to 7, local0 to local7, user, daemon (default)
  -g, --log-file[=FILE]      log to a file; default /var/log/vipd.log
  -G, --no-syslog            do not log to syslog
  -P, --vrrp                 only VRRP          -C, --check   only health checks and IPVS
  -p, --pid FILE             -r, --vrrp_pid FILE   -c, --checkers_pid FILE   further pid files
  -s, --namespace NAME       work in this network namespace
  -I, --dont-release-ipvs    leave IPVS as it is when stopping
  -R, --dont-respawn         stop when one of the processes ends
  -u, --umask MASK           -n, --dont-fork (always so)
      --ignore-sigint        do not stop at SIGINT
      --signum NAME          print the number of a signal: STOP RELOAD DATA STATS STATS_CLEAR JSON
      --dry-run[=ipvs]       decide as always, and change nothing (=ipvs: nothing in IPVS)
      --dry-run-log FILE     where a dry run writes the changes it would make; default standard output
      --run-dir DIR          pid files, control sockets, journal; default /run/vipd
      --state-dir DIR        mail spool, last good configuration; default /var/lib/vipd
      --strict               do not start on the last good configuration when the file is broken
  -v, --version              -h, --help
keepalived's other options are accepted and have no effect; vipd says so when it starts.

Signals: TERM, INT stop (a second one hurries); HUP reload; USR1, USR2 and SIGRTMIN+2 write
keepalived.data, keepalived.stats and keepalived.json to /tmp.

Exit status of the daemon: 0 stopped, 1 cannot run, runs already or wrong options, 2 configuration,
4 permission, 70 a defect. Of -t: 0 no report, 4 only files or interfaces missing, 5 any other report,
6 security or no file. Of commands: 0 done; 1 not, or errors found (check), differences (check --diff,
which exits 2 for files that cannot be used); 64 wrong words behind the command.

A configuration with errors never stops a running vipd: a reload is refused and a start falls back to
the last good file, and log, mail and status say so. Programs ask by
  curl --unix-socket /run/vipd/control.sock http://localhost/status
`;
