/**
 * Whether a script can be run, and whether somebody else than root could change what runs (behaviour 75): every component of its path
 * must belong to root and be writable by nobody else. What is wrong is named with the very component and the command that mends it.
 */
import { dirname, join, resolve as resolvePath } from "node:path/posix";
import { unsafeAt } from "../base/unsafe-path.ts";

export type ScriptView = {
  /** The entry itself, links not followed; undefined if there is none. */
  entry(path: string): PathEntry | undefined;
  /** Folders in which bare names are looked up. */
  readonly searchPath: readonly string[];
};
export type PathEntry = {
  readonly kind: "file" | "folder" | "link" | "other";
  readonly uid: number;
  /** Permission bits. */
  readonly mode: number;
  /** Where a link leads, as written in it. */
  readonly target?: string;
};

/** `linked`: vipd follows the link, keepalived does not. */
export type Finding = {
  readonly kind: "missing" | "unsafe" | "linked";
  readonly message: string;
  readonly remedy: string;
};
export type ScriptResult = { readonly executable: boolean; readonly findings: readonly Finding[] };

const MAX_LINKS = 40;

export function checkScript(program: string, view: ScriptView): ScriptResult {
  if (program.startsWith("<")) return { executable: false, findings: [] }; // only whether the file is readable, at each run
  if (!program.includes("/")) return bareName(program, view);
  if (!program.startsWith("/"))
    return missing(`the script ${program} has no absolute path`, "write its path from / on");
  return follow(program, view);
}

function bareName(program: string, view: ScriptView): ScriptResult {
  const found = view.searchPath.map((folder) => join(folder, program)).find((path) => view.entry(path) !== undefined);
  if (found !== undefined) return follow(found, view);
  return missing(
    `the program ${program} is in none of ${view.searchPath.join(", ")}`,
    "install it, or write its whole path",
  );
}

function follow(program: string, view: ScriptView): ScriptResult {
  const findings: Finding[] = [];
  let rest = program.split("/").filter((part) => part !== "");
  let path = "/";
  let links = 0;
  while (rest.length > 0) {
    const [name = "", ...others] = rest;
    path = join(path, name);
    rest = others;
    const entry = view.entry(path);
    if (entry === undefined)
      return missing(
        rest.length === 0
          ? `the script ${program} does not exist`
          : `the script ${program} does not exist: there is no ${path}`,
        "create it, or correct the path",
      );
    if (entry.kind === "link") {
      if (links === 0 && rest.length > 0) findings.push(linked(path, entry.target ?? "", program));
      if (++links > MAX_LINKS) return missing(`the script ${program} is a circle of links`, `see readlink ${path}`);
      const target = resolvePath(dirname(path), entry.target ?? "");
      rest = [...target.split("/").filter((part) => part !== ""), ...rest];
      path = "/";
      continue;
    }
    const finding = unsafe(path, entry, program);
    if (finding !== undefined) findings.push(finding);
    if (rest.length > 0) continue;
    if (entry.kind !== "file") return missing(`the script ${program} is no file`, "name a program");
    if ((entry.mode & 0o111) === 0) return missing(`the script ${program} is not executable`, `chmod +x ${path}`);
  }
  return { executable: true, findings };
}

/** keepalived runs no script whose path has a link among its folders, as /bin is one nowadays (behaviour 75; 2.2 did). */
function linked(path: string, target: string, program: string): Finding {
  const direct = program.replace(path, resolvePath(dirname(path), target));
  return {
    kind: "linked",
    message: `${path}, on the way to the script ${program}, is a link to ${target}: keepalived 2.4 does not run it, vipd does`,
    remedy: `write ${direct}`,
  };
}

/**
 * The first entry on the way that only its owner may use, so that another user cannot run the script: the folder or file, and what
 * would mend it. Links are followed; where anything is missing there is nothing to say.
 */
export function closedTo(program: string, view: ScriptView): Finding | undefined {
  if (!program.startsWith("/")) return undefined;
  let path = "/";
  let rest = program.split("/").filter((part) => part !== "");
  for (let steps = 0; rest.length > 0 && steps < 10 * MAX_LINKS; steps++) {
    const [name = "", ...others] = rest;
    path = join(path, name);
    rest = others;
    const entry = view.entry(path);
    if (entry === undefined) return undefined;
    if (entry.kind === "link") {
      rest = [
        ...resolvePath(dirname(path), entry.target ?? "")
          .split("/")
          .filter((part) => part !== ""),
        ...rest,
      ];
      path = "/";
    } else if (entry.uid === 0 && (entry.mode & 0o011) === 0) {
      const mode = `0${entry.mode.toString(8)}`;
      const message = `${path}, on the way to the script ${program}, has mode ${mode}: only root may ${entry.kind === "folder" ? "enter" : "run"} it`;
      return { kind: "missing", message, remedy: `chmod o+x ${path}` };
    }
  }
  return undefined;
}

function unsafe(path: string, { uid, mode, kind }: PathEntry, program: string): Finding | undefined {
  const found = unsafeAt(path, { uid, mode, isFolder: kind === "folder" });
  if (found === undefined) return undefined;
  return {
    kind: "unsafe",
    message: `${path}, on the way to the script ${program}, ${found.problem}`,
    remedy: found.remedy,
  };
}

function missing(message: string, remedy: string): ScriptResult {
  return { executable: false, findings: [{ kind: "missing", message, remedy }] };
}
