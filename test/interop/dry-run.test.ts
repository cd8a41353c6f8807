/** A week beside keepalived: vipd in a dry run on the same director, by the same file, changes nothing and never stands still. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isAdvert } from "../lab/capture.ts";
import { claims, holds, sleep, startVipd, type Vipd } from "../lab/daemons.ts";
import { openPair, type Pair, PRIORITY, settled, VIP } from "./pair.ts";

const INTERVAL_MS = 200;
const CONFIG = `vrrp_instance VI_1 {
  state BACKUP
  interface eth0
  virtual_router_id 53
@a priority ${PRIORITY.a}
@b priority ${PRIORITY.b}
  version 3
  advert_int 0.2
  virtual_ipaddress {
    ${VIP}/24
  }
}
`;

let pair: Pair;
let dry: Vipd;
beforeAll(async () => {
  pair = await openPair();
  await pair.a.start("keepalived", CONFIG);
  await settled(pair, pair.a);
  dry = await startDry();
}, 60_000);
afterAll(() => pair?.lab.close());

function startDry(): Promise<Vipd> {
  const changes = join(pair.a.node.folder, "changes");
  return startVipd(pair.a.node, CONFIG, { args: ["-i", "a", "--dry-run", "--dry-run-log", changes] });
}

/** Its state, from a process that answers at once. */
async function stateOfDry(): Promise<string | undefined> {
  const { stdout } = await dry.command("status", "--json");
  return JSON.parse(stdout).vrrp?.routers[0]?.state;
}

/** Adverts of A on the wire since then: a second speaker would double them. */
function pace(from: number, ms: number): number {
  return (
    pair.wire.frames.slice(from).filter((frame) => isAdvert(frame) && frame.source === pair.a.address).length /
    (ms / INTERVAL_MS)
  );
}

test("it begins while keepalived holds the address, goes on deciding, and neither speaks nor takes the address away", async () => {
  const from = pair.wire.frames.length;
  await sleep(3000);
  expect(await stateOfDry()).toMatch(/^(MASTER|BACKUP)$/);
  expect(await holds(pair.a.node, VIP)).toBe(true);
  const adverts = pace(from, 3000);
  expect(adverts).toBeGreaterThan(0.6);
  expect(adverts).toBeLessThan(1.6);
  expect(dry.lines(/process\.exit|has not answered/)).toEqual([]);
});

test("keepalived goes and comes back; the dry run sees addresses come and go and is never in their way", async () => {
  const from = pair.wire.frames.length;
  await pair.b.start("keepalived", CONFIG);
  await pair.a.stop();
  await pair.wire.frame(claims(pair.b.address), { from });
  await settled(pair, pair.b);
  expect(await stateOfDry()).toMatch(/^(MASTER|BACKUP)$/);
  await pair.a.start("keepalived", CONFIG);
  await settled(pair, pair.a);
  expect(await stateOfDry()).toMatch(/^(MASTER|BACKUP)$/);
  expect(dry.lines(/process\.exit|has not answered|to=FAULT/)).toEqual([]);
});

test("it wrote down what it would have done, and leaves the address as it is when it ends", async () => {
  const changes = await readFile(join(pair.a.node.folder, "changes"), "utf8");
  expect(changes).toMatch(/^\d{19} - \S+ 10\.0\.0\.50\/24 on eth0$/m);
  await dry.stop();
  expect(await holds(pair.a.node, VIP)).toBe(true);
});
