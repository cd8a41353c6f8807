/**
 * Which letters go out now, and together with which. A letter that some recipients would not take yet is put off by itself, for the
 * others must not wait for them; where the relay itself takes nothing, all wait.
 */
import { envelopes, type Letter, retryDelayMs } from "./mail.ts";

/** A letter in the spool. `owed`: to whom it is owed still, once some have it; undefined = to everybody. */
export type Posted = { readonly name: string; readonly letter: Letter & { readonly owed?: readonly string[] } };
export type Envelope = { readonly letters: readonly Posted[]; readonly owed: readonly string[] | undefined };

export type Delay = { readonly tries: number; readonly untilMs: number };
/** By the name of the letter. */
export type Delays = ReadonlyMap<string, Delay>;

/** Whoever would not take a letter for so long never will (RFC 5321 §4.5.4.1). */
const GIVE_UP_MS = 5 * 24 * 3_600_000;
/** But not at once, for a clock that was not set yet may have dated it. */
const GIVE_UP_TRIES = 10;
const FOREVER_MS = 24 * 3_600_000;

/** After 5, 10, 20 … 300 s. */
export function putOff(before: Delay | undefined, nowMs: number): Delay {
  const tries = (before?.tries ?? 0) + 1;
  return { tries, untilMs: nowMs + retryDelayMs(tries) };
}

/** What is due, in the order of the spool, but what failed most comes last: a letter that breaks the connection holds up none. */
export function dueNow(waiting: readonly Posted[], delays: Delays, nowMs: number): readonly Posted[] {
  const triesOf = ({ name }: Posted) => delays.get(name)?.tries ?? 0;
  const due = waiting.filter(({ name }) => (delays.get(name)?.untilMs ?? 0) <= nowMs);
  return due.toSorted((a, b) => triesOf(a) - triesOf(b));
}

/** How long until the next of these letters is due; 0 = one is. */
export function restMs(names: readonly string[], delays: Delays, nowMs: number): number {
  return names.reduce(
    (least, name) => Math.min(least, Math.max(0, (delays.get(name)?.untilMs ?? 0) - nowMs)),
    FOREVER_MS,
  );
}

/** Letters to the same recipients may share an envelope. */
export function packed(due: readonly Posted[]): readonly Envelope[] {
  const alike = Map.groupBy(due, ({ letter }) => JSON.stringify(letter.owed ?? null));
  return [...alike.values()].flatMap((group) =>
    envelopes(group).map((letters) => ({ letters, owed: group[0]?.letter.owed })),
  );
}

export function isHopeless({ name, letter }: Posted, delays: Delays, wallMs: number): boolean {
  return wallMs - letter.event.wallMs > GIVE_UP_MS && (delays.get(name)?.tries ?? 0) >= GIVE_UP_TRIES;
}
