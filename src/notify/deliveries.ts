/**
 * Whom an event concerns: the commands to run in order, the lines for the FIFOs, and whether to send a mail. keepalived's order and
 * arguments: the script of the state, the generic script with `INSTANCE|GROUP NAME STATE PRIORITY` behind its own arguments, FIFO, mail.
 */
import type { EventBody } from "../events.ts";
import type {
  CommandSettings,
  InstanceNotify,
  MailSettings,
  NotifySettings,
  ServerNotify,
  ServiceNotify,
} from "./settings.ts";
import { createTold, type StateWord, stateWord, type Transition } from "./words.ts";

export type Run = {
  readonly command: CommandSettings;
  /** Arguments behind the command's own. */
  readonly extra: readonly string[];
};

export type Fifo = "all" | "vrrp" | "lvs";

export type Deliveries = {
  /** Scripts of one subject run one after the other; of different subjects side by side. */
  readonly subject: string;
  readonly runs: readonly Run[];
  readonly lines: readonly { readonly fifo: Fifo; readonly line: string }[];
  readonly mail: boolean;
};

/** Decides for each event in turn; holds what was told last, and the settings of what a reload has just removed. */
export type Router = {
  configure(notify: NotifySettings, mail: MailSettings | undefined): void;
  deliveriesOf(event: EventBody): Deliveries | undefined;
};

type Book = {
  readonly subjects: ReadonlyMap<string, InstanceNotify>;
  readonly services: ReadonlyMap<string, ServiceNotify>;
  readonly servers: ReadonlyMap<string, ServerNotify>;
};

export function createRouter(): Router {
  const told = createTold();
  let book: Book = EMPTY;
  let former: Book = EMPTY;
  let mail: MailSettings | undefined;
  return {
    configure(notify, mailSettings) {
      former = book;
      book = bookOf(notify);
      // a service that comes back begins anew; instances and groups say their own end
      for (const name of former.services.keys()) if (!book.services.has(name)) told.forget(serviceSubject(name));
      mail = mailSettings;
    },
    deliveriesOf(event) {
      const subject = (key: string) => book.subjects.get(key) ?? former.subjects.get(key);
      switch (event.type) {
        case "vrrp.transition":
          return transition(event, `instance ${event.instance}`, subject(`instance ${event.instance}`));
        case "vrrp.group":
          return transition(event, `group ${event.group}`, subject(`group ${event.group}`));
        case "vrrp.lower":
          return lower(event, subject(`instance ${event.instance}`));
        case "vrrp.priority":
          return priority(event, subject(`instance ${event.instance}`));
        case "server.state":
          return server(event, book.servers.get(serverSubject(event)) ?? former.servers.get(serverSubject(event)));
        case "service.quorum":
          return quorum(event, book.services.get(event.service) ?? former.services.get(event.service));
        default:
          return mail !== undefined && worthAMail(event) ? { ...nothing("vipd"), mail: true } : undefined;
      }
    },
  };

  function transition(
    event: Transition,
    subject: string,
    settings: InstanceNotify | undefined,
  ): Deliveries | undefined {
    const word = settings === undefined ? undefined : stateWord(event, settings);
    if (settings === undefined || word === undefined || !told.news(subject, word)) return undefined;
    if (word === "DELETED" || event.to === "STOP") told.forget(subject);
    const kind = settings.kind === "instance" ? "INSTANCE" : "GROUP";
    const number = String(event.type === "vrrp.transition" ? event.priority : 0);
    return {
      subject,
      runs: [...runs(scriptOf(settings, word)), ...runs(settings.generic, [kind, settings.name, word, number])],
      lines: both("vrrp", `${kind} "${settings.name}" ${word} ${number}\n`),
      mail: settings.mail && mail !== undefined && (word !== "FAULT" || mail.faults),
    };
  }

  function quorum(
    event: Extract<EventBody, { type: "service.quorum" }>,
    settings: ServiceNotify | undefined,
  ): Deliveries | undefined {
    const subject = serviceSubject(event.service);
    if (!told.news(subject, event.to)) return undefined;
    const command = event.to === "up" ? settings?.quorumUp : settings?.quorumDown;
    return {
      subject,
      runs: runs(command),
      lines: both("lvs", `VS ${event.service} ${event.to.toUpperCase()}\n\0`),
      mail: settings?.mail === true && mail !== undefined,
    };
  }

  function server(event: Extract<EventBody, { type: "server.state" }>, settings: ServerNotify | undefined): Deliveries {
    return {
      subject: `server ${serverSubject(event)}`,
      runs: runs(event.to === "up" ? settings?.up : settings?.down),
      lines: both("lvs", `RS ${event.server} ${event.service} ${event.to.toUpperCase()}\n\0`),
      mail: settings?.mail === true && mail !== undefined,
    };
  }
}

function lower(
  event: Extract<EventBody, { type: "vrrp.lower" }>,
  settings: InstanceNotify | undefined,
): Deliveries | undefined {
  if (settings === undefined) return undefined;
  return {
    subject: `instance ${event.instance}`,
    runs: runs(settings.masterRxLowerPriority),
    lines: both("vrrp", `INSTANCE "${event.instance}" MASTER_RX_LOWER_PRI ${event.priority}\n`),
    mail: false,
  };
}

function priority(
  event: Extract<EventBody, { type: "vrrp.priority" }>,
  settings: InstanceNotify | undefined,
): Deliveries | undefined {
  if (settings?.priorityChanges !== true || (event.state !== "MASTER" && event.state !== "BACKUP")) return undefined;
  const line = `INSTANCE "${event.instance}" ${event.state}_PRIORITY ${event.to}\n`;
  return { ...nothing(`instance ${event.instance}`), lines: both("vrrp", line) };
}

/** Events beyond keepalived's that wake an admin: something of vipd itself is wrong, or was. */
function worthAMail(event: EventBody): boolean {
  switch (event.type) {
    case "vrrp.stalled":
    case "config.refused":
    case "config.fallback":
    case "ipvs.error":
      return true;
    case "vrrp.contested":
      return true;
    case "process.exit":
      return event.process !== "mailer" && event.restartMs !== undefined;
    case "vrrp.address":
      return event.what === "gaveUp";
    default:
      return false;
  }
}

function scriptOf(settings: InstanceNotify, word: StateWord): CommandSettings | undefined {
  switch (word) {
    case "MASTER":
      return settings.master;
    case "BACKUP":
      return settings.backup;
    case "FAULT":
      return settings.fault;
    case "STOP":
      return settings.stop;
    case "DELETED":
      return settings.deleted;
  }
}

function runs(command: CommandSettings | undefined, extra: readonly string[] = []): readonly Run[] {
  return command === undefined ? [] : [{ command, extra }];
}

function both(fifo: "vrrp" | "lvs", line: string): Deliveries["lines"] {
  return [
    { fifo: "all", line },
    { fifo, line },
  ];
}

function nothing(subject: string): Deliveries {
  return { subject, runs: [], lines: [], mail: false };
}

function serviceSubject(name: string): string {
  return `service ${name}`;
}

/** A server is one of a service: the same address may serve several. */
function serverSubject(event: { readonly service: string; readonly server: string }): string {
  return `${event.server} of ${event.service}`;
}

const EMPTY: Book = { subjects: new Map(), services: new Map(), servers: new Map() };

function bookOf(notify: NotifySettings): Book {
  return {
    subjects: new Map(notify.instances.map((entry) => [`${entry.kind} ${entry.name}`, entry])),
    services: new Map(notify.services.map((entry) => [entry.service, entry])),
    servers: new Map(notify.servers.map((entry) => [serverSubject(entry), entry])),
  };
}
