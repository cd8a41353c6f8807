import { afterEach, expect, test } from "vitest";

import type { Socket } from "../../../native/dgram-ext/index.ts";
import { boottimeMs, NETLINK, openSocket } from "../../../native/dgram-ext/index.ts";
import { systemErrorOf, udp } from "./helpers.ts";
import { acknowledged, dumpLinks, getLink, head, unanswered } from "./netlink-messages.ts";

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const ENODEV = 19;

const opened: Socket[] = [];
function route(): Socket {
  const socket = openSocket({ domain: "netlink", type: "raw", protocol: NETLINK.ROUTE });
  opened.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

test("a synchronous dump ends where its caller says", () => {
  const replies = route().request(dumpLinks(7), (reply) => head(reply).type === NLMSG_DONE);
  expect(replies.length).toBeGreaterThan(1);
  expect(replies[0]?.includes("lo\0")).toBe(true);
  expect(replies.map((reply) => head(reply).sequence)).toEqual(replies.map(() => 7));
});

test("a synchronous request without a whole answer throws ETIMEDOUT after its time", () => {
  const before = boottimeMs();
  const error = systemErrorOf(() => route().request(unanswered(1), () => true, 50));
  expect(error).toMatchObject({ code: "ETIMEDOUT", syscall: "request" });
  expect(error.message).toContain("no whole answer in 50 ms");
  expect(boottimeMs() - before).toBeGreaterThanOrEqual(50);
});

test("an asynchronous dump brings all its datagrams", async () => {
  const socket = route();
  const replies = await socket.requestAsync(dumpLinks(9), { dump: true });
  expect(replies[0]?.includes("lo\0")).toBe(true);
  expect(head(replies.at(-1)).type).toBe(NLMSG_DONE);
  expect(socket.receive()).toBeUndefined();
});

test("acks are counted, over many messages in one send, and errors are answers", async () => {
  const batch = Buffer.concat([acknowledged(20), getLink(21, 999_999), acknowledged(22)]);
  const replies = await route().requestAsync(batch, { acks: 3 });
  expect(replies.map(head)).toEqual([
    { type: NLMSG_ERROR, sequence: 20, error: 0 },
    { type: NLMSG_ERROR, sequence: 21, error: -ENODEV },
    { type: NLMSG_ERROR, sequence: 22, error: 0 },
  ]);
});

test("a refused dump ends with its error", async () => {
  const wrong = dumpLinks(5);
  wrong.writeUInt16LE(0x7ffe, 4); // no such message type
  const replies = await route().requestAsync(wrong, { dump: true });
  expect(replies).toHaveLength(1);
  expect(head(replies[0])).toMatchObject({ type: NLMSG_ERROR, sequence: 5 });
});

test("requests of one socket are answered in the order of the calls", async () => {
  const socket = route();
  const order: number[] = [];
  const all = Array.from({ length: 50 }, (_, at) =>
    socket.requestAsync(acknowledged(at), { acks: 1 }).then(([reply]) => order.push(head(reply).sequence ?? -1)),
  );
  await Promise.all(all);
  expect(order).toEqual(Array.from({ length: 50 }, (_, at) => at));
});

test("after a timeout the late answer is not taken for the next one", async () => {
  const socket = route();
  await expect(socket.requestAsync(unanswered(1), { acks: 1 }, 30)).rejects.toMatchObject({ code: "ETIMEDOUT" });
  socket.send(acknowledged(2)); // its answer waits in the socket like one that came too late
  const replies = await socket.requestAsync(acknowledged(3), { acks: 1 });
  expect(replies.map((reply) => head(reply).sequence)).toEqual([3]);
});

test("the loop goes on while a request waits, and lives until it ends", async () => {
  let turns = 0;
  const interval = setInterval(() => turns++, 5).unref();
  await expect(route().requestAsync(unanswered(1), { acks: 1 }, 100)).rejects.toThrow("no whole answer in 100 ms");
  clearInterval(interval);
  expect(turns).toBeGreaterThan(5);
});

test("only netlink sockets, and only whole messages", () => {
  const socket = udp();
  expect(() => socket.requestAsync(dumpLinks(1), { dump: true })).toThrow("requestAsync needs a netlink socket");
  socket.close();
  expect(() => route().requestAsync(Buffer.alloc(15), { acks: 1 })).toThrow(RangeError);
});
