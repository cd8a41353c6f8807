/**
 * The spool and the process that empties it. vipd only writes letters; templates, DNS and SMTP live in `mailer.ts`, which is there while
 * letters wait. When it dies, the letters are still on disk and the next one sends them. Letters that the disk does not take are held in
 * memory until it does.
 */
import type { EventBody } from "../events.ts";
import type { Letter } from "../notify/mail.ts";
import { retryDelayMs } from "../notify/mail.ts";
import type { MailSettings } from "../notify/settings.ts";
import { ANOTHER_STATE_DIR, causeAndRemedy } from "../os/remedies.ts";
import { listLetters, type Owner, prepareSpool, putLetter, writtenMs } from "../os/spool.ts";
import type { Happened, ToMailer } from "./messages.ts";
import type { MailRoom, SpoolStatus } from "./notifier.ts";

/** A child process of a role. */
export type RoleChild = {
  readonly pid: number;
  send(message: ToMailer): void;
  onMessage(fn: (message: unknown) => void): void;
  onExit(fn: (reason: string) => void): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
};

export type MailRoomDeps = {
  /** The folder of the spool. */
  readonly spool: string;
  /** Folders of templates, the admin's first. */
  readonly templates: readonly string[];
  /** Whom a mailer that starts now runs as; undefined: as we do. The account may be made while vipd runs. */
  readonly owner: () => Owner | undefined;
  readonly fork: () => RoleChild;
  readonly emit: (body: EventBody) => void;
  readonly happened: (event: Happened) => void;
  /** For the delay before a mailer is started. */
  readonly after: (ms: number, fn: () => void) => Disposable;
};

/** More letters than this are not kept: the disk is not ours to fill. */
const MOST_LETTERS = 10_000;
/** Nor is memory. */
const MOST_HELD = 1000;
const WRITE_AGAIN_MS = 30_000;
/** What is worth a letter is often followed by more, and by work that needs the processor first: a takeover, a start. */
const FIRST_START_MS = 1000;
/** For letters that an earlier run left: the processes of a start come first. */
const LEFT_OVER_START_MS = 2000;

export function createMailRoom(deps: MailRoomDeps): MailRoom {
  let mail: MailSettings | undefined;
  let child: RoleChild | undefined;
  let stopping = false;
  let deaths = 0;
  let restart: Disposable | undefined;
  let owner: Owner | undefined;
  let usable = false;
  let sequence = 0;
  let spool: Omit<SpoolStatus, "relay" | "held" | "lost"> = NOTHING;
  /** Letters that could not be written, and why that was. */
  let held: readonly { readonly name: string; readonly letter: Letter }[] = [];
  let unwritable: string | undefined;
  let writeAgain: Disposable | undefined;
  let lost = 0;
  /** Counts of mailers that have ended. */
  let former = { delivered: 0, refused: 0 };
  let stopped: (() => void) | undefined;
  const warned = new Set<string>();

  /** @throws {Error} what to do about it */
  function prepare(): void {
    owner = deps.owner();
    prepareSpool(deps.spool, owner);
    usable = true;
  }

  function open(): void {
    if (usable) return;
    try {
      if (child === undefined) prepare();
      else usable = true; // it is the mailer's now; a write shows whether it can be written
      spool = { ...spool, ...waitingIn(deps.spool) };
      if (held.length === 0) written(); // else they show it: a full disk has its folders, too
    } catch (error) {
      notWritten(error instanceof Error ? error.message : String(error));
    }
  }

  function written(): void {
    if (unwritable === undefined) return;
    deps.emit({ type: "info", reason: "the mail spool can be written again" });
    unwritable = undefined;
  }

  function notWritten(reason: string): void {
    usable = false;
    if (reason !== unwritable)
      deps.emit({ type: "warning", reason: `${reason}; until then mails are held in memory, and lost if vipd ends` });
    unwritable = reason;
    writeAgain ??= deps.after(WRITE_AGAIN_MS, () => {
      writeAgain = undefined;
      writeHeld();
    });
  }

  /** As many as the disk takes, in their order. */
  function writeHeld(): void {
    open();
    for (const next of held) {
      if (!usable || !write(next.name, next.letter)) return;
      held = held.slice(1);
    }
  }

  function write(name: string, letter: Letter): boolean {
    try {
      putLetter(deps.spool, name, letter, owner);
    } catch (error) {
      notWritten(`Cannot write mails to ${deps.spool}: ${causeAndRemedy(error, ANOTHER_STATE_DIR)}`);
      return false;
    }
    written();
    spool = { ...spool, waiting: spool.waiting + 1, oldestMs: spool.oldestMs ?? letter.event.wallMs };
    if (child === undefined) startAfter(FIRST_START_MS);
    else child.send({ type: "wake" });
    return true;
  }

  function lose(subject: string, reason: string, count = 1): void {
    lost += count;
    deps.emit({ type: "mail.refused", subject, reason });
  }

  function startAfter(ms: number): void {
    if (child !== undefined) return;
    restart ??= deps.after(ms, () => {
      restart = undefined;
      start();
    });
  }

  function start(): void {
    if (child !== undefined || restart !== undefined || mail === undefined || stopping) return;
    try {
      prepare(); // the account of the mailer may be another one by now
    } catch (error) {
      notWritten(error instanceof Error ? error.message : String(error));
    }
    const started = deps.fork();
    child = started;
    started.onMessage((message) => void heard(started, message));
    started.onExit((reason) => ended(started, reason));
    started.send({ type: "run", spool: deps.spool, templates: deps.templates, mail });
  }

  async function heard(from: RoleChild, raw: unknown): Promise<void> {
    // loaded when a mailer speaks for the first time: adverts shall not wait for it at the start
    const { parseFromMailer } = await import("./from-mailer.ts");
    const said = parseFromMailer(raw);
    if (said === undefined) {
      deps.emit({ type: "warning", reason: "the mailer said something that is no message of its; it is ended" });
      from.kill("SIGKILL");
      return;
    }
    if (said.type === "event") {
      if (said.event.body.type === "mail.delivered") deaths = 0;
      if (isNews(said.event.body)) deps.happened(said.event);
    } else if (said.type === "spool") {
      const { waiting, oldestMs, lastError } = said;
      const [delivered, refused] = [former.delivered + said.delivered, former.refused + said.refused];
      spool = { waiting, oldestMs, delivered, refused, lastError };
    }
  }

  /** A warning is said once, not by every mailer anew. */
  function isNews(body: EventBody): boolean {
    if (body.type !== "warning") return true;
    if (warned.has(body.reason)) return false;
    warned.add(body.reason);
    return true;
  }

  function ended(who: RoleChild, reason: string): void {
    if (child !== who) return;
    child = undefined;
    former = { delivered: spool.delivered, refused: spool.refused };
    spool = { ...spool, ...waitingIn(deps.spool) };
    stopped?.();
    if (stopping || spool.waiting === 0) return;
    if (reason === "exit status 0") {
      startAfter(FIRST_START_MS);
      return;
    }
    deaths += 1;
    const restartMs = retryDelayMs(deaths);
    deps.emit({ type: "process.exit", process: "mailer", pid: who.pid, reason, restartMs });
    startAfter(restartMs);
  }

  return {
    configure(next) {
      mail = next;
      if (mail === undefined) return;
      open();
      if (child !== undefined) child.send({ type: "run", spool: deps.spool, templates: deps.templates, mail });
      else if (spool.waiting > 0) startAfter(LEFT_OVER_START_MS);
    },
    post(letter: Letter) {
      if (spool.waiting >= MOST_LETTERS)
        return lose(letter.event.type, `${MOST_LETTERS} mails wait already; this one is not kept`);
      if (held.length >= MOST_HELD)
        return lose(letter.event.type, `${MOST_HELD} mails are held in memory already; this one is not kept`);
      sequence += 1;
      held = [...held, { name: letterName(letter, sequence), letter }];
      writeHeld();
    },
    status: () => ({ relay: mail?.relay, ...spool, held: held.length, lost, lastError: unwritable ?? spool.lastError }),
    /** Gives the mailer three seconds to send what waits; the rest is sent after the next start. */
    async stop(hurry) {
      writeAgain?.[Symbol.dispose]();
      writeHeld();
      writeAgain?.[Symbol.dispose]();
      restart?.[Symbol.dispose](); // of what was written just now, too
      restart = undefined;
      if (held.length > 0)
        lose(countOf(held.length), `vipd ends, and they were in memory only: ${unwritable ?? ""}`, held.length);
      held = [];
      if (deaths === 0 && spool.waiting > 0 && !hurry) start();
      stopping = true;
      const last = child;
      if (last === undefined) return;
      const gone = new Promise<void>((resolve) => {
        stopped = resolve;
      });
      last.send({ type: "stop", hurry });
      const patience = deps.after(hurry ? 200 : 3500, () => last.kill("SIGKILL"));
      await gone;
      patience[Symbol.dispose]();
    },
  };
}

function countOf(mails: number): string {
  return mails === 1 ? "1 mail" : `${mails} mails`;
}

const NOTHING = { waiting: 0, oldestMs: undefined, delivered: 0, refused: 0, lastError: undefined };

/** Sorts by time, and within one millisecond by order; unique within the spool. */
function letterName(letter: Letter, sequence: number): string {
  return `${String(letter.event.wallMs).padStart(15, "0")}-${String(sequence).padStart(8, "0")}-${process.pid}.json`;
}

function waitingIn(folder: string): Pick<SpoolStatus, "waiting" | "oldestMs"> {
  const names = listLetters(folder);
  return { waiting: names.length, oldestMs: writtenMs(names[0]) };
}
