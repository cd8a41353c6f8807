/** The process itself: scheduling, limits, names, locks, FIFOs, interfaces. */

import { CAP, ERRNO, RLIMIT } from "./constants.ts";
import { check, systemError } from "./errors.ts";
import { native } from "./native.ts";
import type { DropOptions, FileLock } from "./types.ts";

/** @returns undefined when no interface of this network name space has the name */
export function interfaceIndex(name: string): number | undefined {
  const index = native.interfaceIndex(name);
  return index === 0 ? undefined : index;
}

/** @returns undefined when no interface of this network name space has the index */
export function interfaceName(index: number): string | undefined {
  return native.interfaceName(index);
}

/**
 * Takes an exclusive flock(2) without waiting; the file is made if need be, and a symbolic link is refused (ELOOP). The lock goes
 * with `close` or with the process, not with the file.
 *
 * @returns undefined if another process (or another lock of this one) holds it
 */
export function lockFile(path: string): FileLock | undefined {
  const fd = native.lockFile(path);
  if (fd === -ERRNO.EAGAIN) return undefined;
  check(fd, "flock", () => path);
  let open = true;
  return {
    fd,
    write: (text) => {
      if (!open) throw systemError("write", `to ${path}, whose lock was closed,`, ERRNO.EBADF);
      check(native.writeFile(fd, Buffer.from(text)), "write", () => `to ${path}`);
    },
    close: () => {
      if (open) native.closeDescriptor(fd);
      open = false;
    },
  };
}

/**
 * SCHED_RR with SCHED_RESET_ON_FORK, so that child processes begin ordinary. So do threads that start later, except those of
 * `requestAsync`, which take the priority as far as RLIMIT_RTPRIO or CAP_SYS_NICE allow.
 *
 * @param priority 1–99; 0 = SCHED_OTHER
 * @param threads all of the process, or the calling one only
 * @throws {SystemError} EPERM: needs CAP_SYS_NICE or RLIMIT_RTPRIO
 */
export function setRealtime(priority: number, threads: "all" | "calling" = "all"): void {
  const deed = () => (priority > 0 ? `SCHED_RR priority ${priority}` : "SCHED_OTHER");
  check(native.setRealtime(priority, threads === "all"), "sched_setscheduler", deed);
}

/** The nice value of every thread of the process, -20 (first) to 19; below the present one it needs CAP_SYS_NICE. */
export function setNice(value: number): void {
  check(native.setNice(value), "setpriority", () => `to nice ${value}`);
}

/**
 * setrlimit(2).
 *
 * @param resource RLIMIT.…: RTTIME in µs, CORE in bytes, NOFILE in descriptors
 * @param soft Infinity for none
 * @param hard raising it needs CAP_SYS_RESOURCE
 */
export function setLimit(resource: number, soft: number, hard: number): void {
  const name = Object.entries(RLIMIT).find(([, number]) => number === resource)?.[0] ?? String(resource);
  check(native.setLimit(resource, soft, hard), "setrlimit", () => `RLIMIT_${name} to ${soft} (hard ${hard})`);
}

/**
 * The signal this process gets when the thread that started it ends; 0 for none. The kernel forgets it when the identity changes:
 * call it after `dropPrivileges`, from the main thread, and look at `process.ppid` afterwards, for the parent may be gone already.
 */
export function setParentDeathSignal(signal: number): void {
  check(native.setParentDeathSignal(signal), "prctl", () => `PR_SET_PDEATHSIG ${signal}`);
}

/** What `ps -o comm` and `/proc/PID/comm` show, cut to 15 bytes. */
export function setProcessName(name: string): void {
  check(native.setProcessName(name), "prctl", () => `PR_SET_NAME ${name}`);
}

/** mkfifo(3); the umask applies. */
export function makeFifo(path: string, mode: number): void {
  check(native.makeFifo(path, mode), "mkfifo", () => path);
}

/** The capabilities (CAP.…) that this thread may keep: its permitted set. */
export function capabilities(): readonly number[] {
  const words = native.capabilities();
  if (typeof words === "number") throw systemError("capget", "of this thread", -words);
  const [low, high] = words;
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => ((bit < 32 ? low : high) >>> (bit % 32)) & 1);
}

/**
 * Moves every thread of the process into another network or mount name space; needs CAP_SYS_ADMIN. A mount name space also ends
 * the sharing of the working directory between the threads: do not call `process.chdir` afterwards.
 *
 * @param path `/run/netns/NAME` or `/proc/PID/ns/net`, `/proc/PID/ns/mnt`
 */
export function enterNamespace(path: string, type: "network" | "mount"): void {
  check(native.enterNamespace(path, type === "mount"), "setns", () => `to the ${type} name space ${path}`);
}

/** The system calls of src/privileges.c, in the order of its `enum step`. */
const STEPS = ["", "prctl", "setgroups", "setresgid", "setresuid", "capset", "prctl", "prctl"] as const;

/**
 * Changes the identity and the capabilities of every thread of the process, for good: groups, gid, uid, then the capabilities
 * `keep` as permitted and effective (none inheritable, none ambient), then no_new_privs unless `noNewPrivileges` is false.
 *
 * The process becomes undumpable: /proc/self belongs to root from then on. When it throws after some of it was done, the
 * process should end.
 *
 * @throws {SystemError} EPERM: not privileged, or `keep` names a capability that `capabilities()` does not hold
 */
export function dropPrivileges(options: DropOptions): void {
  const { uid, gid, groups = [], keep, noNewPrivileges = true } = options;
  const result = native.dropPrivileges(uid, gid, groups, keep, noNewPrivileges);
  if (result === 0) return;
  const step = Math.floor(-result / 4096);
  const names = keep.map((number) => Object.entries(CAP).find(([, known]) => known === number)?.[0] ?? number);
  const deed = `for uid ${uid}, gid ${gid}, keeping ${names.length > 0 ? names.join(", ") : "no capability"},`;
  throw systemError(STEPS[step] || "tgkill", deed, -result % 4096);
}

/**
 * malloc_trim(3): free memory goes back to the kernel, of every thread's arena, also of threads that have ended. It takes a fraction of a
 * millisecond a megabyte, in which other threads wait if they allocate.
 *
 * @returns whether any did
 */
export function trimMemory(): boolean {
  return native.trimMemory();
}
