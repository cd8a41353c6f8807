/** What the mailer may say: it reads bytes from relays, so that each of its messages is checked. */
import * as z from "zod/mini";
import type { FromMailer } from "./messages.ts";

const count = z.int().check(z.nonnegative());
const mailEvent = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("mail.delivered"),
    subject: z.string().check(z.maxLength(2000)),
    count,
    tookMs: z.number(),
  }),
  z.strictObject({
    type: z.literal("mail.deferred"),
    reason: z.string().check(z.maxLength(2000)),
    waiting: count,
    retryMs: z.number(),
  }),
  z.strictObject({
    type: z.literal("mail.refused"),
    subject: z.string().check(z.maxLength(2000)),
    reason: z.string().check(z.maxLength(2000)),
  }),
  z.strictObject({ type: z.literal("warning"), reason: z.string().check(z.maxLength(2000)) }),
]);
const message = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("hello"), pid: count }),
  z.strictObject({ type: z.literal("event"), event: z.strictObject({ body: mailEvent, monotonicMs: z.number() }) }),
  z.strictObject({
    type: z.literal("spool"),
    waiting: count,
    oldestMs: z.optional(z.number()),
    delivered: count,
    refused: count,
    lastError: z.optional(z.string().check(z.maxLength(2000))),
  }),
  z.strictObject({ type: z.literal("idle") }),
  z.strictObject({ type: z.literal("stopped") }),
]);

/** @returns undefined for what is no message of the mailer */
export function parseFromMailer(raw: unknown): FromMailer | undefined {
  const parsed = message.safeParse(raw);
  return parsed.success ? (parsed.data as FromMailer) : undefined;
}
