/** What the tests of dgram-ext share. */
import { spawn } from "node:child_process";
import { join } from "node:path";

import type { Datagram, Socket, SocketAddress, SystemError } from "../../../native/dgram-ext/index.ts";
import { openSocket } from "../../../native/dgram-ext/index.ts";

export const LOOPBACK: SocketAddress = { family: "ipv4", address: "127.0.0.1" };
export const LOOPBACK6: SocketAddress = { family: "ipv6", address: "::1" };

/** A UDP socket on a port that the kernel chose. */
export function udp(address: SocketAddress = LOOPBACK): Socket {
  const socket = openSocket({ domain: address.family === "ipv6" ? "ipv6" : "ipv4", type: "datagram" });
  socket.bind(address);
  return socket;
}

/** The next datagram, by readiness. */
export function next(socket: Socket): Promise<Datagram> {
  return new Promise((resolve, reject) => {
    socket.onReadable(() => {
      socket.onReadable(null);
      try {
        const datagram = socket.receive();
        if (datagram === undefined) throw new Error("readable, but nothing is there");
        resolve(datagram);
      } catch (error) {
        reject(error);
      }
    });
  });
}

export function systemErrorOf(deed: () => unknown): SystemError {
  try {
    deed();
  } catch (error) {
    if (error instanceof Error && "errno" in error) return error as SystemError;
    throw error;
  }
  throw new Error("it did not fail");
}

export type Ended = { readonly code: number | null; readonly signal: string | null; readonly output: string };

/** Runs a file of fixtures/ with the Node of this test, or another. */
export function runFixture(name: string, args: readonly string[] = [], node = process.execPath): Promise<Ended> {
  return runCommand(node, [join(import.meta.dirname, "fixtures", name), ...args]);
}

export function runCommand(command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (output += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, output }));
  });
}
