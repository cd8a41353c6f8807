/** Sends one announcement of an address: a whole Ethernet frame through a packet socket, so that neither routes nor neighbours matter. */
import { ETH_P, openSocket, type Socket } from "dgram-ext";
import { familyOf, type Ip, ipToBytes } from "../base/address.ts";

export type Announcements = {
  /** @returns false when the link takes no more just now; an announcement on a link that is gone is no error */
  send(address: { readonly ip: Ip; readonly link: string }): boolean;
  close(): void;
};

/** @param linkOf what is known of a link now */
export function openAnnouncements(
  linkOf: (name: string) => { readonly present: boolean; readonly index: number; readonly mac: string },
): Announcements {
  const socket: Socket = openSocket({ domain: "packet", type: "raw", protocol: 0 });
  const frames = new Map<string, Uint8Array>();

  function frameOf(ip: Ip, mac: string): Uint8Array {
    const key = `${ip} ${mac}`;
    let frame = frames.get(key);
    if (frame === undefined) {
      frame = familyOf(ip) === "ipv4" ? gratuitousArp(ip, mac) : neighbourAdvertisement(ip, mac);
      frames.set(key, frame);
    }
    return frame;
  }

  return {
    send({ ip, link }) {
      const { present, index, mac } = linkOf(link);
      if (!present || mac.length !== 17) return true;
      const protocol = familyOf(ip) === "ipv4" ? ETH_P.ARP : ETH_P.IPV6;
      try {
        return socket.send(frameOf(ip, mac), { family: "packet", ifindex: index, protocol }) !== undefined;
      } catch (error) {
        // the link went down or away: netlink tells it better
        if (error instanceof Error && "syscall" in error) return true;
        throw error;
      }
    },
    close: () => socket.close(),
  };
}

const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** A request for the address from the address, RFC 5227 §3. */
function gratuitousArp(ip: Ip, mac: string): Uint8Array {
  const address = ipToBytes(ip);
  return Buffer.concat([
    ethernet(BROADCAST, mac, ETH_P.ARP),
    Uint8Array.of(0, 1, 0x08, 0, 6, 4, 0, 1),
    macBytes(mac),
    address,
    macBytes(BROADCAST),
    address,
  ]);
}

function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(":"), (part) => Number.parseInt(part, 16));
}

function ethernet(to: string, from: string, type: number): Uint8Array {
  return Buffer.concat([macBytes(to), macBytes(from), Uint8Array.of(type >> 8, type & 0xff)]);
}

const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;

/** Unsolicited, to all nodes, RFC 4861 §7.2.6: from the address itself, with the link-layer address as option. */
function neighbourAdvertisement(ip: Ip, mac: string): Uint8Array {
  const allNodes = ipToBytes("ff02::1" as Ip);
  const address = ipToBytes(ip);
  const message = Buffer.concat([
    Uint8Array.of(NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, OVERRIDE, 0, 0, 0),
    address,
    Uint8Array.of(2, 1),
    macBytes(mac),
  ]);
  const pseudo = Buffer.concat([address, allNodes, Uint8Array.of(0, 0, 0, message.length, 0, 0, 0, ICMPV6)]);
  message.writeUInt16BE(internetChecksum(Buffer.concat([pseudo, message])), 2);
  const header = Uint8Array.of(0x60, 0, 0, 0, message.length >> 8, message.length & 0xff, ICMPV6, 255);
  return Buffer.concat([ethernet("33:33:00:00:00:01", mac, ETH_P.IPV6), header, address, allNodes, message]);
}

/** RFC 1071, of an even number of bytes. */
function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
