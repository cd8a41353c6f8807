/**
 * The life of the parent process. It starts the others and restarts them, owns IPVS, the journal, scripts, the numbered events and the
 * control socket, and answers systemd and signals; it reads no network. `context.ts` has what its parts share, `parts.ts` joins them,
 * `reload.ts` changes the configuration.
 */
import { isAbsolute, join } from "node:path";
import { setProcessName } from "dgram-ext";
import type { Config } from "../config/config.ts";
import type { CommandSettings } from "../notify/settings.ts";
import { replaceFile } from "../os/files.ts";
import { keepSmall } from "../os/memory.ts";
import { firstChildren } from "../os/role-process.ts";
import { keepChildPidFiles } from "./child-pid-files.ts";
import { collectStatus } from "./collect-status.ts";
import { type Context, openContext, type ReadConfig } from "./context.ts";
import { openControl, type ReloadResult } from "./control.ts";
import type { DaemonOptions } from "./daemon-options.ts";
import { dataText } from "./data-text.ts";
import { statsJson, statsText } from "./dumps.ts";
import { NO_KEYS } from "./journal.ts";
import {
  checkPrivileges,
  EXIT,
  enterNetwork,
  makeRunDir,
  processName,
  Refusal,
  refuseBesideKeepalived,
  refuseBesideVipd,
} from "./machine.ts";
import { createParts, type Parts, removeAddresses } from "./parts.ts";
import { AlreadyRunning, lockPidFile, type PidLock } from "./pid-file.ts";
import { createKeeper, type Keeper } from "./reload.ts";
import { spanned } from "./reloads.ts";
import { handleSignals } from "./signals.ts";
import type { DaemonState, Status } from "./status.ts";
import { feedWatchdog } from "./watchdog.ts";

/** Runs until it is told to stop. @returns the exit code @throws {Refusal} a start that cannot be */
export async function runDaemon(options: DaemonOptions, version: string, readConfig: ReadConfig): Promise<number> {
  if (options.umask !== undefined) process.umask(options.umask);
  checkPrivileges(options);
  makeRunDir(options);
  const locks = lockAll([join(options.runDir, "vipd.pid"), options.pidFiles.vipd]);
  try {
    return await live(openContext(options, version, readConfig));
  } finally {
    for (const lock of locks) lock.release();
  }
}

function lockAll(paths: readonly (string | undefined)[]): readonly PidLock[] {
  try {
    return [...new Set(paths)].flatMap((path) => (path === undefined ? [] : [lockPidFile(path, process.pid)]));
  } catch (error) {
    if (error instanceof AlreadyRunning) throw new Refusal(EXIT.fatal, error.message);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(EXIT.permission, `${reason}; name files that can be written, with --run-dir or -p, -r, -c`);
  }
}

type StopWish = {
  readonly keepIpvs: boolean;
  readonly hurry: boolean;
  readonly reason: string;
  readonly exitCode?: number;
};

async function live(context: Context): Promise<number> {
  const { options, clock, emit, warn, systemd, journal, log } = context;
  let state: DaemonState = "starting";
  let stopping: StopWish | undefined;
  /** SIGHUP came before there was anything to reload. */
  let reloadWanted = false;
  let control: { close(): void } | undefined;
  const ended = Promise.withResolvers<number>();
  const parts = createParts(context, () =>
    stop({
      keepIpvs: false,
      hurry: false,
      reason: "a process ended, and -R says not to start it again",
      exitCode: EXIT.fatal,
    }),
  );
  const keeper = createKeeper(context, parts.participants, parts.services);
  process.stderr.on("error", () => {}); // whoever read it is gone
  const removePidFiles = keepChildPidFiles(context);
  const status = () => collectStatus(context, parts, keeper, state);
  startVrrp(options, parts);

  handleSignals(
    {
      stop: (signal) => stop({ keepIpvs: options.keepIpvs, hurry: false, reason: signal }),
      reload() {
        if (state === "starting") reloadWanted = true;
        else void reload();
      },
      dumpData: () => dump("keepalived.data", (at) => dataText(at, keeper.current()?.config)),
      dumpStats: () => dump("keepalived.stats", statsText),
      dumpJson: () => dump("keepalived.json", statsJson),
      clearStats: () => emit({ type: "info", reason: "statistics are not cleared: they count from the start" }),
    },
    options.ignoreInterrupt,
  );

  async function reload(): Promise<ReloadResult> {
    const file = keeper.status()?.file ?? "";
    if (state === "starting" || state === "stopping")
      return { ok: false, file, problems: [`vipd is ${state}; a reload is not possible now`] };
    return reloadKept();
  }

  const reloadKept = spanned(keeper.reload, {
    begun() {
      state = "reloading";
      systemd.reloading();
    },
    over() {
      if (state !== "reloading") return;
      state = "running";
      systemd.ready(summary(keeper));
    },
  });

  /** Where keepalived leaves it, and exporters look for it. */
  function dump(name: string, render: (at: Status) => string): void {
    const folder = process.env["TMPDIR"];
    const path = join(folder !== undefined && isAbsolute(folder) ? folder : "/tmp", name);
    void status().then((at) => {
      try {
        replaceFile(path, render(at), 0o644);
        emit({ type: "info", reason: `wrote ${path}` });
      } catch (error) {
        warn(`Cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  }

  /** A second wish to stop hurries the first. */
  function stop(wish: StopWish): void {
    const first = stopping === undefined;
    stopping = first ? wish : { ...wish, ...stopping, hurry: true };
    if (first) void finish(wish);
    else void hurry();
  }

  /** The configuration is in force. */
  function serve(): void {
    state = "running";
    control = openControl(options.runDir, {
      ...context,
      status,
      reload,
      stop,
      config: () => keeper.current()?.consolidated,
    });
    emit({ type: "daemon.ready", tookMs: clock.now() - context.startedMs });
    systemd.ready(summary(keeper));
    if (reloadWanted) void reload();
    feedWatchdog(clock, systemd, (ms) => working(options, parts).every((role) => role.answeredWithin(ms)));
    keepSmall(clock);
  }

  function hurry(): void {
    for (const role of [parts.vrrp, parts.checkers]) role.send({ type: "stop", hurry: true });
    clock.after(HURRY_MS, () => {
      parts.vrrp.kill();
      parts.checkers.kill();
      void parts.notifier.stop(true);
    });
  }

  /** vrrp first: the other node takes over while the rest is tidied up. */
  async function finish(wish: StopWish): Promise<void> {
    state = "stopping";
    systemd.stopping();
    emit({ type: "daemon.stop", reason: wish.reason });
    const config = keeper.current()?.config;
    const patienceMs = wish.hurry ? HURRY_MS : (config?.global.childWaitMs ?? DEFAULT_WAIT_MS);
    parts.scripts.stop();
    await Promise.all([parts.vrrp.stop(wish.hurry, patienceMs), parts.checkers.stop(wish.hurry, patienceMs)]);
    await within(parts.services.stop({ keep: wish.keepIpvs }), patienceMs);
    if (options.dryRun !== "all") {
      removeAddresses(context);
      context.promotion.restore(journal.ours().promoted ?? []);
    }
    const { shutdownScript } = config?.global ?? {};
    if (shutdownScript !== undefined && options.dryRun !== "all") await runHook(shutdownScript, "shutdown_script");
    await within(parts.notifier.stop(wish.hurry), patienceMs);
    tidy(wish);
    ended.resolve(wish.exitCode ?? EXIT.stopped);
  }

  function tidy({ keepIpvs }: StopWish): void {
    const keepsTable = keepIpvs || options.dryRun === "ipvs";
    try {
      if (options.dryRun !== "all")
        journal.keep({ ...NO_KEYS, services: keepsTable ? journal.ours().services : parts.services.keys() });
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
    removePidFiles();
    control?.close();
  }

  /** startup_script, shutdown_script */
  async function runHook(command: CommandSettings, name: string): Promise<void> {
    const reason = await parts.runner.run(command, [], HOOK_MS);
    if (reason !== undefined) emit({ type: "script.failed", subject: name, command: command.argv.join(" "), reason });
  }

  function within(promise: Promise<void>, ms: number): Promise<void> {
    return Promise.race([promise, new Promise<void>((resolve) => void clock.after(ms, resolve))]);
  }

  /** Just before a configuration is handed out. */
  async function beforeHandingOut(config: Config): Promise<void> {
    if (stopping !== undefined) throw new Error("vipd was told to stop before its configuration was in force");
    const namespace = options.namespace ?? config.global.netNamespace;
    parts.locateIpvs(config);
    if (namespace !== undefined) enterNetwork(namespace);
    const name = processName(options);
    if (options.dryRun !== "all") {
      refuseBesideKeepalived();
      refuseBesideVipd(name);
    }
    process.title = name; // now, where it works: another vipd looks for it
    setProcessName(name);
    parts.runner.configure(config.notify);
    const { startupScript } = config.global;
    if (startupScript !== undefined && options.dryRun !== "all") await runHook(startupScript, "startup_script");
  }

  emit({ type: "daemon.start", version: context.version, file: options.file ?? "(default)" });
  for (const note of options.notes) emit({ type: "info", reason: note });
  process.on("uncaughtException", (error) => {
    emit({ type: "warning", reason: `this is a defect of vipd; please report it: ${error.stack ?? error.message}` });
    void log.flush().finally(() => process.exit(EXIT.bug));
  });
  const started = keeper.start(beforeHandingOut);
  try {
    const result = await Promise.race([started, ended.promise]);
    if (typeof result === "object" && !result.ok)
      throw new Refusal(
        EXIT.configuration,
        ["Cannot start: the configuration is not usable", ...result.problems].join("\n"),
      );
  } catch (error) {
    if (stopping === undefined) {
      await giveUpStart(parts);
      await log.flush();
      throw error;
    }
  }
  if (stopping === undefined) serve();
  const code = await ended.promise;
  await log.flush();
  return code;
}

const DEFAULT_WAIT_MS = 5000;
const HURRY_MS = 500;
/** startup_script and shutdown_script. */
const HOOK_MS = 10_000;

/** The vrrp process runs since before this code was loaded; where it is not wanted it is ended. */
function startVrrp({ only }: DaemonOptions, { vrrp }: Parts): void {
  const first = firstChildren()["vrrp"];
  if (only === "checkers") first?.kill("SIGKILL");
  else vrrp.start(first);
}

/** A start that failed: what one role has taken over already, although another refused, it gives back. */
async function giveUpStart({ vrrp, checkers, services }: Parts): Promise<void> {
  await Promise.all([vrrp.stop(true, HURRY_MS), checkers.stop(true, HURRY_MS), services.stop({ keep: false })]);
}

function working({ only }: DaemonOptions, { vrrp, checkers }: Parts) {
  return [...(only === "checkers" ? [] : [vrrp]), ...(only === "vrrp" ? [] : [checkers])];
}

/** The line that `systemctl status` shows. */
function summary(keeper: Keeper): string {
  const status = keeper.status();
  const config = keeper.current()?.config;
  if (status === undefined || config === undefined) return "no configuration";
  const what = `${config.vrrp.routers.length} instances, ${config.services.length} virtual servers`;
  if (status.fallback !== undefined) return `ON THE LAST GOOD CONFIGURATION, for ${status.file} is broken: ${what}`;
  return status.refused === undefined
    ? `${what} by ${status.file}`
    : `${what}; the last reload of ${status.file} was refused`;
}
