import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

import type { DgramExt, Socket, SocketAddress } from "../../../native/dgram-ext/index.ts";
import * as dgramExt from "../../../native/dgram-ext/index.ts";
import { IP, IPPROTO, IPV6, openSocket, SO, SOL } from "../../../native/dgram-ext/index.ts";
import { LOOPBACK, LOOPBACK6, next, systemErrorOf, udp } from "./helpers.ts";

const opened: Socket[] = [];
function keep(socket: Socket): Socket {
  opened.push(socket);
  return socket;
}
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
});

test("the package exports what its types promise", () => {
  const contract: DgramExt = dgramExt;
  expect(Object.values(contract).every((value) => value !== undefined)).toBe(true);
});

test("IPv4: data, sender, interface, destination, TTL and kernel stamp of a datagram", async () => {
  const receiver = keep(udp());
  const sender = keep(udp());
  receiver.setOption(IPPROTO.IP, IP.PKTINFO, 1);
  receiver.setOption(IPPROTO.IP, IP.RECVTTL, 1);
  receiver.setOption(SOL.SOCKET, SO.TIMESTAMPNS, 1);
  sender.setOption(IPPROTO.IP, IP.TTL, 37);
  const before = dgramExt.realtimeMs();
  expect(sender.send(Buffer.from("hello"), receiver.localAddress())).toBe(5);
  const { realtimeMs, ...datagram } = await next(receiver);
  expect(datagram).toEqual({
    data: Buffer.from("hello"),
    from: sender.localAddress(),
    ifindex: dgramExt.interfaceIndex("lo"),
    destination: "127.0.0.1",
    ttl: 37,
    truncated: false,
  });
  expect(realtimeMs).toBeGreaterThanOrEqual(before - 0.001);
  expect(realtimeMs).toBeLessThanOrEqual(dgramExt.realtimeMs());
});

test("IPv6: the same, with hop limit and scope", async () => {
  const receiver = keep(udp(LOOPBACK6));
  const sender = keep(udp(LOOPBACK6));
  receiver.setOption(IPPROTO.IPV6, IPV6.RECVPKTINFO, 1);
  receiver.setOption(IPPROTO.IPV6, IPV6.RECVHOPLIMIT, 1);
  sender.setOption(IPPROTO.IPV6, IPV6.UNICAST_HOPS, 255);
  sender.send(Buffer.from("hello"), receiver.localAddress());
  expect(await next(receiver)).toEqual({
    data: Buffer.from("hello"),
    from: sender.localAddress(),
    ifindex: dgramExt.interfaceIndex("lo"),
    destination: "::1",
    ttl: 255,
    realtimeMs: undefined,
    truncated: false,
  });
});

test("without ancillary options their fields are unknown, also after a datagram that had them", async () => {
  const [informed, plain, sender] = [keep(udp()), keep(udp()), keep(udp())];
  informed.setOption(IPPROTO.IP, IP.PKTINFO, 1);
  informed.setOption(IPPROTO.IP, IP.RECVTTL, 1);
  sender.send(Buffer.from("a"), informed.localAddress());
  sender.send(Buffer.from("b"), plain.localAddress());
  expect((await next(informed)).ttl).toBe(64);
  expect(await next(plain)).toMatchObject({
    ifindex: 0,
    destination: undefined,
    ttl: undefined,
    realtimeMs: undefined,
  });
});

test("a datagram longer than the buffer is cut and says so; an empty one is a datagram", async () => {
  const [receiver, sender] = [keep(udp()), keep(udp())];
  sender.send(Buffer.from("0123456789"), receiver.localAddress());
  sender.send(Buffer.alloc(0), receiver.localAddress());
  expect(receiver.receive(4)).toMatchObject({ data: Buffer.from("0123"), truncated: true });
  expect(receiver.receive()).toMatchObject({ data: Buffer.alloc(0), truncated: false });
  expect(receiver.receive()).toBeUndefined();
  expect(() => receiver.receive(1 << 20)).toThrow(RangeError);
});

test("received bytes belong to the receiver: the next datagram leaves them alone", async () => {
  const [receiver, sender] = [keep(udp()), keep(udp())];
  sender.send(Buffer.from("first"), receiver.localAddress());
  sender.send(Buffer.from("other"), receiver.localAddress());
  const first = receiver.receive();
  receiver.receive();
  expect(first?.data.toString()).toBe("first");
});

test("source address and interface of one datagram are chosen by packet info", async () => {
  const receiver = keep(udp());
  const sender = keep(openSocket({ domain: "ipv4", type: "datagram" }));
  const ifindex = dgramExt.interfaceIndex("lo") ?? 0;
  sender.send(Buffer.from("x"), receiver.localAddress(), { source: "127.0.0.9", ifindex });
  expect((await next(receiver)).from).toMatchObject({ address: "127.0.0.9" });
  sender.connect(receiver.localAddress());
  expect(sender.send(Buffer.from("y"), undefined, { ifindex })).toBe(1);
  const error = systemErrorOf(() => sender.send(Buffer.from("z"), receiver.localAddress(), { source: "::1" }));
  expect(error.message).toMatch(/^sendmsg of 1 bytes to 127\.0\.0\.1:\d+ from ::1 on a datagram ipv4 socket failed: E/);
});

test("multicast groups are joined and left, IPv4 and IPv6", async () => {
  const receiver = keep(udp({ family: "ipv4", address: "0.0.0.0" }));
  const { port = 0 } = receiver.localAddress() as { readonly port?: number };
  const ifindex = dgramExt.interfaceIndex("lo") ?? 0;
  receiver.join("224.0.0.251", ifindex);
  const sender = keep(openSocket({ domain: "ipv4", type: "datagram" }));
  sender.send(Buffer.from("x"), { family: "ipv4", address: "224.0.0.251", port }, { ifindex, source: "127.0.0.1" });
  expect((await next(receiver)).data.toString()).toBe("x");
  receiver.leave("224.0.0.251", ifindex);
  expect(systemErrorOf(() => receiver.leave("224.0.0.251", ifindex)).message).toMatch(
    /^setsockopt to leave 224\.0\.0\.251 on interface 1 with a datagram ipv4 socket failed: EADDRNOTAVAIL/,
  );
  const receiver6 = keep(udp({ family: "ipv6", address: "::" }));
  receiver6.join("ff02::12", ifindex);
  receiver6.leave("ff02::12", ifindex);
});

test.each(["\0dgram-ext-test-", join(tmpdir(), "dgram-ext-test-")])("AF_UNIX datagrams at %j", async (prefix) => {
  const path = `${prefix}${process.pid}`;
  const to: SocketAddress = { family: "unix", path };
  const receiver = keep(openSocket({ domain: "unix", type: "datagram" }));
  const sender = keep(openSocket({ domain: "unix", type: "datagram" }));
  receiver.bind(to);
  try {
    expect(receiver.localAddress()).toEqual(to);
    sender.send(Buffer.from("READY=1"), to);
    const datagram = await next(receiver);
    expect(datagram.data.toString()).toBe("READY=1");
    expect(datagram.from).toBeUndefined();
  } finally {
    if (!path.startsWith("\0")) rmSync(path);
  }
});

test("options: numbers and bytes, and what the kernel made of them", () => {
  const socket = keep(udp());
  socket.setOption(SOL.SOCKET, SO.RCVBUF, 8192);
  expect(socket.getOption(SOL.SOCKET, SO.RCVBUF, 4).readInt32LE()).toBe(16384);
  socket.setOption(SOL.SOCKET, SO.BINDTODEVICE, Buffer.from("lo\0"));
  expect(socket.getOption(SOL.SOCKET, SO.BINDTODEVICE, 16).toString()).toBe("lo\0");
});

test("a classic BPF filter decides what is received", async () => {
  const [receiver, sender] = [keep(udp()), keep(udp())];
  // ld [8] (first byte after the UDP header); jeq 'y' accept else drop
  const program = Buffer.alloc(32);
  const instruct = (at: number, code: number, jt: number, jf: number, k: number) => {
    program.writeUInt16LE(code, at * 8);
    program.writeUInt8(jt, at * 8 + 2);
    program.writeUInt8(jf, at * 8 + 3);
    program.writeUInt32LE(k, at * 8 + 4);
  };
  instruct(0, 0x30, 0, 0, 8);
  instruct(1, 0x15, 0, 1, "y".charCodeAt(0));
  instruct(2, 0x06, 0, 0, 65535);
  instruct(3, 0x06, 0, 0, 0);
  receiver.attachFilter(program);
  sender.send(Buffer.from("no"), receiver.localAddress());
  sender.send(Buffer.from("yes"), receiver.localAddress());
  expect((await next(receiver)).data.toString()).toBe("yes");
});

test("a full send buffer is undefined, not an error", () => {
  const path = `\0dgram-ext-full-${process.pid}`;
  const receiver = keep(openSocket({ domain: "unix", type: "datagram" }));
  const sender = keep(openSocket({ domain: "unix", type: "datagram" }));
  receiver.bind({ family: "unix", path });
  const results = Array.from({ length: 2000 }, () => sender.send(Buffer.alloc(100), { family: "unix", path }));
  expect(results[0]).toBe(100);
  expect(results.at(-1)).toBeUndefined();
});

test("readiness: again and again while something waits, until null", async () => {
  const [receiver, sender] = [keep(udp()), keep(udp())];
  let calls = 0;
  receiver.onReadable(() => calls++);
  sender.send(Buffer.from("x"), receiver.localAddress());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls).toBeGreaterThan(1);
  receiver.onReadable(null);
  const stopped = calls;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(calls).toBe(stopped);
});

test("a queued error wakes the reader, is thrown once by receive, and readiness goes on", async () => {
  const closed = udp();
  const deaf = closed.localAddress();
  closed.close();
  const socket = keep(udp());
  socket.connect(deaf);
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => {
    socket.onReadable(() => {
      try {
        const datagram = socket.receive();
        seen.push(datagram?.data.toString() ?? "nothing");
      } catch (error) {
        seen.push(error instanceof Error ? error.message : "?");
      }
      if (seen.length === 2) resolve();
    });
  });
  socket.send(Buffer.from("anyone?"));
  const { port = 0 } = deaf as { readonly port?: number };
  await expect.poll(() => seen.length).toBe(1);
  const answering = keep(udp({ family: "ipv4", address: "127.0.0.1", port }));
  answering.send(Buffer.from("here"), socket.localAddress());
  await done;
  expect(seen).toEqual(["recvmsg on a datagram ipv4 socket failed: ECONNREFUSED (Connection refused)", "here"]);
});

test("errors have code, errno, syscall and say what was tried", () => {
  const socket = keep(openSocket({ domain: "ipv4", type: "datagram" }));
  const error = systemErrorOf(() => socket.bind({ family: "ipv4", address: "192.0.2.1", port: 7 }));
  expect(error).toMatchObject({ code: "EADDRNOTAVAIL", errno: 99, syscall: "bind" });
  expect(error.message).toBe(
    "bind 192.0.2.1:7 on a datagram ipv4 socket failed: EADDRNOTAVAIL (Cannot assign requested address)",
  );
  expect(systemErrorOf(() => socket.bind({ family: "ipv4", address: "300.1.1.1" })).code).toBe("EINVAL");
  expect(systemErrorOf(() => socket.setOption(SOL.SOCKET, 9999, 1)).message).toBe(
    "setsockopt level 1 option 9999 to 1 on a datagram ipv4 socket failed: ENOPROTOOPT (Protocol not available)",
  );
  expect(systemErrorOf(() => openSocket({ domain: "netlink", type: "raw", protocol: 31 })).message).toBe(
    "socket of a raw netlink socket with protocol 31 failed: EPROTONOSUPPORT (Protocol not supported)",
  );
  const path = `/${"x".repeat(200)}`;
  const unix = keep(openSocket({ domain: "unix", type: "datagram" }));
  expect(systemErrorOf(() => unix.bind({ family: "unix", path })).code).toBe("ENAMETOOLONG");
});

test("wrong arguments from JavaScript are TypeErrors, not crashes", () => {
  const socket = keep(udp());
  const send = socket.send as (...args: readonly unknown[]) => unknown;
  expect(() => send("text", LOOPBACK)).toThrow(TypeError);
  expect(() => send({}, LOOPBACK)).toThrow(TypeError);
  expect(() => send(Buffer.alloc(1), { family: "ipv4", address: 1 })).toThrow("EINVAL");
  expect(() => send(Buffer.alloc(1), { family: "ipv4", address: "127.0.0.1", port: 70000 })).toThrow("EINVAL");
  expect(() => socket.join("nonsense", 1)).toThrow("nonsense is not an IP address");
});
