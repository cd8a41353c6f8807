/**
 * Joins the decision whom an event concerns with what reaches them: scripts in order, FIFO lines, mails into the spool. Nothing here
 * waits for anybody: a script runs in its queue, a FIFO without reader drops lines and says so, mail goes to disk.
 */
import type { Event, EventBody } from "../events.ts";
import { createRouter, type Fifo } from "../notify/deliveries.ts";
import { type Letter, letterOf } from "../notify/mail.ts";
import type { CommandSettings, FifoSettings, MailSettings, NotifySettings } from "../notify/settings.ts";
import { createScriptQueues, type RunCommand } from "./script-queues.ts";

export type SpoolStatus = {
  /** As configured; undefined: no mail is wanted. */
  readonly relay: MailSettings["relay"] | undefined;
  readonly waiting: number;
  /** Milliseconds since 1970 of the oldest letter. */
  readonly oldestMs: number | undefined;
  readonly delivered: number;
  readonly refused: number;
  /** In memory only, for the spool cannot be written. */
  readonly held: number;
  /** Neither kept nor sent. */
  readonly lost: number;
  readonly lastError: string | undefined;
};

/** The spool and the process that empties it (`mail-room.ts`). */
export type MailRoom = {
  configure(mail: MailSettings | undefined): void;
  post(letter: Letter): void;
  status(): SpoolStatus;
  stop(hurry: boolean): Promise<void>;
};

/** A FIFO that is open for writing (`os/fifo.ts`). */
export type FifoWriter = { write(line: string): "written" | "full" | "failed"; close(): void };

export type NotifierDeps = {
  readonly host: string;
  readonly mailRoom: MailRoom;
  /** Runs a command to its end, or until `timeoutMs`; never rejects. */
  readonly runCommand: RunCommand;
  readonly openFifo: (settings: FifoSettings) => FifoWriter;
  /** Starts the program that reads a FIFO; `ended` is told when it ends by itself, the returned function ends it. */
  readonly startReader: (command: CommandSettings, path: string, ended: (reason: string) => void) => () => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly emit: (body: EventBody) => void;
};

export type Notifier = {
  configure(notify: NotifySettings, mail: MailSettings | undefined): void;
  /** Tells whom it concerns. Returns at once. */
  event(event: Event): void;
  status(): { readonly mail: SpoolStatus; readonly scriptsWaiting: number };
  /** Waits for the queues (scripts started by the stop itself), then closes. `hurry`: kills them. */
  stop(hurry: boolean): Promise<void>;
};

export function createNotifier(deps: NotifierDeps): Notifier {
  const router = createRouter();
  const queues = createScriptQueues(deps.runCommand, deps.emit);
  const fifos = createFifos(deps);
  let mail: MailSettings | undefined;
  let notify: NotifySettings | undefined;
  return {
    configure(nextNotify, nextMail) {
      notify = nextNotify;
      mail = nextMail;
      router.configure(nextNotify, nextMail);
      queues.configure(nextNotify.scriptTimeoutMs);
      fifos.configure(nextNotify.fifos);
      deps.mailRoom.configure(nextMail);
    },
    event(event) {
      const deliveries = router.deliveriesOf(event);
      if (deliveries === undefined) return;
      for (const { command, extra } of deliveries.runs) queues.add(deliveries.subject, command, extra);
      for (const { fifo, line } of deliveries.lines) fifos.write(fifo, line);
      if (deliveries.mail && mail !== undefined) {
        deps.mailRoom.post(letterOf(event, deps.host, mail, reportsDeleted(notify, event)));
      }
    },
    status: () => ({ mail: deps.mailRoom.status(), scriptsWaiting: queues.waiting() }),
    async stop(hurry) {
      await queues.drain(hurry);
      await Promise.all([fifos.close(hurry), deps.mailRoom.stop(hurry)]);
    },
  };
}

function reportsDeleted(notify: NotifySettings | undefined, event: Event): boolean {
  if (event.type !== "vrrp.transition") return false;
  return notify?.instances.some((entry) => entry.name === event.instance && entry.reportDeleted) ?? false;
}

type OpenFifo = {
  readonly settings: FifoSettings;
  readonly writer: FifoWriter;
  readonly endReader: () => void;
  /** Resolves when the reader has ended; at once where there is none. */
  readonly readerGone: Promise<void>;
  closing: boolean;
  lost: number;
};

/** For the reader to read the last lines, of the end itself, before it is ended. */
const LAST_LINES_MS = 500;

function createFifos(deps: NotifierDeps) {
  const open = new Map<Fifo, OpenFifo>();
  /** The reader comes to the end of the file first. */
  async function closeOne(fifo: Fifo, hurry: boolean): Promise<void> {
    const former = open.get(fifo);
    if (former === undefined) return;
    open.delete(fifo);
    former.closing = true;
    former.writer.close();
    if (!hurry) await Promise.race([former.readerGone, deps.pause(LAST_LINES_MS)]);
    former.endReader();
  }
  function openOne(fifo: Fifo, settings: FifoSettings): void {
    try {
      const writer = deps.openFifo(settings);
      const gone = Promise.withResolvers<void>();
      const ended = (reason: string) => {
        gone.resolve();
        if (!one.closing) deps.emit({ type: "warning", reason: `the reader of ${settings.path} ended: ${reason}` });
      };
      const { script, path } = settings;
      if (script === undefined) gone.resolve();
      const endReader = script === undefined ? () => {} : deps.startReader(script, path, ended);
      const one: OpenFifo = { settings, writer, endReader, readerGone: gone.promise, closing: false, lost: 0 };
      open.set(fifo, one);
    } catch (error) {
      deps.emit({ type: "warning", reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    /** What did not change stays open: its reader is not disturbed. */
    configure(wanted: NotifySettings["fifos"]): void {
      for (const fifo of ["all", "vrrp", "lvs"] as const) {
        const settings = wanted[fifo];
        if (JSON.stringify(open.get(fifo)?.settings) === JSON.stringify(settings)) continue;
        void closeOne(fifo, true);
        if (settings !== undefined) openOne(fifo, settings);
      }
    },
    write(fifo: Fifo, line: string): void {
      const target = open.get(fifo);
      if (target === undefined) return;
      const outcome = target.writer.write(line);
      if (outcome === "written") {
        if (target.lost > 0)
          deps.emit({
            type: "warning",
            reason: `${target.settings.path} is read again; ${target.lost} lines were lost`,
          });
        target.lost = 0;
      } else {
        if (target.lost === 0)
          deps.emit({
            type: "warning",
            reason: `${target.settings.path} is full: nobody reads it; lines are being lost`,
          });
        target.lost += 1;
      }
    },
    async close(hurry: boolean): Promise<void> {
      await Promise.all([...open.keys()].map((fifo) => closeOne(fifo, hurry)));
    },
  };
}
