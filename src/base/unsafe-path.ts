/** Who besides root could change what root runs, at one component of a path; and what mends it. */

export type PathOwner = {
  readonly uid: number;
  /** Permission bits, the sticky bit among them. */
  readonly mode: number;
  readonly isFolder: boolean;
};

const STICKY = 0o1000;

/** @returns what is wrong with it, without its name, and the command or deed that mends it; undefined where all is well */
export function unsafeAt(
  path: string,
  { uid, mode, isFolder }: PathOwner,
): { readonly problem: string; readonly remedy: string } | undefined {
  if (uid !== 0) return { problem: `belongs to user ${uid}, not root`, remedy: `chown root ${path}` };
  const everybody = (mode & 0o002) !== 0;
  if (!everybody && (mode & 0o020) === 0) return undefined;
  const problem = `can be written by ${everybody ? "everybody" : "its group"}`;
  // such as /tmp, which must stay as it is
  if (isFolder && (mode & STICKY) !== 0)
    return { problem, remedy: "move the script to a folder of root, such as /usr/local/sbin" };
  const bits = [everybody ? "o" : "", (mode & 0o020) === 0 ? "" : "g"].join("");
  return { problem, remedy: `chmod ${bits}-w ${path}` };
}
