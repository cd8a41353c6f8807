/** What a person does about a file or folder of vipd's own that cannot be written. */
import { systemErrorCode } from "./errors.ts";

/** `ENOSPC; make room on its file system` @throws `error` itself if the system did not cause it */
export function causeAndRemedy(error: unknown): string {
  const code = systemErrorCode(error);
  return `${code}; ${REMEDIES[code] ?? "mend its folder"}`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "make room on its file system",
  EDQUOT: "raise the quota, or make room on its file system",
  EROFS: "its file system is read-only: remount it writable",
  EIO: "its disk fails: see the kernel's log",
  EACCES: "make it writable for vipd",
  EPERM: "make it writable for vipd (lsattr shows immutable files)",
  ENOENT: "make its folder",
  ENOTDIR: "something that is no folder stands in its way: remove that",
  EISDIR: "a folder stands in its place: remove that",
  ENAMETOOLONG: "name a shorter one",
  EMFILE: "raise LimitNOFILE",
  ENFILE: "raise fs.file-max",
};
