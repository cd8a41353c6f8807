/** One mail to one relay, by nodemailer: STARTTLS where the relay offers it, everything bounded in time. */
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
  /** smtp_connect_timeout: for the connection, and for each answer. */
  readonly connectTimeoutMs: number;
};

/** `later` lists whom the relay would not take now, `refused` whom it never will; both empty = all delivered. */
export type Delivery = {
  readonly delivered: readonly string[];
  readonly later: readonly { readonly to: string; readonly reason: string }[];
  readonly refused: readonly { readonly to: string; readonly reason: string }[];
};

/** Sends a mail. Resolves for everything a relay or a network can do. */
export async function sendMail(mail: Mail, relay: Relay, deadlineMs: number): Promise<Delivery> {
  const transport = createTransport({
    host: relay.host,
    port: relay.port,
    secure: relay.port === 465,
    ...(relay.helo === undefined ? {} : { name: relay.helo }),
    connectionTimeout: relay.connectTimeoutMs,
    greetingTimeout: relay.connectTimeoutMs,
    socketTimeout: relay.connectTimeoutMs,
    dnsTimeout: relay.connectTimeoutMs,
    // Opportunistic: a relay on the local network mostly has a certificate of its own making, and without TLS it would get the mail in clear.
    tls: { rejectUnauthorized: false },
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const expired = AbortSignal.timeout(deadlineMs);
  try {
    const sending = transport.sendMail({
      from: mail.from,
      to: [...mail.to],
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      messageId: mail.messageId,
      date: mail.date,
      xMailer: false,
      headers: { "X-Mailer": "vipd", "Auto-Submitted": "auto-generated" },
    });
    const info = await Promise.race([sending, rejectWhen(expired, deadlineMs)]);
    return { delivered: mail.to, ...sorted((info.rejectedErrors ?? []) as readonly SmtpError[]) };
  } catch (error) {
    return failed(mail, relay, error);
  } finally {
    transport.close();
  }
}

type SmtpError = Error & {
  readonly responseCode?: number;
  readonly recipient?: string;
  readonly rejectedErrors?: readonly SmtpError[];
};

function failed(mail: Mail, relay: Relay, error: unknown): Delivery {
  if (!(error instanceof Error)) throw error;
  const smtp: SmtpError = error;
  if (smtp.rejectedErrors !== undefined && smtp.rejectedErrors.length > 0)
    return { delivered: [], ...sorted(smtp.rejectedErrors) };
  const remedy = smtp.responseCode === undefined ? "; check smtp_server, and that the relay runs" : "";
  const reason = `${relay.host} port ${relay.port}: ${words(smtp)}${remedy}`;
  const all = mail.to.map((to) => ({ to, reason }));
  return permanent(smtp) ? { delivered: [], later: [], refused: all } : { delivered: [], later: all, refused: [] };
}

function sorted(errors: readonly SmtpError[]): Pick<Delivery, "later" | "refused"> {
  const of = (wanted: boolean) =>
    errors
      .filter((error) => permanent(error) === wanted)
      .map((error) => ({ to: error.recipient ?? "", reason: words(error) }));
  return { later: of(false), refused: of(true) };
}

function permanent(error: SmtpError): boolean {
  return error.responseCode !== undefined && error.responseCode >= 500;
}

function words(error: SmtpError): string {
  if (error.responseCode !== undefined) return error.message;
  const code = "code" in error ? systemErrorCode(error) : "";
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function rejectWhen(signal: AbortSignal, deadlineMs: number): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error(`no end after ${deadlineMs / 1000} s`)), { once: true });
  });
}
