/**
 * Networks for tests, made of namespaces: nodes, and LANs (bridges) that join them. Used inside the lab's guest, or as
 * root on a host; nothing outside the namespaces made here is touched, and closing the lab leaves nothing.
 *
 *     await using lab = await createLab();
 *     const front = await lab.lan("front");
 *     const a = await lab.node("a");
 *     const eth0 = await a.attach(front, { addresses: ["10.0.0.1/24"] });
 *     await a.run(["ping", "-c1", "10.0.0.2"]);
 *     await eth0.cut("carrier");
 *
 * A node is a network namespace and a mount namespace with a /run of its own, which outlives the node's processes (until
 * `node.wipeRun`). Programs start in `/`. The bridges live in one more namespace, where the cables can be pulled.
 *
 * In the lab kernel a process costs 15 ms if it is busybox and 30 to 80 ms if it needs shared libraries; hence busybox,
 * and `ip -batch`.
 */
import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, globSync } from "node:fs";
import { mkdir, readFile, readlink, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Capture, captureWith } from "./capture.ts";
import { type Process, startProcess } from "./process.ts";

export type Output = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Lab = {
  /** A folder (/run/vipd-lab/…) for configurations, scripts and logs, seen by every node under the same path. */
  readonly folder: string;
  node(name: string): Promise<LabNode>;
  /** @param name at most 15 characters */
  lan(name: string): Promise<Lan>;
  /** Kills every process of every node and removes all that was made. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type Lan = {
  readonly name: string;
  /** What passes on the bridge, seen from the bridge itself: adverts and ARP of all nodes. */
  capture(filter?: string): Promise<Capture>;
};

export type LinkOptions = {
  /** Name of the interface in the node; default eth0, eth1, … */
  readonly name?: string;
  readonly mac?: string;
  /** "10.0.0.1/24", "fd00::1/64" */
  readonly addresses?: readonly string[];
  /** Gateway of the default route. */
  readonly gateway?: string;
};

/** How a link is broken: with loss of carrier; so that nobody notices; or so that it still sends but floods do not reach it. */
export type Cut = "carrier" | "silent" | "deaf";

export type Link = {
  readonly name: string;
  readonly mac: string;
  cut(how: Cut): Promise<void>;
  /** Undoes every cut. */
  heal(): Promise<void>;
};

export type LabNode = {
  readonly name: string;
  /** Name of the network namespace, as in `ip netns`. */
  readonly namespace: string;
  /** A folder of this node, seen by every node. */
  readonly folder: string;
  attach(lan: Lan, options?: LinkOptions): Promise<Link>;
  /** Runs a program in the namespace to its end. Rejects if it fails, unless `check` is false. */
  run(argv: readonly string[], options?: { readonly check?: boolean; readonly input?: string }): Promise<Output>;
  /** The same for a text of shell. */
  shell(script: string, options?: { readonly check?: boolean }): Promise<Output>;
  /** Starts a program in the namespace; it belongs to the node until it ends. */
  start(argv: readonly string[], env?: Readonly<Record<string, string>>): Process;
  /** @param name as in /proc/sys, with slashes or dots: "net.ipv4.ip_forward" */
  sysctl(name: string, value: string | number): Promise<void>;
  /** tcpdump on an interface of the node. @param filter default `vrrp or arp` */
  capture(device: string, filter?: string): Promise<Capture>;
  /** Writes a file into the node's folder. @returns its path */
  write(name: string, text: string, mode?: number): Promise<string>;
  /** SIGKILL to every process of the node at once: the plug is pulled, addresses and IPVS stay as they were. */
  kill(): Promise<void>;
  /** The processes of the node. */
  pids(): Promise<readonly number[]>;
  /** Empties its /run, as a reboot does. */
  wipeRun(): Promise<void>;
};

const ROOT = "/run/vipd-lab";
/** Where the unified hierarchy is: alone, or beside the old ones. */
const CGROUPS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].find((at) => existsSync(join(at, "cgroup.procs")));
/** For every node: no packet is dropped for the way it came, no address waits for its probe. */
const DEFAULTS = [
  "net.ipv4.conf.all.rp_filter 0",
  "net.ipv4.conf.default.rp_filter 0",
  "net.ipv6.conf.default.accept_dad 0",
];
let labs = 0;
/**
 * Control groups have one name space for the whole machine, and every run of tests has a process 1 of its own: with names by process id
 * a lab that closed would kill the nodes of another.
 */
const ID_LIMIT = 36 ** 5;

export async function createLab(): Promise<Lab> {
  if (process.getuid?.() !== 0)
    throw new Error("Cannot make namespaces: not root; run this in the lab (test/lab/run.ts)");
  const id = `l${randomInt(ID_LIMIT).toString(36)}${(labs++).toString(36)}`;
  const folder = join(ROOT, id);
  await mkdir(folder, { recursive: true });
  const switches = `${id}-lan`;
  await sh(`ip netns add ${switches}`);
  const nodes: Removable[] = [];
  const captures: Capture[] = [];
  const close = async () => {
    for (const capture of captures) await capture.stop();
    for (const node of nodes.splice(0)) await node.remove();
    await sh(`ip netns delete ${switches}`);
    await rm(folder, { recursive: true, force: true });
    await rmdir(ROOT).catch(() => undefined);
  };
  return {
    folder,
    node: async (name) => {
      const node = await makeNode(name, { id, folder, switches });
      nodes.push(node);
      return node;
    },
    lan: async (name) => {
      const tuning = "mcast_snooping 0 forward_delay 0 stp_state 0 ageing_time 30000";
      await ip(switches, [`link add ${name} type bridge ${tuning}`, `link set ${name} up`]);
      const start = (argv: readonly string[], onBytes: (bytes: Buffer) => void) =>
        startProcess(["busybox", "nsenter", `--net=/run/netns/${switches}`, ...withPath(argv)], { onBytes });
      return {
        name,
        capture: async (filter) => {
          const capture = await captureWith(start, name, filter);
          captures.push(capture);
          return capture;
        },
      };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Place = { readonly id: string; readonly folder: string; readonly switches: string };

type Removable = LabNode & { remove(): Promise<void> };

async function makeNode(name: string, place: Place): Promise<Removable> {
  const namespace = `${place.id}-${name}`;
  const folder = join(place.folder, name);
  const run = join(folder, "run");
  const cgroup = CGROUPS === undefined ? undefined : join(CGROUPS, `vipd-lab-${namespace}`);
  await mkdir(join(run, "vipd-lab"), { recursive: true });
  if (cgroup !== undefined) await mkdir(cgroup).catch(() => undefined);
  await sh(`ip netns add ${namespace}`);
  const keeper = await keepMounts(namespace, run);
  const membership = cgroup === undefined ? "" : `echo $$ > ${cgroup}/cgroup.procs;`;
  const nsenter = `exec busybox nsenter --net=/run/netns/${namespace} --mount=/proc/${keeper.pid}/ns/mnt "$@"`;
  // every word ends in exec, so that the process id stays
  const enter = ["busybox", "sh", "-c", `${membership} ${nsenter}`, "sh"];
  let links = 0;
  const runProgram: LabNode["run"] = (argv, options) => runToEnd([...enter, ...withPath(argv)], options);
  const shell: LabNode["shell"] = (script, options) => runProgram(["sh", "-c", script], options);
  const start = (argv: readonly string[], onBytes: (bytes: Buffer) => void) =>
    startProcess([...enter, ...withPath(argv)], { onBytes });
  const pids = async () => (await pidsOf(namespace)).filter((pid) => pid !== keeper.pid);
  return {
    name,
    namespace,
    folder,
    attach: (lan, options = {}) =>
      makeLink(place.switches, lan, namespace, `${name}.${lan.name}`, { name: `eth${links++}`, ...options }),
    run: runProgram,
    shell,
    start: (argv, env) => startProcess([...enter, ...withPath(argv)], { env }),
    sysctl: async (key, value) => void (await shell(writeSysctl(`${key} ${value}`))),
    capture: (device, filter) => captureWith(start, device, filter),
    write: async (file, text, mode = 0o644) => {
      const path = join(folder, file);
      await writeFile(path, text, { mode });
      return path;
    },
    kill: () => killAll(cgroup, pids),
    remove: async () => {
      await killAll(cgroup, pids);
      await keeper.stop("SIGKILL");
      await sh(`ip netns delete ${namespace}`);
      if (cgroup !== undefined) await removeCgroup(cgroup);
    },
    pids,
    wipeRun: () =>
      runToEnd(["find", run, "-xdev", "-mindepth", "1", "-not", "-name", "vipd-lab", "-delete"]).then(() => {}),
  };
}

/**
 * Starts the process that keeps the node's mount namespace, and ends with us. (A file that does so is refused by Linux
 * 6.18 every now and then: it takes the namespace for an older one than our own.)
 */
async function keepMounts(namespace: string, run: string): Promise<Process> {
  const script = `
    mount -t sysfs sys /sys
    mount --bind ${ROOT} ${run}/vipd-lab
    mount --rbind ${run} /run
    ${DEFAULTS.map(writeSysctl).join("\n")}
    ip link set lo up
    echo ready
    exec busybox cat
  `;
  const unshare = ["busybox", "unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec", script];
  const keeper = startProcess(["busybox", "nsenter", `--net=/run/netns/${namespace}`, ...withPath(unshare)]);
  await keeper.line(/^ready$/);
  return keeper;
}

function writeSysctl(setting: string): string {
  const [key = "", value = ""] = setting.split(" ");
  return `echo ${value} > /proc/sys/${key.replaceAll(".", "/")}`;
}

async function makeLink(
  switches: string,
  lan: Lan,
  namespace: string,
  label: string,
  options: LinkOptions & { readonly name: string },
): Promise<Link> {
  const { name, addresses = [], gateway } = options;
  const port = portName(label);
  const mac = options.mac === undefined ? "" : `address ${options.mac}`;
  await ip(switches, [
    `link add ${port} type veth peer name ${name} ${mac} netns ${namespace}`,
    `link set ${port} master ${lan.name} up`,
  ]);
  const shown = await ip(namespace, [
    `link set ${name} up`,
    ...addresses.map((one) => `address add ${one} dev ${name}`),
    ...(gateway === undefined ? [] : [`route add default via ${gateway}`]),
    `link show ${name}`,
  ]);
  const bridge = (words: string) => sh(`bridge -n ${switches} link set dev ${port} ${words}`);
  const cuts: Readonly<Record<Cut, () => Promise<unknown>>> = {
    carrier: () => ip(switches, [`link set ${port} down`]),
    silent: () => bridge("state 0"),
    deaf: () => bridge("flood off mcast_flood off bcast_flood off"),
  };
  return {
    name,
    mac: /link\/ether (\S+)/.exec(shown)?.[1] ?? "",
    cut: async (how) => void (await cuts[how]()),
    heal: async () => {
      await ip(switches, [`link set ${port} up`]);
      await bridge("state 3 flood on mcast_flood on bcast_flood on");
    },
  };
}

let ports = 0;

/** A name that tells its node and LAN as far as 15 characters go. */
function portName(label: string): string {
  return `${label.slice(0, 11)}-${(ports++).toString(36)}`;
}

/** With cgroups it is one write, and no child sees its parent die first; else process by process until none is left. */
async function killAll(cgroup: string | undefined, pids: () => Promise<readonly number[]>): Promise<void> {
  if (cgroup !== undefined) await writeFile(join(cgroup, "cgroup.kill"), "1").catch(() => undefined);
  for (let attempt = 0; attempt < 500; attempt++) {
    const left = await pids();
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`Cannot kill the processes ${(await pids()).join(", ")}`);
}

/** It stays busy for a moment after its last process has ended. */
async function removeCgroup(cgroup: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      return await rmdir(cgroup);
    } catch {
      await new Promise((done) => setTimeout(done, 10));
    }
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

/** Processes whose network namespace it is; those that have ended and wait for their parent do not count. */
async function pidsOf(namespace: string): Promise<readonly number[]> {
  const { ino } = await stat(join("/run/netns", namespace));
  const found: number[] = [];
  for (const folder of globSync("/proc/[0-9]*")) {
    const link = await readlink(join(folder, "ns/net")).catch(() => "");
    if (link === `net:[${ino}]` && !(await isZombie(folder))) found.push(Number(folder.slice("/proc/".length)));
  }
  return found;
}

async function isZombie(folder: string): Promise<boolean> {
  const status = await readFile(join(folder, "stat"), "utf8").catch(() => ") Z");
  return /\) [ZX]/.test(status);
}

/** The program with its whole path: by its bare name busybox would take its own of that name. */
function withPath([command = "", ...args]: readonly string[]): readonly string[] {
  if (command.includes("/")) return [command, ...args];
  const folders = (process.env["PATH"] ?? "").split(":");
  const path = folders.map((folder) => join(folder, command)).find((path) => existsSync(path));
  if (path === undefined) throw new Error(`Cannot start ${command}: it is in no folder of PATH`);
  return [path, ...args];
}

function sh(script: string): Promise<Output> {
  return runToEnd(["sh", "-ec", script]);
}

/** Commands of ip(8) in a namespace. @returns what they print */
async function ip(namespace: string, commands: readonly string[]): Promise<string> {
  return (await runToEnd(["ip", "-n", namespace, "-batch", "-"], { input: `${commands.join("\n")}\n` })).stdout;
}

function runToEnd(
  argv: readonly string[],
  { check = true, input = "" }: { readonly check?: boolean; readonly input?: string } = {},
): Promise<Output> {
  const [command = "", ...args] = argv;
  return new Promise((done, failed) => {
    const child = execFile(command, args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
      if (check && error !== null)
        failed(new Error(`${argv.slice(-6).join(" ")} failed (${code}): ${stderr}${stdout}`));
      else done({ code, stdout, stderr });
    });
    child.stdin?.on("error", () => undefined).end(input);
  });
}
