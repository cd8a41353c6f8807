/** vipd as an admin has it: the bundle in dist/, started in a node of the lab. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { LabNode, Output } from "../lab/net.ts";
import type { Process } from "../lab/process.ts";

const TOP = resolve(import.meta.dirname, "../..");
const NODE = join(TOP, "node_modules/.bin/node");
const VIPD = join(TOP, "dist/vipd.js");
if (!existsSync(VIPD)) throw new Error(`Cannot test vipd: there is no ${VIPD}; run npm run build`);

export type Vipd = {
  /** In front of every command line. */
  readonly argv: readonly string[];
  readonly folders: readonly string[];
  readonly stateDir: string;
  /** Writes `vipd.conf` of the node. @returns its path */
  configure(text: string): Promise<string>;
  /** Starts it; the log goes to the output. */
  start(options?: readonly string[], env?: Readonly<Record<string, string>>): Process;
  /** The same, and waits until it is ready. */
  up(options?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Process>;
  /** A start that ends by itself, or a command. */
  run(...words: readonly string[]): Promise<Output>;
  /** Pids by the name of the process, as its pid files say. */
  pids(): Promise<{ readonly vipd: number; readonly vrrp: number; readonly checkers: number }>;
};

export async function vipdOn(node: LabNode, stateName = "state"): Promise<Vipd> {
  const stateDir = join(node.folder, stateName);
  const config = join(node.folder, "vipd.conf");
  const argv = [NODE, VIPD];
  const folders = ["--run-dir", "/run/vipd", "--state-dir", stateDir];
  const start: Vipd["start"] = (options = [], env) =>
    node.start([...argv, "-l", "-D", "-f", config, ...folders, ...options], env);
  const pidOf = async (name: string) => Number((await node.run(["cat", `/run/vipd/${name}.pid`])).stdout);
  return {
    argv,
    folders,
    stateDir,
    configure: (text) => node.write("vipd.conf", text),
    start,
    async up(options, env) {
      const process = start(options, env);
      await process.line(/daemon\.ready/, { timeoutMs: 20_000 });
      return process;
    },
    run: (...words) => node.run([...argv, ...folders, ...words], { check: false }),
    pids: async () => ({ vipd: await pidOf("vipd"), vrrp: await pidOf("vrrp"), checkers: await pidOf("checkers") }),
  };
}
