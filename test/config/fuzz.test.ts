/** Whatever a file holds: no exception, no hang, and every problem stands inside the file. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { table } from "../../src/config/keywords/table.ts";
import { loadConfig } from "../../src/config/load.ts";
import { filesOf, load, MAIN } from "./load.ts";

const names = table.map(({ path }) => path.split("/").at(-1) ?? "");
const token = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom(
    "{",
    "}",
    "\n",
    "\n",
    "\n",
    '"',
    "'",
    "\\",
    "#",
    "!",
    "$A",
    "${A}",
    "$A=",
    "@alpha",
    "@^alpha",
    "~SEQ(I,1,3)",
    "~LST(L,a,b)",
    "include",
    "*",
    "\t",
    "\r",
  ),
  fc.constantFrom(
    "192.0.2.1",
    "2001:db8::1/64",
    "1",
    "0",
    "255",
    "-1",
    "1.5",
    "MASTER",
    "BACKUP",
    "TCP",
    "eth0",
    "true",
    "weight",
    "dev",
  ),
  fc.string({ maxLength: 6 }),
);
const tokens = fc.array(token, { maxLength: 120 }).map((parts) => parts.join(" "));

function holds(text: string): void {
  const { problems, config } = load(text, { tolerant: true });
  const lines = text.split("\n");
  expect(config).toBeDefined();
  for (const { line, column, code, file } of problems) {
    expect(file).toBe(MAIN);
    expect(line, code).toBeGreaterThanOrEqual(1);
    expect(line, code).toBeLessThanOrEqual(lines.length);
    expect(column, code).toBeGreaterThanOrEqual(1);
    expect(column, code).toBeLessThanOrEqual((lines[line - 1] ?? "").length + 1);
  }
}

test("any text", () => fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 400 }), holds), { numRuns: 500 }));
test("any sequence of words of the language", () => fc.assert(fc.property(tokens, holds), { numRuns: 1500 }));
test("any tree of known blocks", () => {
  const line = fc
    .tuple(fc.constantFrom(...names), fc.array(token, { maxLength: 3 }))
    .map(([name, words]) => `${name} ${words.join(" ")}`);
  const tree = fc.letrec<{ block: string; body: string }>((tie) => ({
    body: fc
      .array(fc.oneof({ depthSize: "small" }, line, tie("block")), { maxLength: 6 })
      .map((lines) => lines.join("\n")),
    block: fc
      .tuple(
        fc.constantFrom(
          "global_defs",
          "vrrp_instance V",
          "virtual_server 192.0.2.1 80",
          "real_server 10.0.0.1 80",
          "HTTP_GET",
          "url",
          "vrrp_script S",
          "vrrp_sync_group G",
          "group",
        ),
        tie("body"),
      )
      .map(([head, body]) => `${head} {\n${body}\n}`),
  })).body;
  fc.assert(fc.property(tree, holds), { numRuns: 600 });
});

test("definitions that grow are stopped", () => {
  const doubling = [
    "$A0=xxxxxxxxxx",
    ...Array.from({ length: 40 }, (_, i) => `$A${i + 1}=\${A${i}}\${A${i}}`),
    "global_defs {",
    "router_id ${A40}",
    "}",
  ];
  const began = performance.now();
  expect(load(doubling.join("\n")).problems.map(({ code }) => code)).toContain("VIPD016");
  expect(load("~SEQ(A,1000) ~SEQ(B,1000) ~SEQ(C,1000) x\n").problems.length).toBeGreaterThan(0);
  expect(performance.now() - began).toBeLessThan(8000);
});

test("ten times the file takes about ten times as long", () => {
  const file = (servers: number) => {
    const lines = ["virtual_server 192.0.2.1 80 {", "protocol TCP", "lb_algo rr", "lb_kind NAT"];
    for (let i = 0; i < servers; i++)
      lines.push(
        `real_server 10.${i >> 16}.${(i >> 8) & 255}.${i & 255} 80 {`,
        "weight 1",
        "TCP_CHECK {",
        "connect_timeout 3",
        "}",
        "}",
      );
    return [...lines, "}"].join("\n");
  };
  const time = (text: string) => {
    const began = performance.now();
    load(text);
    return performance.now() - began;
  };
  const [small, large] = [file(1000), file(10_000)];
  for (let i = 0; i < 3; i++) time(small);
  const least = (text: string) => Math.min(...Array.from({ length: 6 }, () => time(text)));
  expect(least(large) / least(small)).toBeLessThan(40);
});

test("a chain of 10,000 included files is read", () => {
  const texts: Record<string, string> = { [MAIN]: "include /f/*.conf\n" };
  for (let i = 0; i < 10_000; i++) texts[`/f/${i}.conf`] = `vrrp_script s${i} {\n script /bin/true\n}\n`;
  const loaded = loadConfig(filesOf(texts), MAIN, {
    configId: "a",
    tolerant: false,
    environment: () => undefined,
    random: () => 0,
    hostName: "a",
    userName: "root",
  });
  expect(loaded.files).toHaveLength(10_001);
});
