/** The files that the demonstration, the examples and these tests use: keepalived's own test and vipd's accept the very same. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { VIPD } from "../lab/daemons.ts";
import { createLab, type Lab, type LabNode } from "../lab/net.ts";

const EXAMPLES = join(import.meta.dirname, "../../etc/examples");
const FILES = [...globSync(`${EXAMPLES}/*.conf`), ...globSync(`${EXAMPLES}/demo/*.conf`)].sort();

let lab: Lab;
let node: LabNode;

beforeAll(async () => {
  lab = await createLab();
  node = await lab.node("admin");
  const lan = await lab.lan("front");
  for (const host of [1, 2]) await node.attach(lan, { addresses: [`192.0.2.${host}/24`] });
});
afterAll(() => lab?.close());

test("there are examples", () => {
  expect(FILES.length).toBeGreaterThanOrEqual(5);
});

test.each(FILES.map((file) => [basename(file), file] as const))("%s", async (name, file) => {
  const path = await node.write(name, await readFile(file, "utf8"));
  const keepalived = await node.run(["keepalived", "-t", "-f", path], { check: false });
  expect(`${keepalived.code} ${keepalived.stdout}${keepalived.stderr}`.trim()).toBe("0");
  const vipd = await node.run([...VIPD, "-t", "-f", path], { check: false });
  // that this machine has no address of the file's networks
  const said = vipd.stderr.split("\n").filter((line) => line !== "" && !line.includes("[VIPD042]"));
  expect({ code: vipd.code, said }).toEqual({ code: 0, said: [] });
});

test("what one refuses the other refuses, with the same exit code", async () => {
  const text = await readFile(FILES[0] ?? "", "utf8");
  const broken = text.replace(/virtual_router_id \d+/, "virtual_router_id 333").replace("advert_int", "advert_imt");
  const path = await node.write("broken.conf", broken);
  const keepalived = await node.run(["keepalived", "-t", "-f", path], { check: false });
  const vipd = await node.run([...VIPD, "-t", "-f", path], { check: false });
  expect(vipd.code).toBe(keepalived.code);
  expect(vipd.code).not.toBe(0);
  const said = vipd.stdout + vipd.stderr;
  expect(said).toMatch(/broken\.conf:\d+:\d+: .*333/);
  expect(said).toMatch(/broken\.conf:\d+:\d+: .*advert_imt.*advert_int/);
});
