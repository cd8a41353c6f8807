/** What is said about files that their authors thought good: true remarks, and no more of them than these. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { codesIn } from "./meant.ts";

/** Where `test/lab/setup.sh` unpacks Debian's keepalived. */
const SAMPLES = resolve(import.meta.dirname, "../../../.cache/lab/root/usr/share/doc/keepalived/samples");

test("keepalived's own samples: each code, and in how many of them", () => {
  const counts = new Map<string, number>();
  for (const name of readdirSync(SAMPLES).filter((file) => file.startsWith("keepalived.conf."))) {
    const codes = new Set(codesIn(readFileSync(join(SAMPLES, name), "utf8")).map((line) => line.split(" ")[1] ?? ""));
    for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  expect(Object.fromEntries([...counts].sort())).toMatchInlineSnapshot(`
    {
      "VIPD045": 10,
      "VIPD046": 1,
      "VIPD058": 1,
      "VIPD064": 1,
      "VIPD072": 2,
      "VIPD077": 1,
      "VIPD078": 1,
    }
  `);
});
