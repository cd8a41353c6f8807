/** The sample configurations of Debian's keepalived package, and the examples of this project. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { testExitCode } from "../../src/commands/check.ts";
import { loadConfig } from "../../src/config/load.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { good, load } from "./load.ts";

const TOP = resolve(import.meta.dirname, "../..");
/** Where `test/lab/setup.sh` unpacks the package. */
const SAMPLES = join(TOP, ".cache/lab/root/usr/share/doc/keepalived/samples");

/** Those in which keepalived 2.2.7 finds something; it says nothing about the others. */
const reported: Readonly<Record<string, readonly number[]>> = {
  SSL_GET: [14],
  conditional_conf: [6, 25],
  fwmark: [12],
  "vrrp.lvs_syncd": [3, 4, 5, 11],
  track_interface: [31],
  "vrrp.routes": [29, 30, 31, 32],
  "vrrp.rules": [10, 11, 25, 26],
  "vrrp.static_ipaddress": [25],
};

describe("keepalived's samples", () => {
  const names = readdirSync(SAMPLES).filter((name) => name.startsWith("keepalived.conf."));
  test("are all here", () => expect(names).toHaveLength(25));
  test.each(names)("%s", (name) => {
    const { problems } = load(readFileSync(join(SAMPLES, name), "utf8"));
    const counted = problems.filter(({ verdict }) => verdict !== "none");
    const lines = reported[name.replace("keepalived.conf.", "")] ?? [];
    expect([...new Set(counted.map(({ line }) => line))], JSON.stringify(counted, null, 1)).toEqual(lines);
    expect(testExitCode(problems)).toBe(lines.length > 0 ? 5 : 0);
  });
});

describe("examples", () => {
  const names = [
    "vipd.conf",
    "examples/nat.conf",
    "examples/dr.conf",
    "examples/tun.conf",
    "examples/demo/director-a.conf",
    "examples/demo/director-b.conf",
  ];
  test.each(names)("etc/%s passes without a word", (name) => {
    const text = readFileSync(join(TOP, "etc", name), "utf8");
    expect(load(text).problems).toEqual([]);
    expect(good(text).services.length).toBeGreaterThan(0);
  });
});

test("what was read as one text is read as the same again", () => {
  const names = readdirSync(SAMPLES).filter((name) => name.startsWith("keepalived.conf."));
  for (const name of names) {
    const options = {
      configId: "main",
      tolerant: true,
      environment: () => undefined,
      random: () => 0,
      hostName: "h",
      userName: "root",
    };
    const first = loadConfig(realFiles(), join(SAMPLES, name), options);
    const again = load(first.consolidated, { ...options, configId: "other" });
    expect(withoutPlaces(again.config), name).toEqual(withoutPlaces(first.config));
  }
});

/** Scripts remember where they stand. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => (key === "at" ? undefined : inner)));
}
