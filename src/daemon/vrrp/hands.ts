/** Does what the engine wants done, in its order: timers, adverts, addresses, announcements, events. */
import type { Ip } from "../../base/address.ts";
import type { EventBody } from "../../events.ts";
import { addressesOf } from "../../network/keys.ts";
import type { Alarm } from "../../os/clock.ts";
import type { VrrpSockets } from "../../os/vrrp-sockets.ts";
import { createFrames, type Frames } from "../../vrrp/frames.ts";
import type { Action, Advert, TimerName } from "../../vrrp/interface.ts";
import type { RouterSettings, VirtualAddress } from "../../vrrp/settings.ts";

export type Hands = {
  perform(actions: readonly Action[]): void;
  /** Routers that are gone leave nothing behind. @param keys those that stay */
  keep(keys: ReadonlySet<string>): void;
};

export type HandsOptions = {
  readonly alarm: (run: (lateMs: number) => void, exact: boolean) => Alarm;
  readonly expired: (timer: TimerName, lateMs: number) => void;
  readonly socketsOf: (link: string) => Pick<VrrpSockets, "send"> | undefined;
  /** Where a router sends from when the configuration does not say. */
  readonly sourceOf: (router: RouterSettings) => Ip | undefined;
  readonly want: (router: RouterSettings, wanted: boolean) => void;
  readonly announce: (addresses: readonly VirtualAddress[], repeat: number) => void;
  readonly report: (body: EventBody, atMs: number) => void;
  readonly now: () => number;
};

/** One thing is said when adverts stop leaving, one when they leave again; at most so often. */
const TELL_EVERY_MS = 10_000;
type Sending = { readonly frames: Frames; trouble: string | undefined; toldMs: number };

export function createHands(options: HandsOptions): Hands {
  const alarms = new Map<TimerName, Alarm>();
  const sendings = new Map<string, Sending>();

  function alarmOf(timer: TimerName): Alarm {
    let alarm = alarms.get(timer);
    if (alarm === undefined) {
      alarm = options.alarm((lateMs) => options.expired(timer, lateMs), timer.startsWith("masterDown"));
      alarms.set(timer, alarm);
    }
    return alarm;
  }

  function sendingOf(router: RouterSettings): Sending {
    let sending = sendings.get(router.key);
    if (sending === undefined) {
      sending = { frames: createFrames(), trouble: undefined, toldMs: Number.NEGATIVE_INFINITY };
      sendings.set(router.key, sending);
    }
    return sending;
  }

  function advertise(router: RouterSettings, advert: Advert): void {
    const sending = sendingOf(router);
    const trouble = trySend(router, advert, sending.frames);
    if (trouble === sending.trouble || options.now() - sending.toldMs < TELL_EVERY_MS) return;
    sending.trouble = trouble;
    sending.toldMs = options.now();
    const reason = trouble === undefined ? "adverts leave again" : `no advert leaves${trouble}`;
    options.report({ type: "vrrp.warning", instance: router.name, reason }, options.now());
  }

  /** A peer that cannot be reached keeps nothing from the others. @returns to whom nothing leaves, and why, behind `no advert leaves` */
  function trySend(router: RouterSettings, advert: Advert, frames: Frames): string | undefined {
    const { links, destinations } = router;
    const sockets = options.socketsOf(links.adverts);
    const from = options.sourceOf(router);
    if (sockets === undefined) return `: there is no link ${links.adverts}`;
    if (from === undefined) return `: ${links.adverts} has no address to send from`;
    let trouble: string | undefined;
    for (const to of destinations) {
      const why = sendTo(to, sockets, frames.frame(advert, from, to, router.checksumAsV2), router.multicast);
      if (why !== undefined) trouble ??= destinations.length === 1 ? `: ${why}` : ` to ${to}: ${why}`;
    }
    return trouble;
  }

  function sendTo(
    to: Ip,
    sockets: Pick<VrrpSockets, "send">,
    packet: Uint8Array,
    multicast: boolean,
  ): string | undefined {
    try {
      return sockets.send(packet, to, multicast) ? undefined : "the send buffer is full";
    } catch (error) {
      if (error instanceof Error && "syscall" in error) return `${error.message}${hint(error)}`;
      throw error;
    }
  }

  function perform(actions: readonly Action[]): void {
    for (const action of actions) {
      switch (action.type) {
        case "arm":
          alarmOf(action.timer).set(action.atMs);
          break;
        case "disarm":
          alarms.get(action.timer)?.clear();
          break;
        case "advertise":
          advertise(action.router, action.advert);
          break;
        case "addresses":
          options.want(action.router, action.wanted);
          break;
        case "announce":
          options.announce(addressesOf(action.router), action.repeat);
          break;
        case "event":
          options.report(action.body, action.atMs);
          break;
      }
    }
  }

  return {
    perform,
    keep(keys) {
      for (const key of sendings.keys()) if (!keys.has(key)) sendings.delete(key);
      for (const [timer, alarm] of alarms) {
        if (keys.has(timer.slice(timer.indexOf(" ") + 1))) continue;
        alarm.clear();
        alarms.delete(timer);
      }
    },
  };
}

function hint(error: Error): string {
  const isFull = "code" in error && error.code === "ENOBUFS";
  return isFull ? "; is the neighbour table full (net.ipv4.neigh.default.gc_thresh3)?" : "";
}
