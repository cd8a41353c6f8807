/** Requests, dumps and batches against a kernel that is a function from request to answers. */
import { describe, expect, test } from "vitest";
import {
  encodeMessage,
  FLAG,
  type Message,
  NetlinkError,
  netlinkOver,
  type Reply,
  readMessages,
  struct,
  type Transport,
  TYPE,
} from "../../../native/netlink/index.ts";

type Kernel = (request: Reply) => readonly Answer[];
type Answer = {
  readonly type: number;
  readonly flags?: number;
  readonly payload?: Uint8Array;
  readonly sequence?: number;
};

const PING: Message = { type: 30, flags: 0, header: struct([4, 7]), attrs: [] };
const ack = (errno = 0): Answer => ({
  type: TYPE.error,
  flags: FLAG.capped,
  payload: struct([4, -errno], [4, 0], [4, 0], [4, 0], [4, 0]),
});
const done = (errno = 0): Answer => ({ type: TYPE.done, flags: FLAG.multi, payload: struct([4, -errno]) });
const item = (value: number, flags: number = FLAG.multi): Answer => ({ type: 31, flags, payload: struct([4, value]) });

/** A socket to `kernel`, which sees every message and answers each in a datagram of its own. */
function socketTo(kernel: Kernel, log: { sends: number[]; opened: number; closed: number }): () => Transport {
  const answer = (data: Uint8Array): Buffer[] => {
    const requests = readMessages(Buffer.from(data));
    log.sends.push(requests.length);
    return requests.flatMap((request) => kernel(request).map((each) => datagram(each, request.sequence)));
  };
  return () => {
    log.opened++;
    return {
      request(data, done) {
        for (const each of answer(data)) if (done(each)) return [];
        throw Object.assign(new Error("no whole answer"), { code: "ETIMEDOUT" });
      },
      requestAsync: async (data) => answer(data),
      close: () => void log.closed++,
    };
  };
}

function datagram({ type, flags = 0, payload = new Uint8Array(0), sequence }: Answer, asked: number): Buffer {
  return encodeMessage({ type, flags, header: payload, attrs: [] }, 0, sequence ?? asked);
}

function open(kernel: Kernel) {
  const log = { sends: [] as number[], opened: 0, closed: 0 };
  return { log, netlink: netlinkOver(socketTo(kernel, log), { describe: (message) => `ask ${message.type}` }) };
}

const values = (replies: readonly Reply[]) => replies.map((reply) => reply.payload.readUInt32LE(0));

describe.each(["sync", "async"] as const)("%s", (way) => {
  const request = (netlink: ReturnType<typeof netlinkOver>, message = PING) =>
    way === "sync" ? asPromise(() => netlink.request(message)) : netlink.requestAsync(message);
  const dump = (netlink: ReturnType<typeof netlinkOver>) =>
    way === "sync" ? asPromise(() => netlink.dump(PING)) : netlink.dumpAsync(PING);
  const batch = (netlink: ReturnType<typeof netlinkOver>, messages: readonly Message[]) =>
    way === "sync" ? asPromise(() => netlink.batch(messages)) : netlink.batchAsync(messages);

  test("a request asks for an acknowledgement and returns what came before it", async () => {
    const seen: number[] = [];
    const { netlink } = open((message) => {
      seen.push(message.flags);
      return [item(5), ack()];
    });
    expect(values(await request(netlink))).toEqual([5]);
    expect(seen).toEqual([FLAG.request | FLAG.ack]);
  });

  test("a refusal is an error that names the deed", async () => {
    const { netlink, log } = open(() => [ack(1)]);
    await expect(request(netlink)).rejects.toThrow("Cannot ask 30: EPERM (operation not permitted)");
    await expect(request(netlink)).rejects.toBeInstanceOf(NetlinkError);
    expect(log).toMatchObject({ opened: 1, closed: 0 });
  });

  test("answers to other requests are not taken for ours", async () => {
    const { netlink } = open((message) => [{ ...ack(1), sequence: message.sequence - 1 }, item(1), ack()]);
    expect(values(await request(netlink))).toEqual([1]);
  });

  test("a dump that was interrupted by a change is repeated whole", async () => {
    let attempt = 0;
    const { netlink } = open(() => {
      attempt++;
      return [item(attempt), item(attempt, attempt < 3 ? FLAG.multi | FLAG.dumpInterrupted : FLAG.multi), done()];
    });
    expect(values(await dump(netlink))).toEqual([3, 3]);
  });

  test("but not for ever", async () => {
    const { netlink, log } = open(() => [{ ...done(), flags: FLAG.multi | FLAG.dumpInterrupted }]);
    await expect(dump(netlink)).rejects.toThrow(
      "Cannot ask 30: the tables changed during each of 20 attempts to read them",
    );
    expect(log.sends).toHaveLength(20);
  });

  test("a dump can be refused, or fail at its end", async () => {
    await expect(dump(open(() => [ack(3)]).netlink)).rejects.toMatchObject({ code: "ESRCH" });
    await expect(dump(open(() => [item(1), done(12)]).netlink)).rejects.toMatchObject({ code: "ENOMEM" });
  });

  test("a batch goes in sends of 256, and every message has its own outcome", async () => {
    let count = 0;
    const { netlink, log } = open(() => [ack(count++ % 100 === 7 ? 17 : 0)]);
    const outcomes = await batch(netlink, new Array<Message>(600).fill(PING));
    expect(log.sends).toEqual([256, 256, 88]);
    const refused = outcomes.flatMap((outcome, index) => (outcome === undefined ? [] : [`${index} ${outcome.code}`]));
    expect(refused).toEqual([7, 107, 207, 307, 407, 507].map((index) => `${index} EEXIST`));
    expect(await batch(netlink, [])).toEqual([]);
  });

  test("after an exchange without a whole answer the socket is another one", async () => {
    let answers = false;
    const { netlink, log } = open(() => (answers ? [ack()] : []));
    await expect(request(netlink)).rejects.toThrow();
    expect(log).toMatchObject({ opened: 2, closed: 1 });
    answers = true;
    await request(netlink);
    expect(log).toMatchObject({ opened: 2, closed: 1 });
  });
});

test("the thread is given small sends where that is asked for", async () => {
  const { netlink, log } = open(() => [ack()]);
  await netlink.batchAsync(new Array<Message>(130).fill(PING), 64);
  expect(log.sends).toEqual([64, 64, 2]);
});

test("closing ends what is under way, and opens nothing again", async () => {
  const { netlink, log } = open(() => []);
  const pending = netlink.requestAsync(PING);
  netlink.close();
  await expect(pending).rejects.toThrow();
  expect(log).toMatchObject({ opened: 1, closed: 1 });
});

async function asPromise<T>(deed: () => T): Promise<T> {
  return deed();
}
