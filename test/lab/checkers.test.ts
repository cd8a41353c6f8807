/** The privileges of the checkers, as root: what the file needs is kept, and nothing else. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { connectionTo, listen } from "../check/servers.ts";
import { type Checkers, check, configuration, startCheckers } from "../daemon/checkers-process.ts";

/** Bits of CapEff, linux/capability.h. */
const CAP_NET_BIND_SERVICE = 1n << 10n;
const CAP_NET_RAW = 1n << 13n;

function held({ child }: Checkers): bigint {
  const status = readFileSync(`/proc/${child.pid}/status`, "latin1");
  return BigInt(`0x${/^CapEff:\s*(\S+)$/m.exec(status)?.[1]}`);
}

test("a mark keeps CAP_NET_RAW, a source port below 1024 keeps CAP_NET_BIND_SERVICE, and both work", async () => {
  await using server = await listen(() => {});
  await using checkers = startCheckers();
  await checkers.next("hello");
  const marked = check("marked", server.port, { connection: { ...connectionTo(server.port), mark: 7 } });
  const low = check("low", server.port, { connection: { ...connectionTo(server.port), bindPort: 999 } });
  checkers.send(...configuration(1, marked, low));
  await expect.poll(() => checkers.heard.filter(({ type }) => type === "verdict")).toHaveLength(2);
  expect(checkers.heard.filter(({ type }) => type === "verdict")).toEqual([
    expect.objectContaining({ state: "up", reason: "connected" }),
    expect.objectContaining({ state: "up", reason: "connected" }),
  ]);
  expect(held(checkers)).toBe(CAP_NET_RAW | CAP_NET_BIND_SERVICE);
});

test("a reload that needs what was given up makes the process start again, and it says why", async () => {
  await using server = await listen(() => {});
  await using checkers = startCheckers();
  await checkers.next("hello");
  checkers.send(...configuration(1, check("plain", server.port)));
  await checkers.next("verdict");
  expect(held(checkers)).toBe(0n);
  const marked = check("marked", server.port, { connection: { ...connectionTo(server.port), mark: 7 } });
  const warnings = checkers.heard.length;
  checkers.send(...configuration(2, marked));
  const { reason } = await checkers.next("warning", warnings);
  expect(reason).toContain("fwmark needs CAP_NET_RAW; the checkers gave it up and start again");
  await checkers.next("stopped");
  await expect.poll(() => checkers.child.exitCode).toBe(0);
});
