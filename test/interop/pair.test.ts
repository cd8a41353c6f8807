/** vipd and keepalived from one file, each as master and as backup: takeover, return, hand-over, a split that heals. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAdvert } from "../lab/capture.ts";
import { announcedBy, claims, LATE_MS, lastClaim, resigns, sleep, untilHolds } from "../lab/daemons.ts";
import { timeOfDayMs } from "../lab/process.ts";
import {
  type Director,
  downMs,
  type Kind,
  lateMs,
  lostPings,
  openPair,
  type Pair,
  PRIORITY,
  settled,
  skewMs,
  VIP,
} from "./pair.ts";

type Protocol = { readonly version: 2 | 3; readonly intervalMs: number; readonly text: string };

/** The client asks so often; what is lost is counted, for the guest may be late itself. */
const PING_MS = 10;

const PROTOCOLS: readonly Protocol[] = [
  {
    version: 2,
    intervalMs: 1000,
    text: "version 2\n  advert_int 1\n  authentication {\n    auth_type PASS\n    auth_pass s3cret\n  }",
  },
  { version: 3, intervalMs: 100, text: "version 3\n  advert_int 0.1" },
];

function configOf({ text }: Protocol): string {
  return `global_defs {
  router_id interop
}
vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 51
@a priority ${PRIORITY.a}
@b priority ${PRIORITY.b}
  ${text}
  virtual_ipaddress {
    ${VIP}/24
  }
}
`;
}

const COMBINATIONS = PROTOCOLS.flatMap((protocol) =>
  (["vipd", "keepalived"] as const).map((master) => ({
    ...protocol,
    protocol,
    master,
    backup: (master === "vipd" ? "keepalived" : "vipd") satisfies Kind as Kind,
  })),
);

describe.each(COMBINATIONS)("v$version at $intervalMs ms, master $master, backup $backup", (combination) => {
  const { version, intervalMs, protocol, master, backup } = combination;
  const config = configOf(protocol);
  let pair: Pair;
  let a: Director;
  let b: Director;
  const bDownMs = downMs(version, intervalMs, PRIORITY.b);

  beforeAll(async () => {
    pair = await openPair();
    ({ a, b } = pair);
  });
  afterAll(() => pair?.lab.close());

  test("the higher priority is master, and what it sends is what the file says", async () => {
    await Promise.all([a.start(master, config), b.start(backup, config)]);
    await settled(pair, a);
    const from = pair.wire.frames.length;
    await sleep(3 * intervalMs);
    const adverts = pair.wire.frames.slice(from).filter(isAdvert);
    expect(adverts.length).toBeGreaterThanOrEqual(2);
    for (const advert of adverts) {
      expect(advert).toMatchObject({ source: a.address, version, vrid: 51, priority: 150, intervalMs, ttl: 255 });
      expect(advert.addresses).toEqual([VIP]);
    }
  });

  test("the master is killed: the backup takes over after its down interval and announces the address", async () => {
    const from = pair.wire.frames.length;
    await a.kill();
    const first = await pair.wire.frame(claims(b.address), { from });
    const arp = await pair.wire.frame(announcedBy(b.link, VIP), { from });
    const last = lastClaim(pair.wire, a.address, first.atMs);
    expect(first.atMs - last.atMs).toBeGreaterThan(bDownMs - 10);
    expect(first.atMs - last.atMs).toBeLessThan(bDownMs + lateMs(backup));
    expect(arp.atMs - first.atMs).toBeLessThan(lateMs(backup));
    expect(first.priority).toBe(PRIORITY.b);
  });

  test("it comes back, sweeps what it left and preempts; the other gives way", async () => {
    const from = pair.wire.frames.length;
    await a.start(master, config);
    const first = await pair.wire.frame(claims(a.address), { from });
    const arp = await pair.wire.frame(announcedBy(a.link, VIP), { from: pair.wire.frames.indexOf(first) });
    expect(arp.atMs - first.atMs).toBeLessThan(lateMs(master));
    await settled(pair, a);
    const late = pair.wire.frames.filter(
      (frame) => claims(b.address)(frame) && frame.atMs > first.atMs + lateMs(backup) + intervalMs,
    );
    expect(late).toEqual([]);
  });

  test("the backup is stopped: it says nothing, nothing moves", async () => {
    const from = pair.wire.frames.length;
    await b.stop();
    expect(pair.wire.frames.slice(from).filter((frame) => isAdvert(frame) && frame.source === b.address)).toEqual([]);
    await b.start(backup, config);
    await settled(pair, a);
  });

  test("the master is stopped: priority 0, and the backup takes over after its skew", async () => {
    const from = pair.wire.frames.length;
    const causeMs = timeOfDayMs();
    const ended = a.stop();
    const resigned = await pair.wire.frame(resigns(a.address), { from });
    const first = await pair.wire.frame(claims(b.address), { from });
    expect(resigned.atMs - causeMs).toBeLessThan(500);
    expect(first.atMs - resigned.atMs).toBeGreaterThan(skewMs(version, intervalMs, PRIORITY.b) - 10);
    expect(first.atMs - resigned.atMs).toBeLessThan(skewMs(version, intervalMs, PRIORITY.b) + lateMs(backup));
    await ended;
    await untilHolds(a.node, VIP, false);
    await a.start(master, config);
    await settled(pair, a);
  });

  test("a silent split heals: one master, who announces the address again when it heard the other", async () => {
    for (let round = 0; round < (intervalMs < 1000 ? 4 : 1); round++) {
      const from = pair.wire.frames.length;
      await a.link.cut("silent");
      await pair.wire.frame(claims(b.address), { from });
      await untilHolds(b.node, VIP);
      // the client learns that the address is at B now
      await pair.client.run(["ping", "-c1", "-W1", VIP]);
      const heard = await a.node.capture("eth0");
      const ping = pair.client.start(["ping", "-q", "-i", String(PING_MS / 1000), VIP]);
      await sleep(200 + round * 23);
      await a.link.heal();
      await settled(pair, a);
      await sleep(300);
      await ping.stop("SIGINT");
      await heard.stop();
      // what A has heard of B: adverts of a master that does not know yet, or the last one of a vipd that gives way
      const met = heard.frames.find(claims(b.address));
      if (backup === "vipd") {
        expect(met).toBeDefined();
        expect(lostPings(ping.output())).toBeLessThanOrEqual(LATE_MS / PING_MS);
      }
      if (met !== undefined) {
        const arp = heard.frames.find((frame) => announcedBy(a.link, VIP)(frame) && frame.atMs > met.atMs);
        expect((arp?.atMs ?? Number.NaN) - met.atMs).toBeLessThan(lateMs(master));
      }
    }
  });
});
