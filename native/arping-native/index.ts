/**
 * Telling neighbours where an address lives now (gratuitous ARP, unsolicited neighbour advertisement), and asking whether somebody
 * has it (ARP probe). Frames are made in `codec.ts`; an AF_PACKET socket (CAP_NET_RAW) carries them.
 */

import type { Socket } from "dgram-ext";
import { openSocket } from "dgram-ext";
import { parseIpv4, parseIpv6 } from "./address.ts";
import { encodeGratuitousArp, encodeNeighbourAdvertisement, type GratuitousForm, parseMac } from "./codec.ts";

export type { GratuitousForm } from "./codec.ts";
export { type ArpAnswer, arpProbe, type ProbeOptions } from "./probe.ts";

export type Announcer = {
  /**
   * @param form default `request`
   * @returns false if the link's queue is full: nothing was sent
   * @throws {SystemError} ENXIO, ENODEV: the link is gone; ENETDOWN: it is down. {RangeError} for what is no IPv4 address
   */
  gratuitousArp(ip: string, form?: GratuitousForm): boolean;
  /** @param router whether this node forwards IPv6; default false @returns, @throws as above */
  neighbourAdvertisement(ip: string, router?: boolean): boolean;
  close(): void;
  [Symbol.dispose](): void;
};

/**
 * Opens an announcer for a link.
 * @param options.ifindex where frames leave @param options.mac what they say, and their source
 */
export function openAnnouncer(options: { readonly ifindex: number; readonly mac: string }): Announcer {
  const mac = parseMac(options.mac);
  const to = { family: "packet", ifindex: options.ifindex } as const;
  const socket = borrowSocket();
  let open = true;
  const close = () => {
    if (open) returnSocket();
    open = false;
  };
  const send = (frame: Buffer) => {
    if (!open) throw new TypeError("Cannot announce: the announcer is closed");
    return socket.send(frame, to) !== undefined;
  };
  return {
    gratuitousArp: (ip, form) => send(encodeGratuitousArp(parseIpv4(ip), mac, form)),
    neighbourAdvertisement: (ip, router) => send(encodeNeighbourAdvertisement(parseIpv6(ip), mac, router)),
    close,
    [Symbol.dispose]: close,
  };
}

/** One socket serves all links: it says with each frame where it goes. Protocol 0, so that it receives nothing. */
let shared: Socket | undefined;
let borrowers = 0;

function borrowSocket(): Socket {
  shared ??= openSocket({ domain: "packet", type: "raw", protocol: 0 });
  borrowers++;
  return shared;
}

function returnSocket(): void {
  borrowers--;
  if (borrowers > 0) return;
  shared?.close();
  shared = undefined;
}
