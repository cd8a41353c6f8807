/** The working parts of the parent process and how they are joined: roles, track scripts, notifications. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { CommandSettings } from "../notify/settings.ts";
import { localAccount } from "../os/accounts.ts";
import { runScript, scriptProblem, startProgram } from "../os/commands.ts";
import { openFifo } from "../os/fifo.ts";
import { forkRole } from "../os/role-process.ts";
import { sweepAddresses } from "../os/sweep.ts";
import type { Context } from "./context.ts";
import { createMailRoom } from "./mail-room.ts";
import { createNotifier, type Notifier } from "./notifier.ts";
import { type CheckersRole, createCheckersRole, createVrrpRole, type VrrpRole } from "./roles.ts";
import { createTrackScripts, type TrackScripts } from "./track-scripts.ts";
import type { Participant } from "./two-phases.ts";

export type Parts = {
  readonly vrrp: VrrpRole;
  readonly checkers: CheckersRole;
  readonly scripts: TrackScripts;
  readonly notifier: Notifier;
  /** Who takes part in a change of configuration; those of vipd itself first, so that nothing happens that they do not know. */
  readonly participants: readonly Participant[];
  /** A script of ours to its end. @returns why it failed, or undefined */
  runCommand(
    command: CommandSettings,
    extra: readonly string[],
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<string | undefined>;
};

/** The admin's templates, then ours. */
const TEMPLATE_FOLDERS = ["/etc/vipd/templates", join(import.meta.dirname, "templates")];

/** @param gaveUp a process ended and -R says not to start it again */
export function createParts(context: Context, gaveUp: () => void): Parts {
  const { options, clock, emit, warn, journal, events } = context;
  const pretend = options.dryRun === "all";
  let config: Config | undefined;

  const runCommand = createScriptRunner(warn, () => config?.notify.scriptSecurity ?? false);
  const scripts = createTrackScripts({
    clock,
    emit,
    fact: (fact) => vrrp.send({ type: "facts", facts: [fact] }),
    run: ({ command, timeoutMs }, signal) => runCommand(command, [], timeoutMs, signal),
  });
  const notifier = createNotifierOf(context, runCommand);
  const common = {
    clock,
    emit,
    respawn: options.respawn,
    gaveUp,
    namespaceOf: ({ global }: Config) => options.namespace ?? global.netNamespace,
  };
  const vrrp = createVrrpRole({
    ...common,
    dryRun: pretend,
    fork: () => forkRole("vrrp"),
    ours: () => journal.ours().addresses,
    facts: () => scripts.facts(),
    happened: ({ body, monotonicMs }) => emit(body, monotonicMs),
    removeAddresses: () => removeAddresses(context),
  });
  const checkers = createCheckersRole({
    ...common,
    fork: () => forkRole("checkers"),
    health: () => [],
    verdict: () => {},
    failure: () => {},
  });

  if (!pretend) events.onEvent((event) => notifier.event(event));
  events.onEvent((event) => {
    if (event.type === "vrrp.address" && event.what === "adopted") journal.disown(`${event.device} ${event.address}`);
  });

  let next: Config | undefined;
  const own: Participant = {
    name: "vipd",
    prepare(wanted) {
      next = wanted;
      const before = config && common.namespaceOf(config);
      const changed =
        config !== undefined &&
        (common.namespaceOf(wanted) !== before || wanted.global.instance !== config.global.instance);
      return Promise.resolve(
        changed ? "the network namespace and the instance cannot be changed by a reload; restart vipd" : undefined,
      );
    },
    commit() {
      if (next === undefined) return Promise.resolve();
      config = next;
      if (!pretend) notifier.configure(config.notify, config.mail);
      scripts.configure(config.scripts);
      return Promise.resolve();
    },
    abandon() {
      next = undefined;
    },
  };
  const roles = [
    ...(options.only === "checkers"
      ? []
      : [{ name: "vrrp", prepare: vrrp.prepare, commit: vrrp.commit, abandon: vrrp.abandon }]),
    ...(options.only === "vrrp"
      ? []
      : [{ name: "checkers", prepare: checkers.prepare, commit: checkers.commit, abandon: checkers.abandon }]),
  ];
  return { vrrp, checkers, scripts, notifier, participants: [own, ...roles], runCommand };
}

function createScriptRunner(warn: (reason: string) => void, security: () => boolean): Parts["runCommand"] {
  const warned = new Set<string>();
  function unsafe(reason: string): void {
    if (!warned.has(reason)) warn(`a script that runs as root is not safe: ${reason}`);
    warned.add(reason);
  }
  return async (command, extra, timeoutMs, signal) => {
    const end = await runScript(command, extra, {
      timeoutMs,
      security: security(),
      unsafe,
      ...(signal === undefined ? {} : { signal }),
    });
    return scriptProblem(end, timeoutMs);
  };
}

function createNotifierOf({ options, emit, warn, clock }: Context, runCommand: Parts["runCommand"]): Notifier {
  return createNotifier({
    host: hostname(),
    emit,
    mailRoom: createMailRoom({
      spool: join(options.stateDir, "spool"),
      templates: TEMPLATE_FOLDERS,
      owner: process.getuid?.() === 0 ? localAccount("vipd-mail") : undefined,
      fork: () => forkRole("mailer"),
      emit,
      happened: ({ body, monotonicMs }) => emit(body, monotonicMs),
      after: clock.after,
    }),
    async runCommand(command, extra, { timeoutMs, signal }) {
      const reason = await runCommand(command, extra, timeoutMs, signal);
      return reason === undefined ? { ok: true } : { ok: false, reason };
    },
    openFifo: ({ path }) => openFifo(path),
    startReader: (command, path) =>
      startProgram(command, [path], (reason) => warn(`the reader of ${path} ended: ${reason}`)),
  });
}

/** @returns how many of our addresses were there */
export function removeAddresses({ journal, warn }: Pick<Context, "journal" | "warn">): number {
  try {
    const { removed, failed } = sweepAddresses(journal.ours().addresses);
    for (const reason of failed) warn(`cannot remove an address: ${reason}`);
    return removed.length;
  } catch (error) {
    warn(`cannot remove our addresses: ${error instanceof Error ? error.message : String(error)}`);
    return 0;
  }
}
