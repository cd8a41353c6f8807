/** The working parts of the parent process and how they are joined: roles, track scripts, notifications. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { FifoSettings } from "../notify/settings.ts";
import { identityOf, localAccount } from "../os/accounts.ts";
import { openFifo } from "../os/fifo.ts";
import { thisNetwork } from "../os/in-network.ts";
import { createKernelTable } from "../os/ipvs.ts";
import { openLineFile } from "../os/line-file.ts";
import { namespacePath } from "../os/namespaces.ts";
import { forkRole } from "../os/role-process.ts";
import { sweepAddresses } from "../os/sweep.ts";
import { createBalancing } from "./balancing.ts";
import type { Context } from "./context.ts";
import { fixedChange } from "./fixed-settings.ts";
import { createDryRunTable } from "./ipvs/dry-run.ts";
import { createVirtualServices, type VirtualServices } from "./ipvs.ts";
import { EXIT, Refusal } from "./machine.ts";
import { createMailRoom } from "./mail-room.ts";
import type { Happened } from "./messages.ts";
import { createNotifier, type Notifier } from "./notifier.ts";
import { type CheckersRole, createCheckersRole, createVrrpRole, type VrrpRole } from "./roles.ts";
import { createScriptRunner, type ScriptRunner } from "./script-runner.ts";
import { createTrackScripts, type TrackScripts } from "./track-scripts.ts";
import type { Participant } from "./two-phases.ts";

export type Parts = {
  readonly vrrp: VrrpRole;
  readonly checkers: CheckersRole;
  readonly services: VirtualServices;
  readonly scripts: TrackScripts;
  readonly notifier: Notifier;
  /**
   * Who takes part in a change of configuration. At a start these groups do not wait for each other: adverts need no IPVS. vipd's own
   * parts stand first, so that nothing happens that they do not know.
   */
  readonly participants: readonly (readonly Participant[])[];
  /** Runs the scripts of the configuration. */
  readonly runner: ScriptRunner;
  /** Before a configuration is handed out, and before a network namespace is entered: where its IPVS is. */
  locateIpvs(config: Config): void;
};

/** The admin's templates, then ours. */
const TEMPLATE_FOLDERS = ["/etc/vipd/templates", join(import.meta.dirname, "templates")];

/** @param gaveUp a process ended and -R says not to start it again */
export function createParts(context: Context, gaveUp: () => void): Parts {
  const { options, clock, emit, warn, journal, events } = context;
  const pretend = options.dryRun === "all";
  const runner = createScriptRunner(warn);
  const scripts = createTrackScripts({
    clock,
    emit,
    fact: (fact) => vrrp.send({ type: "facts", facts: [fact] }),
    run: ({ command, timeoutMs }, signal) => runner.run(command, [], timeoutMs, signal),
  });
  const notifier = createNotifierOf(context, runner);
  const writeDown = options.dryRun === "no" ? () => {} : openDryRunLog(options.dryRunLog, warn);
  const ipvsNetwork = createIpvsNetwork();
  const kernel = createKernelTable(ipvsNetwork.path);
  const services = createVirtualServices({
    io: options.dryRun === "no" ? kernel : createDryRunTable({ write: writeDown, wall: clock.wall, kernel }),
    clock,
    emit,
    ours: () => journal.ours().services,
  });
  function orWarn(write: () => void): void {
    try {
      write();
    } catch (error) {
      warn(error instanceof Error ? error.message : String(error));
    }
  }

  function happened({ body, monotonicMs }: Happened): void {
    emit(body, monotonicMs);
    const would = pretend && body.type === "info" ? /^dry run: would (.*)/s.exec(body.reason)?.[1] : undefined;
    if (would !== undefined) writeDown(`${Math.floor(clock.wall())}000000 - ${would}\n`);
  }
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
    happened,
    promoted: (link) => orWarn(() => journal.claim({ ...journal.ours(), promoted: [link] })),
    removeAddresses: () => removeAddresses(context),
  });
  const checkers = createCheckersRole({
    ...common,
    fork: () => forkRole("checkers"),
    health: services.health,
    verdict: services.verdict,
    failure: services.failure,
  });

  if (!pretend) events.onEvent((event) => notifier.event(event));
  events.onEvent((event) => {
    if (event.type !== "vrrp.address" || event.what !== "adopted") return;
    orWarn(() => journal.disown(`${event.device} ${event.address}`)); // this process knows it; the next one adopts it again
  });

  const own = ownParticipant(context, (next) => {
    runner.configure(next.notify);
    if (!pretend) notifier.configure(next.notify, next.mail);
    scripts.configure(next.scripts);
  });
  const balancing = createBalancing(services, checkers, () => journal.ours().services.length > 0);
  const participants = [
    [own, ...(options.only === "checkers" ? [] : [{ name: "vrrp", ...vrrp }])],
    ...(options.only === "vrrp" ? [] : [[balancing]]),
  ];
  return { vrrp, checkers, services, scripts, notifier, participants, runner, locateIpvs: ipvsNetwork.locate };
}

/** `net_namespace_ipvs`: a namespace of its own for IPVS; without a name that in which vipd was started. */
function createIpvsNetwork() {
  let initial: string | undefined;
  let path: string | undefined;
  return {
    path: () => path,
    locate({ global: { ipvsNamespace } }: Config): void {
      initial ??= thisNetwork();
      path = ipvsNamespace === "" ? initial : ipvsNamespace && namespacePath(ipvsNamespace);
    },
  };
}

/** vipd itself: what cannot change while it runs, and what it takes over. */
function ownParticipant({ options }: Context, commit: (config: Config) => void): Participant {
  let current: Config | undefined;
  let next: Config | undefined;
  return {
    name: "vipd",
    prepare(wanted) {
      next = wanted;
      return Promise.resolve(current && fixedChange(current, wanted, options.namespace));
    },
    commit() {
      current = next ?? current;
      if (next !== undefined) commit(next);
      return Promise.resolve();
    },
    abandon() {
      next = undefined;
    },
  };
}

function createNotifierOf({ options, emit, warn, clock }: Context, runner: ScriptRunner): Notifier {
  return createNotifier({
    host: hostname(),
    emit,
    mailRoom: createMailRoom({
      spool: join(options.stateDir, "spool"),
      templates: TEMPLATE_FOLDERS,
      owner: mailerAccount,
      fork() {
        const mailer = forkRole("mailer");
        mailer.onComplaint((line) => warn(`mailer (pid ${mailer.pid}) wrote: ${line}`));
        return mailer;
      },
      emit,
      happened: ({ body, monotonicMs }) => emit(body, monotonicMs),
      after: clock.after,
    }),
    async runCommand(command, extra, { timeoutMs, signal }) {
      const reason = await runner.run(command, extra, timeoutMs, signal);
      return reason === undefined ? { ok: true } : { ok: false, reason };
    },
    openFifo: (settings) => openFifo(settings.path, ownerOf(settings)),
    startReader: (command, path, ended) => runner.start(command, [path], ended),
    pause: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
  });
}

/** The mailer is uid 0 where there is no account for it, but without the capability to read what is another's. */
function mailerAccount(): { readonly uid: number; readonly gid: number } | undefined {
  return process.getuid?.() === 0 ? (localAccount("vipd-mail") ?? { uid: 0, gid: 0 }) : undefined;
}

/** Whom a FIFO that we make is given to. @throws {Error} no such account */
function ownerOf({ path, user, group }: FifoSettings): { readonly uid: number; readonly gid: number } | undefined {
  if (user === undefined || process.getuid?.() !== 0) return undefined;
  const owner = identityOf(user, group);
  if (typeof owner === "string") throw new Error(`Cannot make the FIFO ${path}: ${owner}`);
  return owner;
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

/** @throws {Refusal} */
function openDryRunLog(path: string | undefined, warn: (reason: string) => void): (lines: string) => void {
  try {
    return openLineFile(path, warn);
  } catch (error) {
    throw new Refusal(EXIT.fatal, error instanceof Error ? error.message : String(error));
  }
}
