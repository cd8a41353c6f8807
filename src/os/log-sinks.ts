/** Where log lines go: standard output, a file, or syslog's socket. None of them ever throws for what a reader does. */
import { appendFileSync, fstatSync } from "node:fs";
import { openSocket } from "dgram-ext";
import { systemErrorCode } from "./errors.ts";

export type LineSink = {
  /** @returns false if it is lost */
  write(line: string): boolean;
  readonly waiting: () => number;
  flush(): Promise<void>;
};

/** Standard output is the journal's socket, as systemd says in JOURNAL_STREAM (`device:inode`). */
export function isJournal(environment: Readonly<Record<string, string | undefined>>): boolean {
  const stream = environment["JOURNAL_STREAM"];
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(1);
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** More is not held back: it would count as waiting for a reader. */
const MOST_TOGETHER_BYTES = 64 * 1024;

/** A reader that goes away (EPIPE) is the end of the output, not of the program. */
export function standardOutput(): LineSink {
  const { stdout } = process;
  let broken = false;
  let together = false;
  stdout.on("error", () => {
    broken = true;
  });
  /** Lines of one turn go out in one write: when a switch dies, ten thousand servers do. */
  function beginTogether(): void {
    together = true;
    stdout.cork();
    queueMicrotask(endTogether); // whoever waits for what was logged goes on after that
  }
  function endTogether(): void {
    if (together) stdout.uncork();
    together = false;
  }
  process.once("exit", endTogether); // within a turn
  return {
    write(line) {
      if (broken) return true;
      if (!together) beginTogether();
      stdout.write(line);
      if (stdout.writableLength > MOST_TOGETHER_BYTES) endTogether();
      return true;
    },
    waiting: () => (broken ? 0 : stdout.writableLength),
    flush() {
      return broken || stdout.writableLength === 0
        ? Promise.resolve()
        : waitAtMost(500, (done) => void stdout.write("", done));
    },
  };
}

/** Appends to a file, which may be moved away and made anew at any time. @param failed is told once until it works again */
export function logFile(path: string, failed: (reason: string) => void): LineSink {
  let working = true;
  return {
    write(line) {
      try {
        appendFileSync(path, line, { mode: 0o640 });
        working = true;
      } catch (error) {
        if (working) failed(`Cannot write the log file ${path}: ${systemErrorCode(error)}`);
        working = false;
      }
      return working;
    },
    waiting: () => 0,
    flush: () => Promise.resolve(),
  };
}

/** @returns undefined where nobody listens at `path`; later lines are lost while nobody does */
export function syslog(path = "/dev/log"): LineSink | undefined {
  const open = () => {
    const socket = openSocket({ domain: "unix", type: "datagram" });
    try {
      socket.connect({ family: "unix", path });
      socket.unref();
      return socket;
    } catch (error) {
      socket.close();
      systemErrorCode(error);
      return undefined;
    }
  };
  let socket = open();
  if (socket === undefined) return undefined;
  return {
    write(line) {
      for (let attempt = 0; attempt < 2; attempt++) {
        try {
          socket ??= open();
          return socket?.send(Buffer.from(line)) !== undefined; // nothing is sent while its queue is full
        } catch (error) {
          systemErrorCode(error);
          socket?.close();
          socket = undefined; // syslog was restarted
        }
      }
      return false;
    },
    waiting: () => 0,
    flush: () => Promise.resolve(),
  };
}

function waitAtMost(ms: number, begin: (done: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
