/**
 * One queue of commands a subject: what happened first is told first, none is lost, and a slow script holds up only its own subject.
 */
import type { EventBody } from "../events.ts";
import type { CommandSettings } from "../notify/settings.ts";

/** What became of a command. `reason` in words: `exit status 3`, `killed after 60 s`, `cannot be started: …`. */
export type CommandOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/**
 * Runs a command to its end in its own process group, with the account and the environment of scripts; at `timeoutMs` or when `signal`
 * aborts the group gets TERM, and KILL two seconds later. Resolves for whatever happens.
 */
export type RunCommand = (
  command: CommandSettings,
  extra: readonly string[],
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<CommandOutcome>;

export type ScriptQueues = {
  configure(timeoutMs: number): void;
  add(subject: string, command: CommandSettings, extra: readonly string[]): void;
  /** Commands that wait or run. */
  waiting(): number;
  /** Resolves when every queue is empty; with `hurry` what runs is ended and what waits is dropped, and said so. */
  drain(hurry: boolean): Promise<void>;
};

export function createScriptQueues(run: RunCommand, emit: (body: EventBody) => void): ScriptQueues {
  const tails = new Map<string, Promise<void>>();
  let abort = new AbortController();
  let timeoutMs = 60_000;
  let waiting = 0;

  async function perform(
    subject: string,
    command: CommandSettings,
    extra: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const outcome = signal.aborted
      ? ({ ok: false, reason: "not started: vipd is stopping" } as const)
      : await run(command, extra, { timeoutMs, signal });
    waiting -= 1;
    if (!outcome.ok) {
      emit({ type: "script.failed", subject, command: command.argv.join(" "), reason: outcome.reason });
    }
  }

  return {
    configure(nextTimeoutMs) {
      timeoutMs = nextTimeoutMs;
    },
    add(subject, command, extra) {
      waiting += 1;
      const { signal } = abort;
      const before = tails.get(subject) ?? Promise.resolve();
      const tail = before.then(() => perform(subject, command, extra, signal));
      tails.set(subject, tail);
      void tail.then(() => {
        if (tails.get(subject) === tail) tails.delete(subject);
      });
    },
    waiting: () => waiting,
    async drain(hurry) {
      if (hurry) abort.abort();
      await Promise.all(tails.values());
      abort = new AbortController();
    },
  };
}
