/** Sends one announcement of an address: gratuitous ARP or an unsolicited neighbour advertisement, past routes and neighbour tables. */
import { readFileSync } from "node:fs";
import { type Announcer, openAnnouncer } from "arping-native";
import { familyOf, type Ip } from "../base/address.ts";
import { isSystemError } from "./errors.ts";

export type Announcements = {
  /** Opens what the link needs, so that the first announcement does not wait for it. */
  ready(link: string): void;
  /** @returns false when the link takes no more just now; an announcement on a link that is down or gone is no error */
  send(address: { readonly ip: Ip; readonly link: string }): boolean;
  close(): void;
};

type Link = { readonly present: boolean; readonly index: number; readonly mac: string };
type Mouth = {
  readonly announcer: Announcer;
  readonly index: number;
  readonly mac: string;
  readonly forwards: boolean;
};

/** As text, six bytes: what Ethernet has, and the loopback has not. */
const MAC_LENGTH = 17;

/**
 * @param linkOf what is known of a link now
 * @param trouble is told, in words, when nothing can be announced on a link although it is there; once until it can
 */
export function openAnnouncements(linkOf: (name: string) => Link, trouble: (reason: string) => void): Announcements {
  const mouths = new Map<string, Mouth>();
  const dumb = new Set<string>();

  function mouthOf(name: string): Mouth | undefined {
    const { present, index, mac } = linkOf(name);
    const known = mouths.get(name);
    if (known !== undefined && known.index === index && known.mac === mac) return known;
    known?.announcer.close();
    mouths.delete(name);
    if (!present || mac.length !== MAC_LENGTH) return undefined;
    const mouth = { announcer: openAnnouncer({ ifindex: index, mac }), index, mac, forwards: forwardsIpv6(name) };
    mouths.set(name, mouth);
    return mouth;
  }

  /** A link that has just gone away is no trouble: netlink tells it better. */
  function tryMouthOf(name: string): Mouth | undefined {
    try {
      const mouth = mouthOf(name);
      dumb.delete(name);
      return mouth;
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (error.code === "ENODEV" || dumb.has(name)) return undefined;
      dumb.add(name);
      trouble(`Cannot announce addresses on ${name}: ${error.message}; neighbours learn late where they are`);
      return undefined;
    }
  }

  function send({ ip, link }: { readonly ip: Ip; readonly link: string }): boolean {
    const mouth = tryMouthOf(link);
    if (mouth === undefined) return true;
    if (familyOf(ip) === "ipv4") return mouth.announcer.gratuitousArp(ip);
    return mouth.announcer.neighbourAdvertisement(ip, mouth.forwards);
  }

  return {
    ready: (link) => void tryMouthOf(link),
    send(address) {
      try {
        return send(address);
      } catch (error) {
        // the link went down or away: netlink tells it better
        if (isSystemError(error)) return true;
        throw error;
      }
    },
    close() {
      for (const { announcer } of mouths.values()) announcer.close();
      mouths.clear();
    },
  };
}

function forwardsIpv6(link: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${link}/forwarding`, "latin1").trim() === "1";
  } catch {
    return false;
  }
}
