/**
 * `vipd: mailer`: templates, DNS and SMTP, without privileges. It looks into the spool, waits a moment so that what happens together is
 * told together, sends, and removes what was taken. A relay that is away is tried again at 5, 10, 20 … 300 s. It ends after a minute of
 * an empty spool; its death at any time costs a retry (at worst a second copy with the same Message-ID).
 */
import { boottimeMs, dropPrivileges } from "dgram-ext";
import type { EventBody } from "../events.ts";
import { digestModel, mailModel, retryDelayMs } from "../notify/mail.ts";
import { type Delay, dueNow, type Envelope, isHopeless, type Posted, packed, putOff, restMs } from "../notify/post.ts";
import { localAccount } from "../os/accounts.ts";
import { guardSignals } from "../os/signals.ts";
import { type Delivery, type Mail, sendMail } from "../os/smtp.ts";
import { spoolTrouble, writtenMs } from "../os/spool.ts";
import { openTemplates, type Templates } from "../os/templates.ts";
import { createDesk, namesIn } from "./mail-desk.ts";
import type { FromMailer, ToMailer } from "./messages.ts";

type Order = Extract<ToMailer, { type: "run" }>;

/** What happens within this time of each other goes out together. */
const GATHER_MS = 500;
const IDLE_MS = 60_000;
/** What relays say has no end, messages between processes have: characters. */
const MOST_TEXT = 1000;

guardSignals();
process.title = "vipd: mailer";
becomeMailer();
serve();

/** Without an account of its own it is uid 0 still, but can do no more with that than read and write what is root's. */
function becomeMailer(): void {
  if (process.getuid?.() !== 0) return;
  const account = localAccount("vipd-mail");
  if (account === undefined) {
    const reason =
      "There is no account vipd-mail: the mailer stays uid 0, without capabilities; create it with systemd-sysusers";
    say({ type: "warning", reason });
  }
  try {
    dropPrivileges({ uid: account?.uid ?? 0, gid: account?.gid ?? 0, keep: [] });
  } catch (error) {
    const reason = `${error instanceof Error ? error.message : String(error)}: the mailer keeps what it was started with`;
    say({ type: "warning", reason });
  }
}

function serve(): void {
  let order: Order | undefined;
  let templates: Templates | undefined;
  /** Looks in a row that ended because the relay takes nothing, or the spool cannot be changed. */
  let failures = 0;
  const delays = new Map<string, Delay>();
  const desk = createDesk();
  let timer: NodeJS.Timeout | undefined;
  let dueAt = 0;
  let busy = false;
  let stopping = false;
  /** vipd stops: what waits is sent once more, and then this process ends. */
  let last = false;
  let delivered = 0;
  let refused = 0;
  let lastError: string | undefined;

  process.on("disconnect", () => process.exit(0));
  process.on("message", (raw) => {
    const message = raw as ToMailer;
    switch (message.type) {
      case "run":
        order = message;
        templates = openTemplates(message.templates, (reason) => say({ type: "warning", reason }));
        plan(GATHER_MS);
        break;
      case "wake":
        if (failures === 0) plan(GATHER_MS);
        break;
      case "stop":
        stopping = message.hurry || failures > 0;
        last = true;
        if (message.hurry) end();
        else if (!busy) void look();
        break;
    }
  });
  tell({ type: "hello", pid: process.pid });

  /** The next look into the spool, `ms` from now, unless an earlier one is planned. */
  function plan(ms: number): void {
    const at = boottimeMs() + ms;
    if (timer !== undefined && dueAt <= at) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => {
      timer = undefined;
      void look();
    }, ms);
  }

  async function look(): Promise<void> {
    if (busy || order === undefined || templates === undefined) return;
    busy = true;
    const trouble = spoolTrouble(order.spool);
    const waiting = trouble === undefined ? lettersIn(order.spool) : [];
    if (trouble === undefined) await sendDue(waiting, order, templates);
    else relayOrSpoolFails(`${trouble}; until then no mail is sent, for it would be sent again and again`, order.spool);
    busy = false;
    report(order.spool);
    if (stopping || last) end();
    else if (failures > 0) plan(retryDelayMs(failures));
    else if (namesIn(order.spool).length > 0) {
      plan(Math.max(GATHER_MS, restMs(namesIn(order.spool), delays, boottimeMs())));
    } else if (waiting.length > 0) plan(IDLE_MS);
    else tell({ type: "idle" }, () => process.exit(0));
  }

  async function sendDue(waiting: readonly Posted[], to: Order, using: Templates): Promise<void> {
    const due = dueNow(waiting, delays, boottimeMs());
    if (due.length === 0) failures = 0;
    for (const envelope of packed(due)) {
      if (stopping || !(await send(envelope, to, using))) return;
    }
  }

  /** @returns false if the relay takes nothing, so that the rest need not be tried. */
  async function send(envelope: Envelope, order: Order, using: Templates): Promise<boolean> {
    const started = boottimeMs();
    const to = envelope.owed ?? order.mail.recipients;
    const mail = mailOf(envelope, order.mail.from, to, using);
    if (typeof mail === "string") {
      for (const { name } of envelope.letters) setAside(order.spool, name, mail);
      return true;
    }
    const { connectTimeoutMs, relay, helo } = order.mail;
    const delivery = await sendMail(
      mail,
      { ...relay, helo, connectTimeoutMs },
      Math.max(120_000, 4 * connectTimeoutMs),
    );
    settle(envelope, order.spool, delivery);
    account(delivery, mail.subject, envelope.letters, boottimeMs() - started);
    if (delivery.reached) {
      failures = 0;
      return true;
    }
    relayOrSpoolFails(delivery.later[0]?.reason ?? "", order.spool);
    return false;
  }

  /** Removes what was taken, puts off what is owed to some, and sets aside what nobody will ever take. */
  function settle(
    { letters }: Envelope,
    spool: string,
    { delivered: taken, later, refused: never, reached }: Delivery,
  ): void {
    const owed = later.map(({ to }) => to);
    for (const posted of letters) {
      const { name, letter } = posted;
      if (owed.length > 0) delays.set(name, putOff(delays.get(name), boottimeMs()));
      if (owed.length === 0) forget(spool, name, taken.length === 0);
      else if (reached && isHopeless(posted, delays, Date.now())) setAside(spool, name, later[0]?.reason ?? "");
      else if (taken.length + never.length > 0) lastError = desk.owe(spool, name, { ...letter, owed }) ?? lastError;
    }
    if (!reached) for (const { name } of letters) delays.set(name, { tries: delays.get(name)?.tries ?? 1, untilMs: 0 });
  }

  function setAside(spool: string, name: string, reason: string): void {
    refused += 1;
    lastError = reason;
    say({ type: "mail.refused", subject: name, reason: `${reason}; it is kept in ${spool}/refused` });
    forget(spool, name, true);
  }

  function lettersIn(spool: string): readonly Posted[] {
    const { letters, unreadable, broken } = desk.letters(spool);
    for (const { name, reason } of unreadable) {
      delays.set(name, putOff(delays.get(name), boottimeMs()));
      say({ type: "warning", reason: `${reason}; it waits` });
    }
    for (const name of broken) setAside(spool, name, "the file in the spool is no letter");
    return letters;
  }

  /** Its part in this is over. @param aside it stays, for nobody took it */
  function forget(spool: string, name: string, aside: boolean): void {
    const problem = desk.done(spool, name, aside);
    if (problem === undefined) delays.delete(name);
    else delays.set(name, putOff(delays.get(name), boottimeMs()));
    if (problem !== undefined) lastError = problem;
  }

  function account(delivery: Delivery, subject: string, letters: readonly Posted[], tookMs: number): void {
    const count = letters.length;
    const problem = delivery.later[0]?.reason ?? delivery.refused[0]?.reason;
    if (problem !== undefined) lastError = problem;
    if (delivery.refused.length > 0) {
      refused += count;
      const whom = delivery.refused.map(({ to }) => to).join(", ");
      say({ type: "mail.refused", subject, reason: `${whom}: ${delivery.refused[0]?.reason ?? ""}` });
    }
    if (delivery.delivered.length > 0) {
      delivered += count;
      say({ type: "mail.delivered", subject, count, tookMs });
    }
    if (delivery.reached && delivery.later.length > 0) {
      const whom = delivery.later.map(({ to }) => to).join(", ");
      const reason = `${whom}: ${delivery.later[0]?.reason ?? ""}`;
      say({
        type: "mail.deferred",
        reason,
        waiting: count,
        retryMs: restMs(
          letters.map(({ name }) => name),
          delays,
          boottimeMs(),
        ),
      });
    }
  }

  function relayOrSpoolFails(reason: string, spool: string): void {
    failures += 1;
    lastError = reason;
    say({ type: "mail.deferred", reason, waiting: namesIn(spool).length, retryMs: retryDelayMs(failures) });
  }

  function report(spool: string): void {
    const names = namesIn(spool);
    const error = lastError === undefined ? undefined : short(lastError);
    tell({ type: "spool", waiting: names.length, oldestMs: writtenMs(names[0]), delivered, refused, lastError: error });
  }

  function end(): void {
    tell({ type: "stopped" }, () => process.exit(0));
  }
}

/** @returns the mail, or why there cannot be one */
function mailOf({ letters }: Envelope, from: string, to: readonly string[], templates: Templates): Mail | string {
  const all = letters.map(({ letter }) => letter);
  const [first] = all;
  if (first === undefined) return "an envelope without a letter";
  try {
    const model = all.length === 1 ? mailModel(first) : digestModel(all);
    const { boot, seq, wallMs } = first.event;
    return {
      from,
      to,
      ...templates.render(model.kind, model),
      messageId: `<${boot}.${seq}${all.length > 1 ? `.${all.length}` : ""}@${first.host}>`,
      date: new Date(all.at(-1)?.event.wallMs ?? wallMs),
    };
  } catch (error) {
    return `no mail can be made of it: ${textOf(error)}`;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function short(text: string): string {
  return text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`;
}

function say(body: EventBody): void {
  const words = Object.entries(body).map(([key, value]) => [key, typeof value === "string" ? short(value) : value]);
  tell({ type: "event", event: { body: Object.fromEntries(words) as EventBody, monotonicMs: boottimeMs() } });
}

function tell(message: FromMailer, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}
