/** `nopreempt` in a file that vipd and keepalived share: who returns stays backup, until the master goes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAdvert } from "../lab/capture.ts";
import { claims, holds, resigns, sleep } from "../lab/daemons.ts";
import { downMs, type Kind, lateMs, openPair, type Pair, PRIORITY, settled, skewMs, VIP } from "./pair.ts";

/** Both run on the one processor of the guest, and vipd before keepalived: a start must not last as long as a backup waits. */
const INTERVAL_MS = 500;
const CONFIG = `vrrp_instance VI_1 {
  state BACKUP
  nopreempt
  interface eth0
  virtual_router_id 52
@a priority ${PRIORITY.a}
@b priority ${PRIORITY.b}
  version 3
  advert_int 0.5
  virtual_ipaddress {
    ${VIP}/24
  }
}
`;

describe.each<{ a: Kind; b: Kind }>([
  { a: "vipd", b: "keepalived" },
  { a: "keepalived", b: "vipd" },
])("nopreempt, A $a, B $b", (kinds) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await openPair();
  });
  afterAll(() => pair?.lab.close());

  test("the one that was first stays master when the better one comes", async () => {
    const { a, b, wire } = pair;
    await b.start(kinds.b, CONFIG);
    await settled(pair, b);
    const from = wire.frames.length;
    await a.start(kinds.a, CONFIG);
    await sleep(2 * downMs(3, INTERVAL_MS, PRIORITY.a));
    expect(wire.frames.slice(from).filter(claims(a.address))).toEqual([]);
    expect(await holds(a.node, VIP)).toBe(false);
    expect(await holds(b.node, VIP)).toBe(true);
  });

  test("when the master stops, the better one takes over after its skew, and stays", async () => {
    const { a, b, wire } = pair;
    let from = wire.frames.length;
    const ended = b.stop();
    const resigned = await wire.frame(resigns(b.address), { from });
    const first = await wire.frame(claims(a.address), { from });
    const skew = skewMs(3, INTERVAL_MS, PRIORITY.a);
    expect(first.atMs - resigned.atMs).toBeGreaterThan(skew - 10);
    expect(first.atMs - resigned.atMs).toBeLessThan(skew + lateMs(kinds.a));
    await ended;
    await settled(pair, a);
    from = wire.frames.length;
    await b.start(kinds.b, CONFIG);
    await sleep(2 * downMs(3, INTERVAL_MS, PRIORITY.b));
    const heard = wire.frames.slice(from).filter(isAdvert);
    expect(heard.filter((frame) => frame.source === b.address)).toEqual([]);
  });
});
