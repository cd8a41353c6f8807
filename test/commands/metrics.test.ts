/** The state for Prometheus. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { WRONG_WORDS } from "../../src/commands/exit.ts";
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
    const match = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})? (-?[\d.e+-]+)$/.exec(line);
    expect(match, line).not.toBeNull();
    expect(typed).toContain(match?.[1]);
    expect([...samples.keys()]).not.toContain(`${match?.[1]}${match?.[2] ?? ""}`);
    samples.set(`${match?.[1]}${match?.[2] ?? ""}`, Number(match?.[3]));
  }
  return samples;
}

test("what status shows, as numbers", () => {
  const samples = samplesOf(renderMetrics(status));
  const of = (name: string) => samples.get(name);
  expect(of("vipd_up")).toBe(1);
  expect(of('vipd_vrrp_state{vrrp_instance="VI_1",interface="eth0",vrid="51"}')).toBe(1);
  expect(of('vipd_vrrp_priority{vrrp_instance="VI_1",interface="eth0",vrid="51"}')).toBe(130);
  expect(of('vipd_vrrp_since_seconds{vrrp_instance="VI_1",interface="eth0",vrid="51"}')).toBe(
    status.at.wallMs / 1000 - 250,
  );
  expect(of('vipd_vrrp_packets_dropped_total{vrrp_instance="VI_1",reason="ttl"}')).toBe(3);
  expect(of('vipd_vrrp_address_present{vrrp_instance="VI_1",address="10.0.0.9/24",interface="eth0"}')).toBe(0);
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

test("checks of one kind and marks of both families are told apart", () => {
  const [service] = status.services;
  const [server] = service?.servers ?? [];
  const [check] = server?.checks ?? [];
  if (service === undefined || server === undefined || check === undefined) throw new TypeError("the status is empty");
  const checks = ["up", "down"].map((state, at) => ({ ...check, state: state as "up", id: `s r TCP_CHECK ${at}` }));
  const services = ["ipv4", "ipv6"].map((family) => ({
    ...service,
    key: `fwmark 7 ${family}`,
    name: "FWM 7",
    servers: [{ ...server, name: "S", checks }],
  }));
  const samples = samplesOf(renderMetrics({ ...status, services }));
  expect([...samples].filter(([name]) => name.startsWith("vipd_check_up"))).toEqual([
    ['vipd_check_up{service="FWM 7",server="S",check="TCP_CHECK"}', 1],
    ['vipd_check_up{service="FWM 7",server="S",check="TCP_CHECK 2"}', 0],
    ['vipd_check_up{service="FWM 7 2",server="S",check="TCP_CHECK"}', 1],
    ['vipd_check_up{service="FWM 7 2",server="S",check="TCP_CHECK 2"}', 0],
  ]);
});

test("no label is one that Prometheus sets itself", () => {
  expect(renderMetrics(status)).not.toMatch(/[{,](instance|job)=/);
});

test("names are escaped", () => {
  const [script] = status.scripts;
  const odd = script === undefined ? [] : [{ ...script, name: 'a "b" \\c' }];
  expect(renderMetrics({ ...status, scripts: odd })).toContain('vipd_script_up{script="a \\"b\\" \\\\c"} 0\n');
});

test("a scrape asks vipd each time, and says so when there is none", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vipd-metrics-"));
  let [code, body]: [number, unknown] = [200, status];
  const vipd = createServer((_, response) => response.writeHead(code).end(JSON.stringify(body)));
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
    [code, body] = [400, { error: "a defect" }];
    expect(samplesOf(await (await fetch(url)).text()).get("vipd_up")).toBe(0);
    [code, body] = [200, { of: "another version" }];
    expect((await fetch(url)).status).toBe(500);
    await new Promise((done) => vipd.close(done));
    expect(samplesOf(await (await fetch(url)).text()).get("vipd_up")).toBe(0);
    process.emit("SIGTERM");
    expect(await ended).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [["--listen"], WRONG_WORDS, "is not clear"],
  [["--listen", "99999"], WRONG_WORDS, "is not clear"],
  [["--port", "1"], WRONG_WORDS, "is not clear"],
  [["--listen", "192.0.2.1:0"], 1, "name an address of this machine"],
])("%j is refused with what to do", async (words, code, message) => {
  const told: string[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((text) => told.push(String(text)) > 0);
  expect(await runMetrics(words, "/nowhere")).toBe(code);
  expect(told.join("")).toContain(message);
});
