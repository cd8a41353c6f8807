/** What happens, one line an event, with the time since its cause. */
import { timeOfDayMs } from "./process.ts";

export type Timeline = {
  /** Begins a case; its first cause follows. */
  title(text: string): void;
  /** Something is done to the pair. @returns the time of day, from which the events that follow are counted */
  cause(text: string): number;
  /** Something happened. `who`: A, B, client, wire, mail. */
  event(who: string, text: string, atMs?: number): void;
};

/** @param print receives finished lines */
export function createTimeline(print: (line: string) => void): Timeline {
  let causeMs = timeOfDayMs();
  return {
    title: (text) => print(`\n── ${text}`),
    cause(text) {
      causeMs = timeOfDayMs();
      print(`     ▸ ${text}`);
      return causeMs;
    },
    event(who, text, atMs = timeOfDayMs()) {
      const since = Math.max(0, (atMs - causeMs) / 1000);
      print(`  ${`+${since.toFixed(3)}`.padStart(8)} s  ${who.padEnd(6)}  ${text}`);
    },
  };
}
