/**
 * `vipd: mailer`: templates, DNS and SMTP, without privileges. It looks into the spool, waits a moment so that what happens together is
 * told together, sends, and removes what was taken. A relay that is away is tried again at 5, 10, 20 … 300 s. It ends after a minute of
 * an empty spool; its death at any time costs a retry (at worst a second copy with the same Message-ID).
 */
import { boottimeMs, dropPrivileges } from "dgram-ext";
import type { EventBody } from "../events.ts";
import { bareAddress, digestModel, envelopes, type Letter, mailModel, retryDelayMs } from "../notify/mail.ts";
import { localAccount } from "../os/accounts.ts";
import { guardSignals } from "../os/signals.ts";
import { type Delivery, sendMail } from "../os/smtp.ts";
import { listLetters, readLetter, refuseLetter, removeLetter, rewriteLetter } from "../os/spool.ts";
import { openTemplates, type Templates } from "../os/templates.ts";
import type { FromMailer, ToMailer } from "./messages.ts";

type Order = Extract<ToMailer, { type: "run" }>;
/** A letter with the recipients it is still owed to, once some have it. */
type Owed = Letter & { readonly owed?: readonly string[] };
type Waiting = { readonly name: string; readonly letter: Owed };

/** What happens within this time of each other goes out together. */
const GATHER_MS = 500;
const IDLE_MS = 60_000;

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
  let failures = 0;
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
    const waiting = lettersIn(order.spool);
    for (const envelope of envelopes(waiting)) {
      if (stopping || !(await send(envelope, order, templates))) break;
    }
    busy = false;
    report(order.spool);
    if (stopping || last) end();
    else if (failures > 0) plan(retryDelayMs(failures));
    else if (listLetters(order.spool).length > 0) plan(GATHER_MS);
    else if (waiting.length === 0) {
      tell({ type: "idle" }, () => process.exit(0));
    } else plan(IDLE_MS);
  }

  /** @returns false if the relay is out of reach, so that the rest need not be tried. */
  async function send(envelope: readonly Waiting[], to: Order, using: Templates): Promise<boolean> {
    const started = boottimeMs();
    const letters = envelope.map((entry) => entry.letter);
    const [first] = letters;
    if (first === undefined) return true;
    const model = letters.length === 1 ? mailModel(first) : digestModel(letters);
    const { subject, text, html } = using.render(model.kind, model);
    const recipients = letters.length === 1 && first.owed !== undefined ? first.owed : to.mail.recipients;
    const { connectTimeoutMs } = to.mail;
    const delivery = await sendMail(
      {
        from: to.mail.from,
        to: recipients,
        subject,
        text,
        html,
        messageId: `<${first.event.boot}.${first.event.seq}${letters.length > 1 ? `.${letters.length}` : ""}@${first.host}>`,
        date: new Date(letters.at(-1)?.event.wallMs ?? first.event.wallMs),
      },
      { ...to.mail.relay, helo: to.mail.helo, connectTimeoutMs },
      Math.max(120_000, 4 * connectTimeoutMs),
    );
    settle(envelope, to.spool, delivery, recipients);
    return account(delivery, subject, letters.length, recipients, boottimeMs() - started, to.spool);
  }

  function account(
    delivery: Delivery,
    subject: string,
    count: number,
    recipients: readonly string[],
    tookMs: number,
    spool: string,
  ): boolean {
    const problem = delivery.later[0]?.reason ?? delivery.refused[0]?.reason;
    if (problem !== undefined) lastError = problem;
    if (delivery.refused.length > 0) {
      refused += count;
      say({
        type: "mail.refused",
        subject,
        reason: `${delivery.refused.map(({ to }) => to).join(", ")}: ${delivery.refused[0]?.reason ?? ""}`,
      });
    }
    if (delivery.refused.length + delivery.later.length < recipients.length) {
      delivered += count;
      say({ type: "mail.delivered", subject, count, tookMs });
    }
    if (delivery.later.length === 0) {
      failures = 0;
      return true;
    }
    failures += 1;
    const waiting = listLetters(spool).length;
    say({ type: "mail.deferred", reason: delivery.later[0]?.reason ?? "", waiting, retryMs: retryDelayMs(failures) });
    return false;
  }

  function report(spool: string): void {
    const names = listLetters(spool);
    const oldestMs = names[0] === undefined ? undefined : Number.parseInt(names[0], 10);
    tell({ type: "spool", waiting: names.length, oldestMs, delivered, refused, lastError });
  }

  function end(): void {
    tell({ type: "stopped" }, () => process.exit(0));
  }
}

function lettersIn(spool: string): readonly Waiting[] {
  return listLetters(spool).flatMap((name) => {
    const letter = readLetter(spool, name) as Owed | undefined;
    if (letter?.event !== undefined) return [{ name, letter }];
    say({ type: "mail.refused", subject: name, reason: "the file in the spool is no letter; it is moved to refused/" });
    refuseLetter(spool, name);
    return [];
  });
}

/** Removes what was taken, keeps what is owed to some, and sets aside what nobody will ever take. */
function settle(envelope: readonly Waiting[], spool: string, delivery: Delivery, recipients: readonly string[]): void {
  const owed = recipients.filter((to) => delivery.later.some((entry) => bareAddress(entry.to) === bareAddress(to)));
  const allRefused = delivery.refused.length === recipients.length;
  for (const { name, letter } of envelope) {
    if (delivery.later.length === 0) (allRefused ? refuseLetter : removeLetter)(spool, name);
    else if (owed.length < recipients.length) rewriteLetter(spool, name, { ...letter, owed });
  }
}

function say(body: EventBody): void {
  tell({ type: "event", event: { body, monotonicMs: boottimeMs() } });
}

function tell(message: FromMailer, sent: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}
