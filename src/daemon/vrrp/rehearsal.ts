/**
 * The first takeover is to be as quick as the hundredth. Code that V8 has never run costs it ten times as much, and a takeover is what a backup
 * never does until it matters. So before the configuration comes, a room of its own becomes master and resigns, again and again: with a clock that
 * jumps, without an address ever set, its adverts and announcements on the loopback, to a group that nobody else joins.
 */
import { boottimeMs, realtimeMs } from "dgram-ext";
import { type Ip, ip } from "../../base/address.ts";
import type { AddressKey } from "../../base/address-key.ts";
import type { KernelAddress } from "../../network/plan.ts";
import { type AddressExecutor, openAddresses } from "../../os/addresses.ts";
import { openAnnouncements } from "../../os/announcements.ts";
import { openClock, type TimeSource } from "../../os/clock.ts";
import type { Links } from "../../os/links.ts";
import { openVrrpSockets } from "../../os/vrrp-sockets.ts";
import type { LinkState } from "../../vrrp/interface.ts";
import type { RouterSettings, VirtualAddress, VrrpSettings } from "../../vrrp/settings.ts";
import { createRoom, type Machine } from "./room.ts";

/** Enough for the compiler to have taken notice: some 50 ms of work, while vipd reads its file. */
const ROUNDS = 60;
/** What nobody should go without: everything has been compiled, though not optimized. */
const LEAST_ROUNDS = 3;
/** On a slow machine there are fewer. */
const LONGEST_MS = 150;
/** Timer turns of a round: to become master, and a few adverts. */
const TURNS = 4;
const LOOPBACK = "lo";
const SOURCE = ip("127.0.0.1");
/** Scoped to the site's administration, RFC 2365. */
const GROUP = ip("239.255.112.112");

/**
 * Never longer than a round in one turn of the loop. Ends early, and quietly, where sockets may not be opened.
 * @param isAwaited whether somebody waits for the end of it
 */
export async function rehearse(isAwaited: () => boolean): Promise<void> {
  const time = jumpingTime();
  const machine = practiceMachine(time);
  const untilMs = boottimeMs() + LONGEST_MS;
  const rounds = () => (isAwaited() || boottimeMs() > untilMs ? LEAST_ROUNDS : ROUNDS);
  try {
    const room = createRoom(machine, () => {});
    await room.open();
    for (let round = 0; round < rounds(); round++) {
      await room.commit(settingsOf([router()]), []);
      for (let turn = 0; turn < TURNS; turn++) time.jump();
      await room.commit(settingsOf([]), []);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await room.stop(0);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
  }
}

/** Time stands still until it jumps to the timer that is armed. */
function jumpingTime(): TimeSource & { jump(): void } {
  let nowMs = boottimeMs();
  let armedMs = Number.POSITIVE_INFINITY;
  let fire = () => {};
  return {
    now: () => nowMs,
    openTimer(onExpired) {
      fire = onExpired;
      return {
        armAt: (atMs) => {
          armedMs = atMs;
        },
        close() {},
      };
    },
    jump() {
      if (armedMs === Number.POSITIVE_INFINITY) return;
      nowMs = Math.max(nowMs, armedMs);
      armedMs = Number.POSITIVE_INFINITY;
      fire();
    },
  };
}

function practiceMachine(time: TimeSource): Machine {
  return {
    openClock: (turn) => ({ ...openClock(turn, time), wall: realtimeMs }),
    openLinks: () => practiceLinks(),
    openAddresses: (indexOf) => practiceAddresses(openAddresses(indexOf)),
    openAnnouncements,
    openSockets: openVrrpSockets,
    promotion: { ensure: () => undefined, inForce: () => true, restore() {} },
  };
}

/** The loopback, with an address as Ethernet has it, or no announcement could be made. */
function practiceLinks(): Links {
  const state: LinkState = {
    name: LOOPBACK,
    present: true,
    running: true,
    index: 1,
    mac: "00:00:00:00:00:00",
    source: { ipv4: SOURCE, ipv6: undefined },
    addresses: [`${SOURCE}/8`],
  };
  return {
    state: () => state,
    indexOf: () => state.index,
    addresses: new Map<AddressKey, KernelAddress>(),
    drain() {},
    async refresh() {},
    close() {},
  };
}

/** An address is written as a request, and a harmless question sent in its place. */
function practiceAddresses(real: AddressExecutor): AddressExecutor {
  return {
    ...real,
    async run(commands) {
      await real.warmUp(address(SOURCE));
      return commands.map(() => ({ end: "done" }));
    },
  };
}

function settingsOf(routers: readonly RouterSettings[]): VrrpSettings {
  return { routers, groups: [], startupDelayMs: 0, announceGapMs: { ipv4: 0, ipv6: 0 } };
}

function router(): RouterSettings {
  return {
    key: "rehearsal",
    name: "rehearsal",
    family: "ipv4",
    version: 3,
    vrid: 255,
    links: { adverts: LOOPBACK, addresses: LOOPBACK, tracked: LOOPBACK },
    priority: 100,
    initial: "BACKUP",
    intervalMs: 1000,
    downAdverts: 3,
    preempt: true,
    preemptDelayMs: 0,
    authentication: { type: "none" },
    source: SOURCE,
    trackSource: false,
    destinations: [GROUP],
    multicast: true,
    addresses: [address(SOURCE)],
    excluded: [],
    garp: { repeat: 5, delayMs: 5000, refreshMs: 0, refreshRepeat: 1, lowerPrioRepeat: 5, lowerPrioDelayMs: 5000 },
    lowerPrioNoAdvert: false,
    higherPrioSendAdvert: undefined,
    ownerIgnoreAdverts: false,
    checkAddresses: "always",
    checksumAsV2: false,
    strict: false,
    trackers: [],
    group: undefined,
    receiveBufferBytes: undefined,
  };
}

function address(of: Ip): VirtualAddress {
  return {
    ip: of,
    length: 32,
    link: LOOPBACK,
    scope: 0,
    label: undefined,
    broadcast: undefined,
    peer: undefined,
    noPrefixRoute: false,
    home: false,
    preferredSeconds: undefined,
    track: true,
  };
}
