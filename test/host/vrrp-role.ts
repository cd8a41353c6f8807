/** The vrrp process by itself, as vipd drives it: forked, told a configuration in pieces, asked for its status. Needs root. */
import { type ChildProcess, fork } from "node:child_process";
import { copyFile, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { FromVrrp, ToVrrp } from "../../src/daemon/messages.ts";
import type { EventBody } from "../../src/events.ts";
import type { GroupSettings, RouterSettings } from "../../src/vrrp/settings.ts";

const TOP = resolve(import.meta.dirname, "../..");
const FOLDER = join(TOP, ".cache/vrrp-role");

export type RoleOptions = {
  /** Name of a network namespace, as in `ip netns`. */
  readonly namespace: string;
  readonly realtimePriority?: number;
  readonly dryRun?: boolean;
  readonly execArgv?: readonly string[];
  /** A file that this process sees as /etc/passwd. */
  readonly accounts?: string;
};

export type Wish = {
  readonly routers: readonly RouterSettings[];
  readonly groups?: readonly GroupSettings[];
  readonly ours?: readonly string[];
  readonly startupDelayMs?: number;
};

type Status = Extract<FromVrrp, { type: "status" }>;
type Transition = Extract<EventBody, { type: "vrrp.transition" }>;

export type VrrpRole = {
  readonly pid: number;
  readonly events: readonly EventBody[];
  /** What it wrote to its standard error. */
  stderr(): string;
  say(message: ToVrrp): void;
  /** Both phases. @returns why it refuses, or undefined once it has committed */
  configure(wish: Wish): Promise<string | undefined>;
  status(): Promise<Status>;
  /** The first event that fits, of those from number `from` on; waits for it. */
  event(
    fits: (body: EventBody) => boolean,
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<EventBody>;
  becomes(
    state: Transition["to"],
    options?: { readonly from?: number; readonly timeoutMs?: number },
  ): Promise<Transition>;
  stop(): Promise<number | null>;
  signal(signal: NodeJS.Signals): void;
  /** As when the parent dies. */
  disconnect(): void;
  readonly exited: Promise<number | null>;
  [Symbol.asyncDispose](): Promise<void>;
};

let bundle: Promise<string> | undefined;

/** The program that users run: one file, beside the addon. */
export function bundleRole(): Promise<string> {
  bundle ??= makeBundle();
  return bundle;
}

async function makeBundle(): Promise<string> {
  await mkdir(FOLDER, { recursive: true });
  const outfile = join(FOLDER, `vrrp-${process.pid}.js`);
  await build({
    absWorkingDir: TOP,
    entryPoints: ["src/daemon/vrrp.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node24",
    logLevel: "warning",
  });
  await copyFile(join(TOP, "native/dgram-ext/dgram_ext.node"), join(FOLDER, "dgram_ext.node"));
  return outfile;
}

export async function startRole(options: RoleOptions): Promise<VrrpRole> {
  const child = fork(await bundleRole(), [], {
    ...commandOf(options),
    stdio: ["ignore", "inherit", "pipe", "ipc"],
  });
  const heard: FromVrrp[] = [];
  const events: EventBody[] = [];
  const waiting = new Set<() => void>();
  let stderr = "";
  let generation = 0;
  let questions = 0;
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  child.on("message", (message: FromVrrp) => {
    heard.push(message);
    if (message.type === "event") events.push(message.event.body);
    for (const look of [...waiting]) look();
  });

  /** Looks now and whenever something is heard. */
  function wait<T>(look: () => T | undefined, what: string, timeoutMs = 10_000): Promise<T> {
    return new Promise((done, failed) => {
      const check = () => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(limit);
        waiting.delete(check);
        done(found);
      };
      const limit = setTimeout(() => {
        waiting.delete(check);
        failed(
          new Error(
            `No ${what} within ${timeoutMs} ms; ${stderr}${events.map((one) => JSON.stringify(one)).join("\n")}`,
          ),
        );
      }, timeoutMs);
      waiting.add(check);
      check();
    });
  }

  function say(message: ToVrrp): void {
    if (child.connected) child.send(message, () => {});
  }

  const event: VrrpRole["event"] = (fits, { from = 0, timeoutMs } = {}) =>
    wait(() => events.slice(from).find(fits), `event ${fits}`, timeoutMs);

  async function configure(wish: Wish): Promise<string | undefined> {
    generation += 1;
    const now = generation;
    say({
      type: "begin",
      generation: now,
      startupDelayMs: wish.startupDelayMs ?? 0,
      announceGapMs: { ipv4: 0, ipv6: 0 },
      namespace: options.namespace,
      realtimePriority: options.realtimePriority,
      dryRun: options.dryRun ?? false,
      ours: wish.ours ?? [],
      former: undefined,
    });
    for (let at = 0; at < wish.routers.length; at += 16) {
      say({ type: "routers", generation: now, routers: wish.routers.slice(at, at + 16) });
    }
    if (wish.groups !== undefined) say({ type: "groups", generation: now, groups: wish.groups });
    say({ type: "prepare", generation: now });
    const prepared = await wait(
      () => heard.find((one) => one.type === "prepared" && one.generation === now),
      "answer to prepare",
    );
    if (prepared.type === "prepared" && prepared.refused !== undefined) {
      say({ type: "abandon", generation: now });
      return prepared.refused;
    }
    say({ type: "commit", generation: now });
    await wait(() => heard.find((one) => one.type === "committed" && one.generation === now), "answer to commit");
    return undefined;
  }

  async function status(): Promise<Status> {
    questions += 1;
    const id = questions;
    say({ type: "status", id });
    return await wait(() => heard.find((one): one is Status => one.type === "status" && one.id === id), "status");
  }

  async function stop(): Promise<number | null> {
    say({ type: "stop", hurry: false });
    return await exited;
  }

  return {
    pid: pidOf(child),
    events,
    stderr: () => stderr,
    say,
    configure,
    status,
    event,
    becomes: (state, where) =>
      event((body) => body.type === "vrrp.transition" && body.to === state, where) as Promise<Transition>,
    stop,
    signal: (signal) => void child.kill(signal),
    disconnect: () => child.disconnect(),
    exited,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function commandOf({ accounts, execArgv = [] }: RoleOptions) {
  const flags = ["--disable-sigusr1", ...execArgv];
  if (accounts === undefined) return { execArgv: flags };
  const script = `mount --bind ${accounts} /etc/passwd && exec ${process.execPath} ${flags.join(" ")} "$@"`;
  return { execPath: "unshare", execArgv: ["--mount", "sh", "-c", script, "sh"] };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error("Cannot start the vrrp process");
  return child.pid;
}
