/** Child processes that exist only in the test. */
import type { Child } from "../../src/daemon/supervisor.ts";

export type FakeChild = Child & {
  readonly sent: readonly unknown[];
  says(message: unknown): void;
  complains(line: string): void;
  dies(reason: string): void;
  readonly killed: readonly string[];
};

export function fakeChild(pid: number): FakeChild {
  const sent: unknown[] = [];
  const killed: string[] = [];
  const hearers: ((message: unknown) => void)[] = [];
  const readers: ((line: string) => void)[] = [];
  const mourners: ((reason: string) => void)[] = [];
  let alive = true;
  const dies = (reason: string) => {
    if (!alive) return;
    alive = false;
    for (const tell of mourners) tell(reason);
  };
  return {
    pid,
    sent,
    killed,
    send: (message) => void (alive && sent.push(message)),
    onMessage: (fn) => void hearers.push(fn),
    onComplaint: (fn) => void readers.push(fn),
    onExit: (fn) => void mourners.push(fn),
    kill(signal) {
      killed.push(signal);
      dies(`signal ${signal}`);
    },
    says(message) {
      for (const hear of hearers) hear(message);
    },
    complains(line) {
      for (const read of readers) read(line);
    },
    dies,
  };
}

/** Forks fake children; `last` is the newest. */
export function nursery() {
  const children: FakeChild[] = [];
  return {
    children,
    fork(): FakeChild {
      const child = fakeChild(100 + children.length);
      children.push(child);
      return child;
    },
    last(): FakeChild {
      const child = children.at(-1);
      if (child === undefined) throw new RangeError("nothing was forked yet");
      return child;
    },
  };
}
