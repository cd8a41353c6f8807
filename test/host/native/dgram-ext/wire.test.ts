import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

/** All steps of fixtures/wire.ts, in a network name space of its own. */
function steps(): ReadonlyMap<string, unknown> {
  const fixture = join(import.meta.dirname, "fixtures/wire.ts");
  const output = execFileSync("unshare", ["--net", process.execPath, fixture], { encoding: "utf8", timeout: 50_000 });
  const lines = output
    .trim()
    .split("\n")
    .map((line): { step: string; value: unknown } => JSON.parse(line));
  return new Map(lines.map(({ step, value }) => [step, value]));
}

test("raw IPv4 and IPv6, AF_PACKET and an overrun of netlink events on a veth pair", () => {
  const seen = steps();
  expect(seen.get("raw ipv4 received")).toEqual({
    data: expect.stringMatching(/^45.*31010000$/),
    from: { family: "ipv4", address: "192.0.2.2", port: 0 },
    ifindex: expect.any(Number),
    destination: "224.0.0.18",
    ttl: 255,
    truncated: false,
    stamped: true,
  });
  expect(seen.get("raw ipv4 sent")).toEqual({
    destination: "01005e000012",
    ttl: 255,
    protocol: 112,
    source: "c0000201",
    payload: "3101ff00",
  });
  expect(seen.get("raw ipv6 received")).toEqual({
    data: "31010000",
    from: { family: "ipv6", address: "::1", port: 0, scopeId: 0 },
    ifindex: 1,
    destination: "::1",
    ttl: 255,
    truncated: false,
    stamped: false,
  });
  expect(seen.get("arp received")).toMatchObject({
    data: expect.stringMatching(/^0001080006040001020000000001c0000201/),
    from: { family: "packet", protocol: 0x0806, hardware: "020000000001", packetType: 1 },
  });
  expect(seen.get("overrun")).toEqual(["ENOBUFS", "drained", "event"]);
});
