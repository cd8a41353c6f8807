/** What the checkers process may say: it reads bytes from strangers, so that each of its messages is checked. */
import * as z from "zod/mini";
import type { FromCheckers } from "./messages.ts";

const whole = z.int().check(z.nonnegative());
const words = z.string().check(z.maxLength(4000));
const upDown = z.enum(["up", "down"]);
const optional = <T extends z.ZodMiniType>(type: T) =>
  z.pipe(
    z.nullish(type),
    z.transform((value) => value ?? undefined),
  );

const checkStatus = z.object({
  id: words,
  state: z.enum(["up", "down", "unknown"]),
  reason: words,
  trouble: z.boolean(),
  lastMs: optional(z.number()),
  tookMs: optional(z.number()),
  runs: whole,
  failures: whole,
});

const fromCheckers = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), pid: whole }),
  z.object({ type: z.literal("prepared"), generation: whole, refused: optional(words) }),
  z.object({ type: z.literal("committed"), generation: whole }),
  z.object({
    type: z.literal("verdict"),
    generation: whole,
    id: words,
    state: upDown,
    reason: words,
    tookMs: z.number(),
    at: z.number(),
  }),
  z.object({ type: z.literal("failure"), generation: whole, id: words, reason: words, attempt: whole, of: whole }),
  z.object({ type: z.literal("status"), id: whole, at: z.number(), checks: z.array(checkStatus) }),
  z.object({ type: z.literal("warning"), reason: words }),
  z.object({ type: z.literal("pong"), id: whole }),
  z.object({ type: z.literal("stopped") }),
]);

/** @returns undefined for what is no message of the checkers */
export function parseFromCheckers(message: unknown): FromCheckers | undefined {
  const parsed = fromCheckers.safeParse(message);
  return parsed.success ? (parsed.data as FromCheckers) : undefined;
}
