/** What a person does about a file or folder of vipd's own that cannot be written. */
import { systemErrorCode } from "./errors.ts";

/**
 * `ENOSPC; make room on its file system`
 * @param instead what else helps: `name another folder with --state-dir`
 * @throws `error` itself if the system did not cause it
 */
export function causeAndRemedy(error: unknown, instead?: string): string {
  const code = systemErrorCode(error);
  const remedy = `${code}; ${REMEDIES[code] ?? "mend its folder"}`;
  return instead === undefined ? remedy : `${remedy}, or ${instead}`;
}

/** What helps where the folder of `--state-dir` does not take what is to be kept. */
export const ANOTHER_STATE_DIR = "name another folder with --state-dir";

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
