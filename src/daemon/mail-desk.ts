/**
 * The mailer's view of the spool: the letters that are still to be sent. What the disk would not take down of what became of a letter is
 * remembered here, so that nobody gets it twice while this process lives.
 */
import type { Posted } from "../notify/post.ts";
import { listLetters, readLetter, refuseLetter, removeLetter, rewriteLetter } from "../os/spool.ts";

export type Desk = {
  letters(spool: string): Contents;
  /** Removes a letter, or sets it aside. @returns why it cannot; it is then not sent again all the same, and removed when that is possible */
  done(spool: string, name: string, aside: boolean): string | undefined;
  /** Notes to whom a letter is owed still. @returns why that is not on disk */
  owe(spool: string, name: string, letter: Posted["letter"]): string | undefined;
};

export type Contents = {
  readonly letters: readonly Posted[];
  readonly unreadable: readonly { readonly name: string; readonly reason: string }[];
  /** Names of what is no letter. */
  readonly broken: readonly string[];
};

export function createDesk(): Desk {
  /** Letters whose file is behind the times: to whom they are owed, nobody = they are done with. */
  const known = new Map<string, readonly string[]>();

  function done(spool: string, name: string, aside: boolean): string | undefined {
    try {
      (aside ? refuseLetter : removeLetter)(spool, name);
      known.delete(name);
      return undefined;
    } catch (error) {
      known.set(name, []);
      return `Cannot remove the mail ${name} from ${spool}: ${textOf(error)}`;
    }
  }

  return {
    done,
    letters(spool) {
      const letters: Posted[] = [];
      const unreadable: { readonly name: string; readonly reason: string }[] = [];
      const broken: string[] = [];
      for (const name of namesIn(spool)) {
        const owed = known.get(name);
        if (owed?.length === 0) {
          done(spool, name, false);
          continue;
        }
        const read = readLetter(spool, name);
        if (read.ok && isLetter(read.letter)) letters.push({ name, letter: { ...read.letter, ...(owed && { owed }) } });
        else if (read.ok || read.why === "broken") broken.push(name);
        else if (read.why === "unreadable") unreadable.push({ name, reason: read.reason });
      }
      return { letters, unreadable, broken };
    },
    owe(spool, name, letter) {
      try {
        rewriteLetter(spool, name, letter);
        known.delete(name);
        return undefined;
      } catch (error) {
        known.set(name, letter.owed ?? []);
        return `Cannot note in ${spool} who has the mail ${name}: ${textOf(error)}`;
      }
    },
  };
}

/** What cannot be listed is told by `spoolTrouble`. */
export function namesIn(spool: string): readonly string[] {
  try {
    return listLetters(spool);
  } catch {
    return [];
  }
}

function isLetter(value: unknown): value is Posted["letter"] {
  return typeof value === "object" && value !== null && "event" in value && value.event !== undefined;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
