/**
 * Tells the neighbours where an address lives now: gratuitous ARP for IPv4, an unsolicited neighbour advertisement for IPv6. The first
 * announcement leaves at once; a long list goes round by round (every address once, then every address again), in short pieces between which adverts
 * are sent, and no faster than the gap that the configuration asks for.
 */
import { familyOf } from "../base/address.ts";
import type { VirtualAddress } from "../vrrp/settings.ts";
import type { Alarm } from "./clock.ts";

export type Announcer = {
  /** One leaves before this returns; the others as soon as the present turn of the loop is over. */
  announce(addresses: readonly VirtualAddress[], repeat: number): void;
  /** Least time between two announcements on one link, ms; 0 = none. */
  setGaps(gaps: { readonly ipv4: number; readonly ipv6: number }): void;
};

export type AnnouncerOptions = {
  /** @returns false when the link takes no more just now */
  readonly send: (address: VirtualAddress) => boolean;
  /** Asked before each announcement: nobody announces what he has given up. */
  readonly isHeld: (address: VirtualAddress) => boolean;
  readonly now: () => number;
  readonly alarm: (run: () => void) => Alarm;
};

const PER_TURN = 64;
const LONGEST_MS = 2;
/** How long a link that takes no more is left alone. */
const FULL_MS = 1;

/** The announcements of one family on one link, in order. */
type Lane = {
  readonly queue: Round[];
  nextMs: number;
  readonly gap: () => number;
  readonly alarm: Alarm;
  scheduled: boolean;
};
type Round = { readonly addresses: readonly VirtualAddress[]; at: number; left: number };

export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const lanes = new Map<string, Lane>();
  let gaps = { ipv4: 0, ipv6: 0 };
  /** The budget of this turn of the loop. */
  let left = 0;
  let untilMs = 0;
  let renewing = false;

  function laneOf(address: VirtualAddress): Lane {
    const family = familyOf(address.ip);
    const name = `${family} ${address.link}`;
    let lane = lanes.get(name);
    if (lane === undefined) {
      const made: Lane = {
        queue: [],
        nextMs: 0,
        gap: () => gaps[family],
        alarm: options.alarm(() => pump(made, PER_TURN)),
        scheduled: false,
      };
      lane = made;
      lanes.set(name, lane);
    }
    return lane;
  }

  /** @param most so many in this call; the rest follows in the next turn */
  function pump(lane: Lane, most: number): void {
    lane.scheduled = false;
    for (let count = 0; lane.queue.length > 0; count++) {
      const nowMs = options.now();
      if (nowMs < lane.nextMs) {
        lane.alarm.set(lane.nextMs);
        return;
      }
      if (count === most || !mayGoOn(nowMs)) {
        later(lane);
        return;
      }
      if (!sendNext(lane)) {
        lane.nextMs = nowMs + FULL_MS;
        continue;
      }
      const gap = lane.gap();
      if (gap > 0) lane.nextMs = nowMs + gap;
    }
  }

  /** All lanes share the budget of a turn: many instances may become master at once, and their adverts go first. */
  function mayGoOn(nowMs: number): boolean {
    if (left === 0 || nowMs > untilMs) {
      if (renewing) return false;
      left = PER_TURN;
      untilMs = nowMs + LONGEST_MS;
      renewing = true;
      setImmediate(() => {
        renewing = false;
        left = 0;
      });
    }
    left--;
    return true;
  }

  function later(lane: Lane): void {
    if (lane.scheduled) return;
    lane.scheduled = true;
    setImmediate(() => pump(lane, PER_TURN));
  }

  /** @returns false when the link is full */
  function sendNext(lane: Lane): boolean {
    const round = lane.queue[0];
    const address = round?.addresses[round.at];
    if (round === undefined || address === undefined) {
      lane.queue.shift();
      return true;
    }
    if (options.isHeld(address) && !options.send(address)) return false;
    round.at++;
    if (round.at === round.addresses.length) {
      round.at = 0;
      round.left--;
    }
    if (round.left === 0) lane.queue.shift();
    return true;
  }

  return {
    announce(addresses, repeat) {
      const touched = new Map<Lane, VirtualAddress[]>();
      for (const address of addresses) {
        const lane = laneOf(address);
        const list = touched.get(lane);
        if (list === undefined) touched.set(lane, [address]);
        else list.push(address);
      }
      for (const [lane, list] of touched) {
        lane.queue.push({ addresses: list, at: 0, left: repeat });
        if (lane.queue.length === 1) pump(lane, 1);
      }
    },
    setGaps(next) {
      gaps = next;
    },
  };
}
