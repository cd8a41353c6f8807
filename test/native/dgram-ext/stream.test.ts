import type { AddressInfo } from "node:net";
import { createServer, Socket } from "node:net";
import { afterEach, expect, test } from "vitest";

import type { SocketAddress } from "../../../native/dgram-ext/index.ts";
import { closeDescriptor, connectStream, openStream } from "../../../native/dgram-ext/index.ts";
import { systemErrorOf, udp } from "./helpers.ts";

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers with the address of whoever connects. */
async function server(host = "127.0.0.1"): Promise<SocketAddress & { readonly port: number }> {
  const listening = createServer((socket) => socket.end(`you are ${socket.remoteAddress}`));
  servers.push(listening);
  await new Promise<void>((resolve) => listening.listen(0, host, resolve));
  const { port, family } = listening.address() as AddressInfo;
  return { family: family === "IPv6" ? "ipv6" : "ipv4", address: host, port };
}

async function answer(fd: number): Promise<string> {
  const socket = new Socket({ fd, readable: true, writable: true });
  let text = "";
  for await (const part of socket) text += part;
  return text;
}

test("openStream: a descriptor for net.Socket, from the source address that was asked for", async () => {
  const to = await server();
  expect(await answer(openStream({ to, from: { family: "ipv4", address: "127.0.0.77" } }))).toBe("you are 127.0.0.77");
});

test("connectStream: IPv4 and IPv6, through a device", async () => {
  const device = "lo";
  expect(await answer(await connectStream({ to: await server(), device }))).toBe("you are 127.0.0.1");
  expect(await answer(await connectStream({ to: await server("::1"), device }))).toBe("you are ::1");
});

test("connectStream: a refusal says to whom, from where and through what", async () => {
  const unused = udp();
  const { port = 0 } = unused.localAddress() as { readonly port?: number };
  unused.close();
  const to: SocketAddress = { family: "ipv4", address: "127.0.0.1", port };
  const from: SocketAddress = { family: "ipv4", address: "127.0.0.5" };
  await expect(connectStream({ to, from, device: "lo" })).rejects.toMatchObject({
    code: "ECONNREFUSED",
    syscall: "connect",
    message: `connect to 127.0.0.1:${port} from 127.0.0.5 through lo failed: ECONNREFUSED (Connection refused)`,
  });
});

test("connectStream: the signal ends it with its reason", async () => {
  const full = await fullListener();
  const abort = new AbortController();
  const connecting = connectStream({ to: full.address }, abort.signal);
  setTimeout(() => abort.abort(new Error("no answer in time")), 20);
  await expect(connecting).rejects.toThrow("no answer in time");
  await expect(connectStream({ to: full.address }, AbortSignal.abort(new Error("too late")))).rejects.toThrow(
    "too late",
  );
  full.close();
});

/** A listener whose queue is full: a further connection waits until its SYN is sent again. */
async function fullListener() {
  const listening = createServer(() => {});
  await new Promise<void>((resolve) => listening.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, resolve));
  const address: SocketAddress = {
    family: "ipv4",
    address: "127.0.0.1",
    port: (listening.address() as AddressInfo).port,
  };
  // Nothing is accepted while this function does not return to the loop, so all of these are queued
  const queued = Array.from({ length: 8 }, () => openStream({ to: address }));
  return {
    address,
    close: () => {
      for (const fd of queued) closeDescriptor(fd);
      listening.close();
    },
  };
}

test("an unknown device and an unknown source are told apart", async () => {
  const to = await server();
  expect(systemErrorOf(() => openStream({ to, device: "nowhere0" })).message).toBe(
    "setsockopt SO_BINDTODEVICE nowhere0 failed: ENODEV (No such device)",
  );
  expect(systemErrorOf(() => openStream({ to, from: { family: "ipv4", address: "192.0.2.1" } })).message).toBe(
    "bind 192.0.2.1 before connect failed: EADDRNOTAVAIL (Cannot assign requested address)",
  );
  expect(systemErrorOf(() => closeDescriptor(99_999)).code).toBe("EBADF");
});

test("a connected datagram socket is a stream too", () => {
  const receiver = udp();
  const fd = openStream({ to: receiver.localAddress(), type: "datagram" });
  expect(fd).toBeGreaterThan(2);
  closeDescriptor(fd);
  receiver.close();
});
