/** What the kernel says about every thread of another process. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** The different values that the threads have: one, if all agree. */
function values(pid: number, read: (folder: string) => string): readonly string[] {
  const folders = readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`);
  return [...new Set(folders.map(read))];
}

export function threadCount(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

/** A line of `status`, like Uid or CapEff. */
export function statusOf(pid: number, key: string): readonly string[] {
  return values(pid, (folder) => {
    const line = new RegExp(`^${key}:[ \\t]*(.*)$`, "m").exec(readFileSync(`${folder}/status`, "utf8"));
    return (line?.[1] ?? "?").replaceAll("\t", " ").trim();
  });
}

/** "policy priority": 0 is SCHED_OTHER, 2 SCHED_RR. */
export function schedulingOf(pid: number): readonly string[] {
  return values(pid, (folder) => {
    const stat = readFileSync(`${folder}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return `${fields[38]} ${fields[37]}`;
  });
}

export function nameSpaceOf(pid: number, type: "net" | "mnt"): readonly string[] {
  return values(pid, (folder) => readlinkSync(`${folder}/ns/${type}`));
}
