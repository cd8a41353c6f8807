/** What this process has to tell vipd. Adverts and addresses come first: messages leave after the turn that made them, a few at a time. */
import type { FromVrrp } from "../messages.ts";

export type Outbox = {
  send(message: FromVrrp): void;
  /** Everything that waits leaves now; then calls `done`. */
  flush(done: () => void): void;
};

const PER_TURN = 32;

/** @param write hands one message to the channel; called never more than a few times in one turn of the loop */
export function createOutbox(write: (message: FromVrrp, done?: () => void) => void): Outbox {
  let waiting: FromVrrp[] = [];
  let scheduled = false;

  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const now = waiting.slice(0, PER_TURN);
      waiting = waiting.slice(PER_TURN);
      for (const message of now) write(message);
      schedule();
    });
  }

  return {
    send(message) {
      waiting.push(message);
      schedule();
    },
    flush(done) {
      const last = waiting.pop();
      for (const message of waiting) write(message);
      waiting = [];
      if (last === undefined) done();
      else write(last, done);
    },
  };
}
