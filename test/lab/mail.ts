/** Mails as the lab's relay received them, decoded as far as tests look at them. */
import type { Line } from "./process.ts";

export type Mail = {
  /** Time of day in milliseconds. */
  readonly atMs: number;
  /** The envelope. */
  readonly from: string;
  readonly to: readonly string[];
  /** Decoded (RFC 2047). */
  readonly subject: string;
  /** Of the mail itself, by name in lower case; not decoded. */
  readonly headers: Readonly<Record<string, string>>;
  /** The text/plain part, decoded. */
  readonly text: string;
  /** The text/html part, decoded, or "". */
  readonly html: string;
  readonly raw: string;
};

/** A line of `peers/smtp.ts`: JSON with `from`, `to` and `raw`, whose characters are bytes. */
export function decodeMail(line: Line): Mail {
  const { from, to, raw } = JSON.parse(line.text);
  const parts = partsOf(raw);
  const headers = headersOf(raw);
  const part = (type: string) => parts.find((one) => one.type === type)?.text ?? "";
  return {
    atMs: line.atMs,
    from,
    to,
    subject: decodeWords(headers["subject"] ?? ""),
    headers,
    text: part("text/plain"),
    html: part("text/html"),
    raw,
  };
}

function headersOf(entity: string): Readonly<Record<string, string>> {
  const head = entity.slice(0, endOfHead(entity)).replace(/\r\n[ \t]+/g, " ");
  const fields = head.split("\r\n").map((line) => /^([^:]+):\s*(.*)$/.exec(line));
  return Object.fromEntries(fields.flatMap((field) => (field === null ? [] : [[field[1]?.toLowerCase(), field[2]]])));
}

function endOfHead(entity: string): number {
  const end = entity.indexOf("\r\n\r\n");
  return end < 0 ? entity.length : end;
}

function partsOf(entity: string): readonly { readonly type: string; readonly text: string }[] {
  const headers = headersOf(entity);
  const type = headers["content-type"] ?? "text/plain";
  const body = entity.slice(endOfHead(entity) + 4);
  const boundary = /boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary !== undefined) return body.split(`--${boundary}`).slice(1, -1).map(trimStart).flatMap(partsOf);
  return [{ type: type.split(";")[0] ?? "", text: decodeBody(body, headers["content-transfer-encoding"] ?? "7bit") }];
}

function trimStart(part: string): string {
  return part.replace(/^\r\n/, "");
}

function decodeBody(body: string, encoding: string): string {
  const text = body.replaceAll("\r\n", "\n");
  switch (encoding.toLowerCase()) {
    case "base64":
      return Buffer.from(body, "base64").toString("utf8");
    case "quoted-printable":
      return decodeQuoted(text.replace(/=\n/g, ""));
    default:
      return Buffer.from(text, "latin1").toString("utf8");
  }
}

function decodeQuoted(text: string): string {
  const bytes = text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_, kind: string, word: string) =>
      kind.toUpperCase() === "B"
        ? Buffer.from(word, "base64").toString("utf8")
        : decodeQuoted(word.replaceAll("_", " ")),
    );
}
