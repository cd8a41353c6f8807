/**
 * What V8 makes of a bundle, kept beside it, so that a start need not compile (`load.js`). A bundle that can work without harm does so
 * before: then functions that are compiled when they are first called are in it, too.
 */
import { type ChildProcess, execFile, fork } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Script } from "node:vm";
import { Worker } from "node:worker_threads";

/** The reader reads this file, with all that is in it. */
const EXAMPLE = join(import.meta.dirname, "../etc/vipd.conf");
/** Of the launcher's: another maximum of memory is another V8 to some of its versions. */
const VRRP_FLAGS = ["--max-semi-space-size=1", "--no-flush-bytecode"];
/** For what the vrrp process rehearses. */
const REHEARSAL_MS = 400;

/** In the thread or process of the bundle: loads it, and keeps what V8 has made of it when the function is called. */
function program(folder: string, name: string): string {
  const [load, cache] = [join(folder, "load.js"), cacheOf(folder, name)].map((path) => JSON.stringify(path));
  return `
    const script = require(${load})(${JSON.stringify(name)});
    const keep = () => require("node:fs").writeFileSync(${cache}, script.createCachedData());
  `;
}

function cacheOf(folder: string, name: string): string {
  return join(folder, "code", `${name}.cache`);
}

/**
 * In a Node of its own: what is made under other flags than those of a start would be refused.
 *
 * @param folder dist, complete but for this
 */
export async function makeCaches(folder: string, names: readonly string[]): Promise<void> {
  const env = { ...process.env, NODE_OPTIONS: "" };
  await promisify(execFile)(process.execPath, [import.meta.filename, folder, ...names], { env });
}

async function makeAll(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await compile(folder, name);
  await makeWarm(folder);
}

/** Nothing is run. */
async function compile(folder: string, name: string): Promise<void> {
  const script = new Script(await readFile(join(folder, "code", `${name}.js`), "latin1"));
  await writeFile(cacheOf(folder, name), script.createCachedData());
}

async function makeWarm(folder: string): Promise<void> {
  await Promise.all([warmReader(folder), warmVrrp(folder)]);
}

function warmReader(folder: string): Promise<void> {
  const text = `${program(folder, "reader")}
    require("node:worker_threads").parentPort.on("message", () => { keep(); process.exit(); });`;
  const reader = new Worker(text, { eval: true });
  reader.postMessage({ path: EXAMPLE, configId: undefined, tolerant: false });
  return new Promise((done, failed) => reader.once("error", failed).once("exit", () => done()));
}

async function warmVrrp(folder: string): Promise<void> {
  const entry = join(folder, "warm.js");
  await writeFile(entry, `${program(folder, "vrrp")} setTimeout(() => { keep(); process.exit(); }, ${REHEARSAL_MS});`);
  const vrrp: ChildProcess = fork(entry, [], { execArgv: VRRP_FLAGS });
  await new Promise<void>((done, failed) => vrrp.once("error", failed).once("exit", () => done()));
  await rm(entry);
}

if (import.meta.main) {
  const [folder = "", ...names] = process.argv.slice(2);
  await makeAll(folder, names);
}
