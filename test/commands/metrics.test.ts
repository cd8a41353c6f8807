/** The state for Prometheus. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { runMetrics } from "../../src/commands/metrics.ts";
import { renderMetrics } from "../../src/commands/render-metrics.ts";
import { READ_SOCKET } from "../../src/daemon/control.ts";
import { status } from "./status.ts";

afterEach(() => vi.restoreAllMocks());

/** Name with labels → value; every line is a sample or belongs to one. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split("\n")) {
    const type = /^# TYPE ([a-z_]+) (gauge|counter)$/.exec(line)?.[1];
    if (type !== undefined) typed.add(type);
    if (line.startsWith("#")) continue;
    const match = /^([a-z_]+)(\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[\d.e+-]+)$/.exec(line);
    expect(match, line).not.toBeNull();
    expect(typed).toContain(match?.[1]);
    samples.set(`${match?.[1]}${match?.[2] ?? ""}`, Number(match?.[3]));
  }
  return samples;
}

test("what status shows, as numbers", () => {
  const samples = samplesOf(renderMetrics(status));
  const of = (name: string) => samples.get(name);
  expect(of("vipd_up")).toBe(1);
  expect(of('vipd_vrrp_state{instance="VI_1",interface="eth0",vrid="51"}')).toBe(1);
  expect(of('vipd_vrrp_priority{instance="VI_1",interface="eth0",vrid="51"}')).toBe(130);
  expect(of('vipd_vrrp_since_seconds{instance="VI_1",interface="eth0",vrid="51"}')).toBe(status.at.wallMs / 1000 - 250);
  expect(of('vipd_vrrp_packets_dropped_total{instance="VI_1",reason="ttl"}')).toBe(3);
  expect(of('vipd_vrrp_address_present{instance="VI_1",address="10.0.0.9/24",interface="eth0"}')).toBe(0);
  expect(of('vipd_process_restarts_total{process="checkers"}')).toBe(5);
  expect(of('vipd_script_up{script="chk_haproxy"}')).toBe(0);
  expect(of('vipd_server_up{service="[10.0.0.9]:tcp:80",server="[10.1.0.12]:tcp:80"}')).toBe(1);
  expect(of("vipd_config_refused")).toBe(1);
  expect(of("vipd_mail_waiting")).toBe(2);
  expect(of("vipd_mail_held")).toBe(0);
  expect([...samples].filter(([name]) => name.startsWith("vipd_check_cannot_ask")).map(([, value]) => value)).toEqual([
    0,
  ]);
});

test("a vipd that does not answer is down", () => {
  expect(samplesOf(renderMetrics(undefined))).toEqual(new Map([["vipd_up", 0]]));
});

test("names are escaped", () => {
  const [script] = status.scripts;
  const odd = script === undefined ? [] : [{ ...script, name: 'a "b" \\c' }];
  expect(renderMetrics({ ...status, scripts: odd })).toContain('vipd_script_up{script="a \\"b\\" \\\\c"} 0\n');
});

test("a scrape asks vipd each time, and says so when there is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vipd-metrics-"));
  const vipd = createServer((_, response) => response.end(JSON.stringify(status)));
  const told: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => told.push(String(text)) > 0);
  try {
    await new Promise<void>((done) => vipd.listen(join(folder, READ_SOCKET), done));
    const ended = runMetrics(["--listen", "0"], folder);
    await vi.waitFor(() => expect(told.join("")).toMatch(/http:\S+/));
    const url = /http:\S+/.exec(told.join(""))?.[0] ?? "";
    const answer = await fetch(url);
    expect(answer.headers.get("content-type")).toContain("version=0.0.4");
    expect(samplesOf(await answer.text()).get("vipd_up")).toBe(1);
    expect((await fetch(url.replace("metrics", "other"))).status).toBe(404);
    expect((await fetch(url, { method: "POST" })).status).toBe(405);
    await new Promise((done) => vipd.close(done));
    expect(samplesOf(await (await fetch(url)).text()).get("vipd_up")).toBe(0);
    process.emit("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [["--listen"], "is not clear"],
  [["--listen", "99999"], "is not clear"],
  [["--port", "1"], "is not clear"],
  [["--listen", "192.0.2.1:0"], "name an address of this machine"],
])("%j is refused with what to do", async (words, message) => {
  const told: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  expect(await runMetrics(words, "/nowhere")).toBe(1);
  expect(told.join("")).toContain(message);
});
