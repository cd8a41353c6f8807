/** One consistent reading of all files or none: files that are written, replaced, removed or half there while they are read. */
import { appendFileSync, chmodSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Loaded } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Files } from "../../src/config/source.ts";
import { realFiles } from "../../src/os/config-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vipd-config-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

/** @param old written long ago, so that nobody waits for it to rest */
function put(name: string, text: string, old = true): void {
  writeFileSync(at(name), text, { mode: 0o644 });
  if (old) utimesSync(at(name), 1000, 1000);
}

/** Loads the main file; `after` runs behind each read, with the file's name and how often files were read. */
function loadWhile(after: (name: string, count: number) => void): Loaded & { readonly reads: number } {
  const real = realFiles();
  let count = 0;
  const files: Files = {
    ...real,
    read(path) {
      const result = real.read(path);
      after(path.slice(folder.length + 1), ++count);
      return result;
    },
  };
  const loaded = loadConfig(files, at("main.conf"), {
    configId: "alpha",
    tolerant: false,
    environment: () => undefined,
    random: () => 0,
    hostName: "alpha",
    userName: "root",
  });
  return { ...loaded, reads: count };
}

const router = (priority: number) =>
  `vrrp_instance V {\n interface eth0\n virtual_router_id 1\n priority ${priority}\n virtual_ipaddress {\n 192.0.2.9/24\n }\n}\n`;
const priorityOf = ({ config }: Loaded) => config?.vrrp.routers[0]?.priority;

test("files that rest are read once", () => {
  put("main.conf", "include part.conf\n");
  put("part.conf", router(100));
  const loaded = loadWhile(() => {});
  expect([priorityOf(loaded), loaded.reads]).toEqual([100, 2]);
});

test("a file that is written while another is read: all are read again", () => {
  put("main.conf", "global_defs {\n router_id old\n}\ninclude part.conf\n");
  put("part.conf", router(100));
  const loaded = loadWhile((name, count) => {
    if (name !== "part.conf" || count > 2) return;
    put("main.conf", "global_defs {\n router_id new\n}\ninclude part.conf\n", false);
  });
  expect([loaded.config?.global.routerId, loaded.reads]).toEqual(["new", 4]);
  expect(loaded.problems).toEqual([]);
});

// There is no such file for root.
if (process.getuid?.() !== 0) {
  test("a file that this user may not read is one problem, not a file that changes", () => {
    put("main.conf", router(100));
    chmodSync(at("main.conf"), 0);
    const { problems } = loadWhile(() => {});
    expect(problems.map(({ message }) => message)).toEqual([`${at("main.conf")} may not be read by this user`]);
  });
}

test("a file that is replaced by one of the same size and time is noticed", () => {
  put("main.conf", router(100));
  put("next.conf", router(200));
  const loaded = loadWhile((_, count) => {
    if (count === 1) renameSync(at("next.conf"), at("main.conf"));
  });
  expect([priorityOf(loaded), loaded.reads]).toEqual([200, 2]);
});

test("an include that vanishes behind its pattern, or is gone for a moment", () => {
  put("main.conf", `${router(100)}include part*.conf\n`);
  put("part1.conf", "global_defs {\n router_id one\n}\n");
  put("part2.conf", "global_defs {\n router_id two\n}\n");
  const vanished = loadWhile((name) => {
    if (name === "part1.conf") rmSync(at("part2.conf"), { force: true });
  });
  expect([vanished.config?.global.routerId, vanished.problems]).toEqual(["one", []]);

  put("main.conf", `${router(100)}include part2.conf\n`);
  const returned = loadWhile((name, count) => {
    if (name === "part2.conf" && count === 2) put("part2.conf", "global_defs {\n router_id back\n}\n");
  });
  expect([returned.config?.global.routerId, returned.problems]).toEqual(["back", []]);
});

test("a half-written file is waited for", () => {
  put("main.conf", router(100), false);
  const loaded = loadWhile((_, count) => {
    if (count === 1) appendFileSync(at("main.conf"), "global_defs {\n router_id whole\n}\n");
  });
  expect([loaded.config?.global.routerId, loaded.reads]).toEqual(["whole", 2]);
});

test("a file that never rests is an error after three tries, and nothing is used", () => {
  put("main.conf", router(100));
  const loaded = loadWhile(() => appendFileSync(at("main.conf"), "# more\n"));
  expect(loaded.reads).toBe(3);
  expect(loaded.config).toBeUndefined();
  expect(loaded.problems).toMatchObject([
    {
      level: "error",
      code: "VIPD007",
      file: at("main.conf"),
      message: `${at("main.conf")} changes while it is read: it was read 3 times and never twice the same`,
    },
  ]);
});

test("a file that is cut in the middle of a block is refused, with the block that is open", () => {
  put("main.conf", router(100).slice(0, -3));
  const { config, problems } = loadWhile(() => {});
  expect(config).toBeUndefined();
  expect(problems.map(({ line, code }) => `${line} ${code}`)).toEqual(["1 VIPD005"]);
});
