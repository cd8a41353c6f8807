/**
 * A socket for requests: send, and read the answer that the kernel has queued before send returns. Events come by another socket
 * (`events.ts`), so that none can fill this one's buffer.
 *
 * A request may wait for a lock of the kernel (rtnl) for as long as somebody else holds it. The functions named `…Async` wait on a
 * thread of the addon; one at a time per socket, in the order of the calls.
 */
import { openSocket, type Socket } from "dgram-ext";
import { createWriter, type Writer } from "./attribute.ts";
import {
  type Failure,
  FLAG,
  type Message,
  NetlinkError,
  type Reply,
  readFailure,
  readMessages,
  TYPE,
  writeMessage,
} from "./message.ts";
import { forceBuffers, SOL_NETLINK } from "./socket.ts";

export type NetlinkOptions = {
  /** NETLINK_* of linux/netlink.h: see `PROTOCOL`. */
  readonly protocol: number;
  /** Have the kernel check requests strictly and filter dumps (NETLINK_GET_STRICT_CHK); for route. */
  readonly strict?: boolean;
  /** Longest wait for an answer; default 5000 ms. */
  readonly timeoutMs?: number;
  /** Names the deed in errors: `add address 192.0.2.9/24`. */
  readonly describe?: (message: Message) => string;
};

/** NETLINK_* */
export const PROTOCOL = { route: 0, generic: 16 } as const;

/** How a message of a batch ended: undefined = done. */
export type Outcome = NetlinkError | undefined;

export type Netlink = {
  /** @returns what came before the acknowledgement @throws {NetlinkError} what the kernel refused */
  request(message: Message): readonly Reply[];
  requestAsync(message: Message): Promise<readonly Reply[]>;
  /** All objects; repeated until no change of the tables interrupted it. @throws {NetlinkError} */
  dump(message: Message): readonly Reply[];
  dumpAsync(message: Message): Promise<readonly Reply[]>;
  /**
   * Many messages, up to 256 a send. A refused one does not stop the others. Messages that are made as they are asked for (a
   * generator, a mapped iterator) cost no memory for more than one send.
   * @returns in the order of the messages
   */
  batch(messages: Iterable<Message>): readonly Outcome[];
  /** @param perSend at most so many in one send: 64 where the thread must stay free for others */
  batchAsync(messages: Iterable<Message>, perSend?: number): Promise<readonly Outcome[]>;
  close(): void;
  [Symbol.dispose](): void;
};

const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NETLINK_GET_STRICT_CHK = 12;

const PER_SEND = 256;
const DUMP_ATTEMPTS = 20;
/** Room for the acknowledgements of a whole send: the kernel counts about 1 kB for each. */
const BUFFER_BYTES = 1 << 20;

/** What is asked of a socket; a fake kernel for tests is a `request` that answers. */
export type Transport = Pick<Socket, "request" | "requestAsync" | "close">;

export function openNetlink(options: NetlinkOptions): Netlink {
  return netlinkOver(() => open(options), options);
}

/** The same over sockets that `open` opens: one now, and another after each exchange that failed. */
export function netlinkOver(
  open: () => Transport,
  options: Pick<NetlinkOptions, "timeoutMs" | "describe"> = {},
): Netlink {
  const timeoutMs = options.timeoutMs ?? 5000;
  const describe = options.describe ?? ((message) => `do netlink request ${message.type}`);
  const writer = createWriter();
  let socket = open();
  let sequence = 0;
  let closed = false;

  /** Writes the messages and expects answers to them. */
  function prepare(messages: readonly Message[], flags: number): Collector {
    writer.at = 0;
    const first = sequence + 1;
    for (const message of messages) {
      sequence = (sequence + 1) >>> 0;
      writeMessage(writer, message, FLAG.request | flags, sequence);
    }
    return collect(first >>> 0, messages.length);
  }

  function exchange(collector: Collector): void {
    try {
      socket.request(written(writer), collector.take, timeoutMs);
    } catch (error) {
      reopen();
      throw error;
    }
  }

  async function exchangeAsync(collector: Collector, dump: boolean): Promise<void> {
    const used = socket; // it copies what is written before it returns
    try {
      const expect = dump ? { dump: true as const } : { acks: collector.count };
      for (const datagram of await used.requestAsync(written(writer), expect, timeoutMs)) collector.take(datagram);
      if (!collector.complete())
        throw new Error("Cannot read the answer of netlink: it ended before the acknowledgement");
    } catch (error) {
      if (socket === used) reopen();
      throw error;
    }
  }

  /** After a failed exchange its answers may still arrive: a new socket does not hear them. */
  function reopen(): void {
    if (closed) return;
    socket.close();
    socket = open();
  }

  function repliesOf(collector: Collector, message: Message): readonly Reply[] {
    const failure = collector.failures[0];
    if (failure !== undefined) throw new NetlinkError(describe(message), failure);
    return collector.replies;
  }

  function outcomesOf(collector: Collector, messages: readonly Message[], outcomes: Outcome[]): void {
    for (const [index, message] of messages.entries()) {
      const failure = collector.failures[index];
      outcomes.push(failure === undefined ? undefined : new NetlinkError(describe(message), failure));
    }
  }

  function close(): void {
    closed = true;
    socket.close();
  }

  return {
    request(message) {
      const collector = prepare([message], FLAG.ack);
      exchange(collector);
      return repliesOf(collector, message);
    },
    async requestAsync(message) {
      const collector = prepare([message], FLAG.ack);
      await exchangeAsync(collector, false);
      return repliesOf(collector, message);
    },
    dump(message) {
      for (let attempt = 1; ; attempt++) {
        const collector = prepare([message], FLAG.dump);
        exchange(collector);
        if (!collector.interrupted()) return repliesOf(collector, message);
        if (attempt === DUMP_ATTEMPTS) throw interrupted(describe(message));
      }
    },
    async dumpAsync(message) {
      for (let attempt = 1; ; attempt++) {
        const collector = prepare([message], FLAG.dump);
        await exchangeAsync(collector, true);
        if (!collector.interrupted()) return repliesOf(collector, message);
        if (attempt === DUMP_ATTEMPTS) throw interrupted(describe(message));
      }
    },
    batch(messages) {
      const outcomes: Outcome[] = [];
      for (const slice of slices(messages, PER_SEND)) {
        const collector = prepare(slice, FLAG.ack);
        exchange(collector);
        outcomesOf(collector, slice, outcomes);
      }
      return outcomes;
    },
    async batchAsync(messages, perSend = PER_SEND) {
      const outcomes: Outcome[] = [];
      for (const slice of slices(messages, perSend)) {
        const collector = prepare(slice, FLAG.ack);
        await exchangeAsync(collector, false);
        outcomesOf(collector, slice, outcomes);
      }
      return outcomes;
    },
    close,
    [Symbol.dispose]: close,
  };
}

function open(options: NetlinkOptions) {
  const socket = openSocket({ domain: "netlink", type: "raw", protocol: options.protocol });
  try {
    socket.setOption(SOL_NETLINK, NETLINK_EXT_ACK, 1);
    socket.setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    if (options.strict === true) socket.setOption(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    forceBuffers(socket, BUFFER_BYTES);
    socket.bind({ family: "netlink" });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

function* slices<T>(items: Iterable<T>, length: number): Generator<readonly T[]> {
  let slice: T[] = [];
  for (const item of items) {
    slice.push(item);
    if (slice.length < length) continue;
    yield slice;
    slice = [];
  }
  if (slice.length > 0) yield slice;
}

function written(writer: Writer): Buffer {
  return writer.bytes.subarray(0, writer.at);
}

function interrupted(deed: string): Error {
  return new Error(`Cannot ${deed}: the tables changed during each of ${DUMP_ATTEMPTS} attempts to read them`);
}

/** What is known of the answers to `count` messages with sequence numbers from `first`. */
type Collector = {
  readonly count: number;
  readonly replies: Reply[];
  /** By the place of the message. */
  readonly failures: readonly (Failure | undefined)[];
  complete(): boolean;
  interrupted(): boolean;
  /** @returns true when every message is answered */
  take(datagram: Buffer): boolean;
};

function collect(first: number, count: number): Collector {
  const replies: Reply[] = [];
  const failures: (Failure | undefined)[] = [];
  let answered = 0;
  let torn = false;
  return {
    count,
    replies,
    failures,
    complete: () => answered >= count,
    interrupted: () => torn,
    take(datagram) {
      for (const reply of readMessages(datagram)) {
        const index = (reply.sequence - first) >>> 0;
        if (index >= count) continue; // an answer to an earlier request
        if ((reply.flags & FLAG.dumpInterrupted) !== 0) torn = true;
        if (reply.type === TYPE.error || reply.type === TYPE.done) {
          failures[index] = readFailure(reply);
          answered++;
        } else if (reply.type !== TYPE.noop) {
          replies.push(reply);
        }
      }
      return answered >= count;
    },
  };
}
