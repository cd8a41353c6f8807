/**
 * A socket for what the kernel announces. It is only ever as good as its buffer: when more happens than fits, the kernel drops
 * announcements and says so once (ENOBUFS), and the listener reads everything again.
 */
import { openSocket } from "dgram-ext";
import { type Reply, readMessages, TYPE } from "./message.ts";
import { forceBuffers, SOL_NETLINK } from "./socket.ts";

export type EventsOptions = {
  /** NETLINK_*: see `PROTOCOL`. */
  readonly protocol: number;
  /** Numbers of multicast groups (RTNLGRP_*), not bits. */
  readonly groups: readonly number[];
  readonly onEvent: (event: Reply) => void;
  /** Announcements were lost: what is known may be out of date. */
  readonly onLost: () => void;
  /** Default 4 MiB, forced where the process may. */
  readonly bufferBytes?: number;
};

export type EventSubscription = {
  /** Reads what waits now, without going through the event loop. */
  drain(): void;
  ref(): void;
  unref(): void;
  close(): void;
  [Symbol.dispose](): void;
};

const NETLINK_ADD_MEMBERSHIP = 1;
/** So many datagrams a turn of the loop; what is left makes the socket readable again. */
const PER_TURN = 64;
const LARGEST_DATAGRAM = 65_536;

export function openEvents(options: EventsOptions): EventSubscription {
  const socket = openSocket({ domain: "netlink", type: "raw", protocol: options.protocol });
  let open = true;

  function read(limit: number): void {
    for (let count = 0; open && count < limit; count++) {
      const datagram = receive();
      if (datagram === undefined) return;
      for (const message of readMessages(datagram)) {
        if (open && message.type > TYPE.overrun) options.onEvent(message);
      }
    }
  }

  /** @returns undefined when nothing waits; an empty buffer for a loss, after which more may wait */
  function receive(): Buffer | undefined {
    try {
      const datagram = socket.receive(LARGEST_DATAGRAM);
      if (datagram?.truncated === true) options.onLost();
      return datagram?.data;
    } catch (error) {
      if (!isOverrun(error)) throw error;
      options.onLost();
      return NOTHING;
    }
  }

  function close(): void {
    open = false;
    socket.close();
  }

  try {
    forceBuffers(socket, options.bufferBytes ?? 4 << 20);
    socket.bind({ family: "netlink" });
    for (const group of options.groups) socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, group);
    socket.onReadable(() => read(PER_TURN));
  } catch (error) {
    close();
    throw error;
  }
  return {
    drain: () => read(Number.POSITIVE_INFINITY),
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    close,
    [Symbol.dispose]: close,
  };
}

const NOTHING = Buffer.alloc(0);

function isOverrun(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOBUFS";
}
