/**
 * Programs with the lab's tools on this machine itself: in a network and a mount namespace of their own, so that nothing
 * of the machine is touched. It needs root; where that is not so, the guest (`run.ts`) serves instead.
 */
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { join, resolve } from "node:path";

const TOP = resolve(import.meta.dirname, "../..");
const ROOT = join(TOP, ".cache/lab/root");

/** Whether this machine lets us make namespaces. */
export function namespacesWork(): boolean {
  return spawnSync("unshare", ["--net", "--mount", "true"]).status === 0;
}

/**
 * Runs a program to its end, with loopback up, an empty /run, and the tools' libraries and files in /etc. What it started and left
 * ends with it, however it ends. @returns its exit code
 */
export function runInNamespaces(argv: readonly string[]): Promise<number> {
  const script = `
    ip link set lo up
    mount -t tmpfs tmpfs /run
    mount -t overlay -o "lowerdir=/etc:${ROOT}/etc" overlay /etc
    export LD_LIBRARY_PATH="${ROOT}/usr/lib/x86_64-linux-gnu"
    exec "$@"
  `;
  return runHere([
    "unshare",
    "--net",
    "--mount-proc",
    "--pid",
    "--fork",
    "--kill-child",
    "sh",
    "-c",
    script,
    "sh",
    ...argv,
  ]);
}

/** The same without namespaces. */
export function runHere([command = "", ...args]: readonly string[]): Promise<number> {
  const folders = [join(TOP, "node_modules/.bin"), process.env["PATH"] ?? "", `${ROOT}/usr/sbin`, `${ROOT}/usr/bin`];
  const options: SpawnOptions = {
    cwd: TOP,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: folders.join(":") },
  };
  const child = spawn(command, args, options);
  const undo = goneWithUs(child);
  const ended = new Promise<number>((done, failed) =>
    child.once("error", failed).once("close", (code) => done(code ?? 1)),
  );
  return ended.finally(undo);
}

/** Takes the child along when this process is interrupted. */
function goneWithUs(child: ChildProcess): () => void {
  const kill = () => void child.kill("SIGKILL");
  const stop = (signal: NodeJS.Signals) => process.exit(signal === "SIGINT" ? 130 : 143);
  process.on("exit", kill).on("SIGINT", stop).on("SIGTERM", stop);
  return () => void process.off("exit", kill).off("SIGINT", stop).off("SIGTERM", stop);
}
