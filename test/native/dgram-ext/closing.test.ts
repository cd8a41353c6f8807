import { Worker } from "node:worker_threads";
import { expect, test, vi } from "vitest";

import { boottimeMs, NETLINK, openSocket, openTimer } from "../../../native/dgram-ext/index.ts";
import { next, runFixture, systemErrorOf, udp } from "./helpers.ts";
import { dumpLinks } from "./netlink-messages.ts";

// They start processes, which takes its time on a busy machine
vi.setConfig({ testTimeout: 60_000 });

test("close is idempotent, also as dispose; a closed socket refuses everything with EBADF", () => {
  const socket = udp();
  socket.onReadable(() => {});
  socket.close();
  socket.close();
  socket[Symbol.dispose]();
  expect(socket.fd).toBe(-1);
  socket.ref();
  socket.unref();
  socket.onReadable(null);
  expect(systemErrorOf(() => socket.send(Buffer.alloc(1))).code).toBe("EBADF");
  expect(systemErrorOf(() => socket.receive()).code).toBe("EBADF");
  expect(systemErrorOf(() => socket.onReadable(() => {})).code).toBe("EBADF");
  expect(systemErrorOf(() => socket.localAddress()).code).toBe("EBADF");
});

test("close inside the callback: no further call, and the number can be used again at once", async () => {
  const [receiver, sender] = [udp(), udp()];
  const address = receiver.localAddress();
  sender.send(Buffer.from("1"), address);
  sender.send(Buffer.from("2"), address);
  let calls = 0;
  const again = await new Promise<ReturnType<typeof udp>>((resolve) => {
    receiver.onReadable(() => {
      calls++;
      receiver.close();
      receiver.close();
      resolve(udp(address)); // gets the same descriptor number
    });
  });
  sender.send(Buffer.from("3"), again.localAddress());
  expect((await next(again)).data.toString()).toBe("3");
  expect(calls).toBe(1);
  again.close();
  sender.close();
});

test("close with requests in flight: all of them end, with their answer or with ECANCELED", async () => {
  let cancelled = 0;
  for (let round = 0; round < 50; round++) {
    const socket = openSocket({ domain: "netlink", type: "raw", protocol: NETLINK.ROUTE });
    const requests = Array.from({ length: 10 }, (_, at) => socket.requestAsync(dumpLinks(at + 1), { dump: true }));
    if (round % 2 === 0) await requests[round % 10];
    socket.close();
    const results = await Promise.allSettled(requests);
    for (const result of results) {
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "ECANCELED", syscall: "request" });
      else expect(result.value.length).toBeGreaterThan(0);
    }
    cancelled += results.filter((result) => result.status === "rejected").length;
  }
  expect(cancelled).toBeGreaterThan(0);
});

// These count descriptors and memory, so each has a process to itself.
test("100,000 sockets and timers opened and closed leave no descriptor and no memory behind", async () => {
  const { output } = await runFixture("leaks.ts", ["open-close"]);
  const { descriptors, rssMb } = JSON.parse(output);
  expect(descriptors).toBe(0);
  expect(rssMb).toBeLessThan(8);
});

test.each([
  ["requests", "threads of requests go with their sockets"],
  ["connects", "refused, aborted and impossible connections leave no descriptor"],
  ["failures", "neither do deeds that fail half-way"],
])("%s: %s", async (name) => {
  expect((await runFixture("leaks.ts", [name])).output).toContain('"descriptors":0');
});

test("a socket that was forgotten is closed by the garbage collector, one with a reader is not", async () => {
  expect(JSON.parse((await runFixture("leaks.ts", ["forgotten"])).output)).toMatchObject({
    descriptors: 0,
    read: "kept",
  });
});

test.each(["end", "exit", "terminate"])("a worker may %s with everything open", async (how) => {
  const file = new URL("./fixtures/everything-open.ts", import.meta.url);
  for (let round = 0; round < 5; round++) {
    const worker = new Worker(file, { argv: [how], execArgv: [] });
    const ended = new Promise<number>((resolve, reject) => worker.once("exit", resolve).once("error", reject));
    await new Promise((resolve) => worker.once("message", resolve));
    if (how === "terminate") await worker.terminate();
    expect(await ended).toBe(how === "terminate" ? 1 : 0);
  }
});

test.each(["end", "exit"])("a process may %s with everything open", async (how) => {
  expect(await runFixture("everything-open.ts", [how])).toEqual({ code: 0, signal: null, output: "" });
});

test("an exception in a callback is an uncaught exception of the process", async () => {
  const { code, output } = await runFixture("throwing.ts");
  expect(output).toBe("caught: thrown by onReadable\ncaught: thrown by a timer\n");
  expect(code).toBe(0);
});

test("microtasks of a callback run before the next event", async () => {
  const order: string[] = [];
  const at = boottimeMs();
  await new Promise<void>((resolve) => {
    const timers = [1, 2].map((number) =>
      openTimer(() => {
        order.push(`timer ${number}`);
        void Promise.resolve().then(() => order.push(`promise ${number}`));
        process.nextTick(() => order.push(`tick ${number}`));
        timers[number - 1]?.close();
        if (number === 2) setImmediate(resolve);
      }),
    );
    for (const timer of timers) timer.armAt(at);
  });
  expect(order.indexOf("promise 1")).toBeLessThan(order.indexOf("timer 2"));
  expect(order.indexOf("tick 1")).toBeLessThan(order.indexOf("timer 2"));
});
