/**
 * One mail to one relay, by nodemailer: STARTTLS where the relay offers it (its certificate is not verified, and where TLS fails the mail
 * goes in clear: opportunistic, RFC 7435), everything bounded in time.
 */
import { createTransport } from "nodemailer";
import { systemErrorCode } from "./errors.ts";

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly date: Date;
};

export type Relay = {
  readonly host: string;
  readonly port: number;
  readonly helo: string | undefined;
  /** smtp_connect_timeout: for the connection and the greeting. */
  readonly connectTimeoutMs: number;
};

/** Every recipient stands in one of the lists. `later`: whom the relay would not take now, `refused`: whom it never will. */
export type Delivery = {
  readonly delivered: readonly string[];
  readonly later: readonly Undelivered[];
  readonly refused: readonly Undelivered[];
  /** The relay judged this mail. If not, it is out of reach or takes none, and the next mail need not be tried. */
  readonly reached: boolean;
};
export type Undelivered = { readonly to: string; readonly reason: string };

/** Sends a mail. Resolves for everything a relay or a network can do. */
export async function sendMail(mail: Mail, relay: Relay, deadlineMs: number): Promise<Delivery> {
  const expired = AbortSignal.timeout(deadlineMs);
  try {
    const rejected = await attempt(mail, relay, { signal: expired, deadlineMs, encrypted: true });
    return sorted(mail, rejected, undefined);
  } catch (error) {
    if (!isTlsTrouble(error) || relay.port === TLS_PORT) return failed(mail, relay, error);
  }
  // STARTTLS is worth having, but protects from nobody who could also take it away: no mail is lost to it
  try {
    return sorted(mail, await attempt(mail, relay, { signal: expired, deadlineMs, encrypted: false }), undefined);
  } catch (error) {
    return failed(mail, relay, error);
  }
}

const TLS_PORT = 465;

type Manner = { readonly signal: AbortSignal; readonly deadlineMs: number; readonly encrypted: boolean };

/** @returns the recipients that were rejected; some of them were not @throws what nodemailer throws */
async function attempt(
  mail: Mail,
  relay: Relay,
  { signal, deadlineMs, encrypted }: Manner,
): Promise<readonly SmtpError[]> {
  const transport = createTransport({
    host: relay.host,
    port: relay.port,
    secure: relay.port === TLS_PORT,
    ignoreTLS: !encrypted,
    ...(relay.helo === undefined ? {} : { name: relay.helo }),
    connectionTimeout: relay.connectTimeoutMs,
    greetingTimeout: relay.connectTimeoutMs,
    // It may look at a message for long before it answers (RFC 5321 §4.5.3.2.6); whoever gives up earlier sends again what was taken.
    socketTimeout: deadlineMs,
    dnsTimeout: relay.connectTimeoutMs,
    // Opportunistic: a relay on the local network mostly has a certificate of its own making, and without TLS it would get the mail in clear.
    tls: { rejectUnauthorized: false },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const sending = transport.sendMail({
      from: mailbox(mail.from),
      to: mail.to.map(mailbox),
      // said again, for an address without @, as in "root", is none to nodemailer
      envelope: { from: bareAddress(mail.from), to: mail.to.map(bareAddress) },
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      messageId: mail.messageId,
      date: mail.date,
      xMailer: false,
      headers: { "X-Mailer": "vipd", "Auto-Submitted": "auto-generated" },
    });
    const info = await Promise.race([sending, rejectWhen(signal, deadlineMs)]);
    return (info.rejectedErrors ?? []) as readonly SmtpError[];
  } finally {
    transport.close();
  }
}

/** The address inside `Name <a@b>`, or the text itself. */
export function bareAddress(text: string): string {
  return /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text.trim();
}

function mailbox(text: string): { readonly name: string; readonly address: string } {
  const address = bareAddress(text);
  return {
    name:
      /^(.*)<[^<>]+>\s*$/
        .exec(text)?.[1]
        ?.trim()
        .replace(/^"(.*)"$/, "$1") ?? "",
    address,
  };
}

type SmtpError = Error & {
  readonly code?: string;
  /** The command that was answered; CONN while there was none, API for what was never said. */
  readonly command?: string;
  readonly responseCode?: number;
  readonly recipient?: string;
  readonly rejectedErrors?: readonly SmtpError[];
};

/** The handshake's own errors have lost their code by then. */
function isTlsTrouble(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, command, responseCode, message }: SmtpError = error;
  if (code === "ETLS" || command === "STARTTLS") return true;
  return responseCode === undefined && /SSL routines|TLS/.test(message);
}

/** The mail as a whole failed. What was said of single recipients is known only where all of them were rejected. */
function failed(mail: Mail, relay: Relay, error: unknown): Delivery {
  if (!(error instanceof Error)) throw error;
  const smtp: SmtpError = error;
  const remedy = smtp.responseCode === undefined && !judged(smtp) ? "; check smtp_server, and that the relay runs" : "";
  const reason = `${relay.host} port ${relay.port}: ${words(smtp)}${remedy}`;
  return sorted(mail, smtp.rejectedErrors ?? [], { reason, permanent: permanent(smtp), reached: judged(smtp) });
}

type Whole = { readonly reason: string; readonly permanent: boolean; readonly reached: boolean };

/** @param rejected what the relay said of single recipients @param whole what became of the others; undefined: they have it */
function sorted(mail: Mail, rejected: readonly SmtpError[], whole: Whole | undefined): Delivery {
  const said = new Map(rejected.map((error) => [error.recipient ?? "", error]));
  const delivered: string[] = [];
  const later: Undelivered[] = [];
  const refused: Undelivered[] = [];
  for (const to of mail.to) {
    const own = said.get(bareAddress(to));
    if (own !== undefined) (permanent(own) ? refused : later).push({ to, reason: words(own) });
    else if (whole === undefined) delivered.push(to);
    else (whole.permanent ? refused : later).push({ to, reason: whole.reason });
  }
  return { delivered, later, refused, reached: whole?.reached ?? true };
}

/**
 * Whether it is about this mail and not about all: a relay that says 554 instead of a greeting, wants a login (530), or has no room for
 * any, takes none until that is mended.
 */
function judged({ command, responseCode = 0 }: SmtpError): boolean {
  if (command === "MAIL FROM") return responseCode >= 500 && responseCode !== 530;
  return command === "RCPT TO" || command === "DATA" || command === "API";
}

function permanent(error: SmtpError): boolean {
  if (error.command === "API") return error.code === "EENVELOPE" || error.code === "EMESSAGE";
  return judged(error) && error.responseCode !== undefined && error.responseCode >= 500;
}

function words(error: SmtpError): string {
  if (error.responseCode !== undefined) return error.message;
  const code = "code" in error ? systemErrorCode(error) : "";
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function rejectWhen(signal: AbortSignal, deadlineMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const expire = () => reject(new Error(`no end after ${deadlineMs / 1000} s`));
    if (signal.aborted) expire();
    else signal.addEventListener("abort", expire, { once: true });
  });
}
