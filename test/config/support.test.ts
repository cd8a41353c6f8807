/**
 * What the table says of how far a keyword is honoured is true: one that is honoured changes what the daemon works by, every part of that
 * is read by somebody, and one that is not is told. Made from the table: a row that becomes honoured is tried here without more ado.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.ts";
import type { Entry } from "../../src/config/keywords/entry.ts";
import { table } from "../../src/config/keywords/table.ts";
import { load } from "./load.ts";

const settings = table.filter(
  ({ path, takes }) => !path.startsWith("@") && takes.form !== "block" && takes.form !== "lines",
);

type Block = { readonly path: string; readonly head: string; readonly body: (string | Block)[] };

function block(path: string, head: string, ...body: readonly (string | Block)[]): Block {
  return { path, head, body: [...body] };
}

/** A file with something of everything that is honoured; a path names the blocks into which a keyword is put. */
function wholeFile(): Block {
  const server = "virtual_server/real_server";
  const instance = (path: string, name: string, vrid: number, ...more: readonly (string | Block)[]) =>
    block(
      path,
      `vrrp_instance ${name}`,
      "interface eth0",
      `virtual_router_id ${vrid}`,
      block(path === "" ? "" : `${path}/virtual_ipaddress`, "virtual_ipaddress", `192.0.2.${vrid}/24`),
      ...more,
    );
  return block(
    "",
    "",
    block(
      "global_defs",
      "global_defs",
      "router_id lb",
      "smtp_server 192.0.2.25",
      block("", "notification_email", "admin@example.org"),
    ),
    block("vrrp_script", "vrrp_script chk", "script /usr/bin/true"),
    block("vrrp_sync_group", "vrrp_sync_group G", block("", "group", "A", "B")),
    instance("", "A", 52),
    instance("", "B", 53),
    instance(
      "vrrp_instance",
      "V",
      51,
      "priority 100",
      block("vrrp_instance/authentication", "authentication", "auth_type PASS", "auth_pass secret"),
      block("", "track_script", "chk"),
    ),
    block(
      "virtual_server",
      "virtual_server 192.0.2.51 80",
      "protocol TCP",
      "lb_algo rr",
      "lb_kind NAT",
      "sorry_server 10.0.0.99 80",
      block(
        server,
        "real_server 10.0.0.1 80",
        block(`${server}/HTTP_GET`, "HTTP_GET", block(`${server}/HTTP_GET/url`, "url", "path /")),
      ),
      block("", "real_server 10.0.0.2 80", block("", "TCP_CHECK")),
    ),
  );
}

function written({ head, body }: Block): string {
  const inside = body.map((part) => (typeof part === "string" ? `${part}\n` : written(part))).join("");
  return head === "" ? inside : `${head} {\n${inside}}\n`;
}

function blockAt(within: Block, path: string): Block | undefined {
  if (within.path === path) return within;
  for (const part of within.body) {
    const found = typeof part === "string" ? undefined : blockAt(part, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The whole file with these lines where the keyword belongs, instead of those that say the same. */
function fileWith(path: string, lines: readonly string[], without: readonly string[]): string {
  const file = wholeFile();
  const parts = path.split("/").slice(0, -1);
  let home = file;
  for (const [i, name] of parts.entries()) {
    const at = parts.slice(0, i + 1).join("/");
    const takes = table.find((entry) => entry.path === at)?.takes;
    const inner = blockAt(file, at) ?? block(at, takes?.form === "block" && takes.names[0] > 0 ? `${name} name` : name);
    if (blockAt(file, at) === undefined) home.body.push(inner);
    home = inner;
  }
  const replaced = new Set([...lines.map((line) => line.split(" ", 1)[0]), ...without]);
  const kept = home.body.filter((part) => typeof part !== "string" || !replaced.has(part.split(" ", 1)[0] ?? ""));
  home.body.splice(0, home.body.length, ...kept, ...lines);
  return written(file);
}

/** Keywords that show only in company, or with a word that no type tells. `without`: lines of the file that would win. */
const SAMPLES: Readonly<Record<string, { readonly lines: readonly string[]; readonly without?: readonly string[] }>> = {
  "global_defs/notify_fifo_script": { lines: ["notify_fifo /run/f", "notify_fifo_script /usr/bin/true"] },
  "global_defs/vrrp_notify_fifo_script": {
    lines: ["vrrp_notify_fifo /run/f", "vrrp_notify_fifo_script /usr/bin/true"],
  },
  "global_defs/lvs_notify_fifo_script": { lines: ["lvs_notify_fifo /run/f", "lvs_notify_fifo_script /usr/bin/true"] },
  "vrrp_instance/owner_ignore_adverts": { lines: ["priority 255", "owner_ignore_adverts"] },
  "vrrp_instance/preempt": { lines: ["nopreempt", "preempt"] },
  "vrrp_script/weight": { lines: ["weight -20"] },
  "virtual_server/real_server/HTTP_GET/url/regex_stack": { lines: ["regex_stack 100 200"] },
  "virtual_server/lb_kind": { lines: ["lb_kind DR"] },
  "virtual_server/lvs_method": { lines: ["lvs_method DR"], without: ["lb_kind"] },
  "virtual_server/lb_algo": { lines: ["lb_algo sh"] },
  "virtual_server/lvs_sched": { lines: ["lvs_sched sh"], without: ["lb_algo"] },
  "virtual_server/persistence_engine": { lines: ["persistence_timeout 60", "persistence_engine sip"] },
  "virtual_server/hysteresis": { lines: ["quorum 2", "hysteresis 1"] },
  "virtual_server/sorry_server_lvs_method": { lines: ["sorry_server_lvs_method DR"] },
  "virtual_server/real_server/lvs_method": { lines: ["lvs_method DR"] },
  "virtual_server/real_server/HTTP_GET/url/digest": { lines: ["digest 0123456789abcdef0123456789abcdef"] },
  "virtual_server/real_server/HTTP_GET/url/status_code": { lines: ["status_code 404"] },
};

/** Honoured, and yet no part of what the daemon works by: why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "global_defs/include_check": "settles what a reading refuses",
  "global_defs/dynamic_interfaces": "interfaces may always come and go",
  "global_defs/vrrp_owner_ignore_adverts": "shows in owners only: the keyword of the instance is tried",
  "vrrp_instance/no_virtual_ipaddress": "settles what a reading refuses",
  "vrrp_instance/accept": "is what vipd does; no_accept is not honoured",
  "virtual_server/ip_family": "shows in services for a mark only: tried below",
};

function samplesOf({ path, takes }: Entry): readonly (readonly string[])[] {
  const special = SAMPLES[path];
  if (special !== undefined) return [special.lines];
  const name = path.split("/").at(-1) ?? "";
  return wordsFor(takes).map((words) => [`${name} ${words}`.trim()]);
}

function wordsFor(takes: Entry["takes"]): readonly string[] {
  if (takes.form === "flag") return [""];
  if (takes.form === "command") return ["/usr/bin/false"];
  if (takes.form !== "one") return ["word other", "word"];
  const { value } = takes;
  switch (value.type) {
    case "choice":
      return value.of;
    case "bool":
      return ["true", "false"];
    case "ip":
      return ["192.0.2.77", "224.0.0.99"];
    case "word":
    case "expression":
      return ["word"];
    default:
      return [value.min, value.min + 1, Math.min(value.max, 7), value.max].map(String);
  }
}

/** Without the places in the file, which every further line moves. */
function flat(config: Config | undefined): string {
  return JSON.stringify(config, (key, value: unknown) => (key === "at" ? undefined : value));
}

const plain = flat(load(written(wholeFile())).config);
const honoured = settings.filter(({ path, support }) => support === "honoured" && ELSEWHERE[path] === undefined);
const others = settings.filter(({ support }) => support !== "honoured");

test("the file itself is good", () => {
  expect(load(written(wholeFile())).problems.filter(({ level }) => level !== "hint")).toEqual([]);
  const known = new Set(settings.map(({ path }) => path));
  expect([...Object.keys(ELSEWHERE), ...Object.keys(SAMPLES)].filter((path) => !known.has(path))).toEqual([]);
});

describe("what is honoured changes what the daemon works by", () => {
  test.each(honoured)("$path", (entry) => {
    const made = samplesOf(entry).map((lines) => {
      // what stands beside it must not be what makes the difference
      const company = SAMPLES[entry.path] === undefined ? [] : lines.slice(0, -1);
      const without = [...(SAMPLES[entry.path]?.without ?? []), entry.path.split("/").at(-1) ?? ""];
      const before = company.length === 0 ? plain : flat(loadOf(fileWith(entry.path, company, without)));
      return flat(loadOf(fileWith(entry.path, lines, without))) !== before;
    });
    expect(made).toContain(true);
  });
  test("virtual_server/ip_family", () => {
    const mark = (line: string) =>
      flat(
        loadOf(
          `virtual_server fwmark 7 {\n lb_algo rr\n lb_kind TUN\n ${line}\n real_server 10.0.0.1 80 {\n TCP_CHECK {\n }\n }\n}\n`,
        ),
      );
    expect(mark("ip_family inet6")).not.toBe(mark(""));
  });
});

function loadOf(text: string): Config | undefined {
  return load(text, { tolerant: true }).config;
}

describe("what is not honoured is told", () => {
  test.each(others)("$path", (entry) => {
    const expected =
      typeof entry.support === "object" && "without" in entry.support ? ["VIPD009"] : ["VIPD008", "VIPD019"];
    for (const lines of samplesOf(entry)) {
      const { problems } = load(fileWith(entry.path, lines, []), { tolerant: true });
      expect(
        problems.filter(({ code }) => expected.includes(code)),
        lines.join("\n"),
      ).not.toEqual([]);
    }
  });
});

test("every part of what the daemon works by is read by somebody", () => {
  const source = resolve(import.meta.dirname, "../../src");
  const readers = readdirSync(source, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.startsWith("config/") && !/(^|\/)settings\.ts$/.test(file))
    .map((file) => readFileSync(join(source, file), "utf8"))
    .join("\n");
  const names = [...namesIn(loadOf(written(wholeFile())))].filter((name) => /^[a-z]\w*$/i.test(name));
  expect(names.length).toBeGreaterThan(80);
  const unread = names.filter((name) => !new RegExp(`\\.${name}\\b|[{,]\\s*${name}\\s*[,:}]|"${name}"`).test(readers));
  expect(unread).toEqual(["fastRecovery"]); // which is told as not honoured
});

function* namesIn(value: unknown): Iterable<string> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) yield name;
    yield* namesIn(inner);
  }
}
