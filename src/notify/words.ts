/**
 * keepalived's words for what happened: the state that scripts, FIFOs and mails name, and whether it is news. A state that equals
 * the one told last is not told again.
 */
import type { EventBody, VrrpState } from "../events.ts";
import type { InstanceNotify } from "./settings.ts";

/** STATE as scripts and FIFOs read it. */
export type StateWord = "MASTER" | "BACKUP" | "FAULT" | "STOP" | "DELETED";

export type Transition = Extract<EventBody, { type: "vrrp.transition" | "vrrp.group" }>;

/** @returns the word for a transition, or undefined for INIT, of which nobody is told. */
export function stateWord(event: Transition, settings: Pick<InstanceNotify, "reportDeleted">): StateWord | undefined {
  if (event.to === "INIT") return undefined;
  if (event.to === "STOP" && event.type === "vrrp.transition" && event.deleted === true) {
    return settings.reportDeleted ? "DELETED" : "FAULT";
  }
  return event.to satisfies Exclude<VrrpState, "INIT">;
}

/** Remembers what was told of each subject. Pure apart from its own memory. */
export type Told = {
  /** True if `word` differs from the one told last of `subject`; it is then remembered. */
  news(subject: string, word: string): boolean;
  forget(subject: string): void;
};

export function createTold(): Told {
  const last = new Map<string, string>();
  return {
    news(subject, word) {
      if (last.get(subject) === word) return false;
      last.set(subject, word);
      return true;
    },
    forget: (subject) => void last.delete(subject),
  };
}
