/**
 * What this process becomes once it knows its configuration and before it opens a socket: realtime, in its network namespace, and not root. Each
 * thing that cannot be had is a warning that says what is weaker; only a namespace that cannot be entered is a refusal.
 */
import { CAP, capabilities, dropPrivileges, enterNamespace, RLIMIT, setLimit, setRealtime } from "dgram-ext";
import { localAccount } from "../../os/accounts.ts";
import { namespacePath } from "../../os/namespaces.ts";

const ACCOUNT = "vipd-vrrp";
const DEFAULT_PRIORITY = 50;
/** Addresses, links and sysctls; raw and packet sockets. */
const KEEP: readonly number[] = [CAP.NET_ADMIN, CAP.NET_RAW];
/**
 * CPU time without waiting once, µs: a loop gone wild at realtime priority would take the machine along. At the first limit the kernel sends
 * SIGXCPU each second, at the second it kills.
 */
const RTTIME_SOFT_US = 2_000_000;
const RTTIME_HARD_US = 6_000_000;

export type Wishes = {
  readonly namespace: string | undefined;
  /** 1–99; 0 = ordinary scheduling; undefined = our default. */
  readonly realtimePriority: number | undefined;
};

/**
 * Before the first socket: what is opened afterwards belongs to the namespace, and threads that are started become realtime too.
 * @param warn is told what is weaker @throws {SystemError} the namespace cannot be entered
 */
export function settle(wishes: Wishes, warn: (reason: string) => void): void {
  becomeRealtime(wishes.realtimePriority ?? DEFAULT_PRIORITY, warn);
  if (wishes.namespace !== undefined) enterNamespace(namespacePath(wishes.namespace), "network");
}

function becomeRealtime(priority: number, warn: (reason: string) => void): void {
  if (priority === 0) return;
  process.on("SIGXCPU", () => warn("The vrrp process worked for 2 s without waiting once"));
  try {
    setRealtime(priority);
  } catch (error) {
    warn(`${text(error)}: adverts may be late while the machine is busy; give CAP_SYS_NICE or LimitRTPRIO=${priority}`);
    return;
  }
  try {
    setLimit(RLIMIT.RTTIME, RTTIME_SOFT_US, RTTIME_HARD_US);
  } catch (error) {
    warn(`${text(error)}: nothing ends the vrrp process if it loops at realtime priority`);
  }
}

/** When every thread has been started: not root, two capabilities, no way back. */
export function leaveRoot(warn: (reason: string) => void): void {
  const held = capabilities();
  const keep = KEEP.filter((one) => held.includes(one));
  if (keep.length < KEEP.length)
    warn("The vrrp process lacks CAP_NET_ADMIN or CAP_NET_RAW: it cannot send adverts or set addresses");
  if (process.getuid?.() !== 0) return;
  const account = localAccount(ACCOUNT);
  if (account === undefined) {
    warn(
      `There is no account ${ACCOUNT}: the vrrp process stays uid 0, with two capabilities; create it with systemd-sysusers`,
    );
  }
  try {
    dropPrivileges({ uid: account?.uid ?? 0, gid: account?.gid ?? 0, keep });
  } catch (error) {
    warn(`${text(error)}: the vrrp process keeps what it was started with`);
  }
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
