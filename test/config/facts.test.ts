/** The facts of keepalived's language that need several files, several readings or the command line; the others are in language.test.ts. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runConfigTest } from "../../src/commands/check.ts";
import { parseCommandLine } from "../../src/commands/options.ts";
import { loadConfig } from "../../src/config/load.ts";
import { printWritten } from "../../src/config/written/print.ts";
import { realFiles } from "../../src/os/config-files.ts";
import { createEngine } from "../../src/vrrp/engine.ts";
import type { Action } from "../../src/vrrp/interface.ts";
import { linkState } from "../vrrp/fixtures.ts";
import { good, instance, load, routerId, said, service } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "vipd-facts-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const options = {
  configId: "alpha",
  tolerant: false,
  environment: () => undefined,
  random: () => 0.5,
  hostName: "alpha",
  userName: "root",
};
const read = (path: string) => loadConfig(realFiles(), path, options);
const silent = { out: () => undefined, error: () => undefined };
const exitOf = (text: string) => runConfigTest(file("exit.conf", text), undefined, "alpha", silent);

describe("files", () => {
  test("1: -f takes a pattern with wildcards and braces; several files are one, in the order of their names", () => {
    file("many/20.conf", "global_defs {\n router_id second\n}\n");
    const first = file("many/10.conf", "global_defs {\n router_id first\n}\n");
    file("many/30.txt", "nonsense\n");
    const both = read(join(folder, "many/*.conf"));
    expect(both.files.map((path) => path.slice(folder.length))).toEqual(["/many/10.conf", "/many/20.conf"]);
    expect(both.config?.global.routerId).toBe("second");
    expect(both.problems.filter(({ code }) => code === "VIPD007")).toMatchObject([{ level: "warning", file: first }]);
    expect(read(join(folder, "many/{20,10}.conf")).files).toHaveLength(2);
    expect(read(join(folder, "many/none*.conf")).problems).toMatchObject([{ code: "VIPD007", level: "error" }]);
  });
  test.each([0o744, 0o654, 0o645])("2: a file with the mode %o is not read", (mode) => {
    const path = file("executable.conf", "global_defs {\n}\n", mode);
    expect(read(path)).toMatchObject({ config: undefined, problems: [{ code: "VIPD007", level: "error" }] });
    expect(runConfigTest(path, undefined, undefined, silent)).toBe(6);
    const including = file("including.conf", "include executable.conf\n");
    expect(read(including).problems).toMatchObject([{ level: "warning", code: "VIPD007", line: 1 }]);
  });
  test("2: a folder is no file, and a wildcard passes it over", () => {
    mkdirSync(join(folder, "parts/a.conf"), { recursive: true });
    file("parts/b.conf", "global_defs {\n router_id b\n}\n");
    const loaded = read(file("parts.conf", "include parts/*.conf\n"));
    expect(loaded.config?.global.routerId).toBe("b");
    expect(read(join(folder, "parts/a.conf")).config).toBeUndefined();
  });
  test("3: one consolidated text holds everything, with the origin of its lines, and reads as the same", () => {
    const loaded = load(`include part.conf\n${instance(" priority ${P}")}@beta nonsense\n`, {
      more: { "/etc/test/part.conf": "$P=120\n~SEQ(I,2) vrrp_script s${I} { script /bin/true }\n" },
      tolerant: true,
    });
    expect(loaded.consolidated).toContain("priority 120  # /etc/test/main.conf:8");
    expect(loaded.consolidated).toContain("# /etc/test/part.conf:2");
    expect(loaded.consolidated).not.toContain("nonsense");
    expect(load(loaded.consolidated, { tolerant: true }).config?.vrrp.routers[0]?.priority).toBe(120);
  });
  test("4: _RANDOM is drawn once a reading, so that everybody sees the same", () => {
    let drawn = 0;
    const random = () => {
      drawn++;
      return 0.25;
    };
    const loaded = load("global_defs {\n router_id r${_RANDOM 0 99}\n}\n", { random });
    expect(drawn).toBe(1);
    expect(load(loaded.consolidated, { random }).config?.global.routerId).toBe("r25");
    expect(drawn).toBe(1);
  });
  test("28: includes stand on any line, inside blocks, behind conditions, and nest", () => {
    const more = {
      "/etc/test/a.conf": "virtual_ipaddress {\n include b.conf\n}\n",
      "/etc/test/b.conf": "192.0.2.1/24\n@alpha include c.conf\n@beta include missing.conf\n",
      "/etc/test/c.conf": "192.0.2.2/24\n",
    };
    const text = "vrrp_instance V {\n interface eth0\n virtual_router_id 5\n include a.conf\n}\n";
    expect(good(text, { more }).vrrp.routers[0]?.addresses).toHaveLength(2);
  });
  test("28: the name of an include is not substituted, as in keepalived, and that it matches nothing is said", () => {
    expect(said("$F=part.conf\ninclude ${F}\n", { more: { "/etc/test/part.conf": "" } })[0]).toMatch(
      /^2:1 warning VIPD007/,
    );
  });
});

describe("include_check (25, 29)", () => {
  const problems = (text: string, more: Readonly<Record<string, string>> = {}) =>
    load(text, { more }).problems.map(({ level, verdict }) => `${level} ${verdict}`);
  const check = (words: string, rest: string) => `global_defs {\n include_check ${words}\n}\n${rest}`;
  test.each([
    ["", "include none.conf", ["error security"]],
    ["", "include none*.conf", ["error security"]],
    ["match", "include none.conf", ["error security"]],
    ["match", "include none*.conf", ["warning none"]],
    ["wildcard_match", "include none*.conf", ["error security"]],
    ["+match -match", "include none.conf", ["warning none"]],
    ["match wildcard_match", "includer none.conf", ["warning none"]],
  ] as const)("include_check %s, then %s", (words, line, expected) => {
    expect(problems(check(words, `${line}\n`))).toEqual(expected);
  });
  test("an unreadable file", () => {
    const more = { "!/etc/test/x.conf": "" };
    expect(problems(check("read", "include x.conf\n"), more)).toEqual(["error security"]);
    expect(problems(check("match", "include x.conf\n"), more)).toEqual(["warning none"]);
  });
  test("29: what an included file sets ends with it", () => {
    const more = { "/etc/test/strict.conf": check("", "include none.conf\n") };
    expect(problems("include strict.conf\ninclude none.conf\n", more).sort()).toEqual([
      "error security",
      "warning none",
    ]);
  });
  test("a word that is not known", () =>
    expect(said(check("readable", ""))).toEqual([
      "2:16 error VIPD003 include_check readable is not known; did you mean read?",
    ]));
});

describe("words and numbers", () => {
  const regex = (words: string) =>
    said(service("", "").replace(/TCP_CHECK \{[^}]*\}/, `HTTP_GET {\n url {\n path /\n regex ${words}\n }\n }`)).filter(
      (line) => /VIPD00[1-6]/.test(line) && !line.includes("VIPD008"),
    );
  test("17: regex takes one word, which may be quoted", () => {
    expect(regex('"a b"')).toEqual([]);
    expect(regex("")[0]).toContain("regex lacks what it needs");
  });
  test("17: quotes join with their neighbours, and escapes with blanks make one word; it is printed as it stands", () => {
    const regex = (text: string) =>
      service("").replace("TCP_CHECK {\n\n", `HTTP_GET {\n url {\n path /\n regex ${text}\n }\n`);
    const surplus = (text: string) => said(regex(text)).filter((line) => /VIPD00[46]/.test(line));
    for (const text of ["a\\ b", "'a b'", '"a b"c', "a\\.b"]) {
      expect(surplus(text)).toEqual([]);
      expect(printWritten(good(regex(text), { written: true }).written ?? [], { defaults: false })).toContain(
        `regex ${text}\n`,
      );
    }
    expect(surplus("a b")[0]).toContain("has words that mean nothing: b");
    expect(surplus("'a b")[0]).toContain("regex lacks a closing '");
  });
  test("20: what stands behind a number is an error for every kind of keyword, as for keepalived -t", () => {
    for (const line of ["priority 5x", "virtual_router_id 51a", "advert_int 1s", "garp_master_delay 5 s"])
      expect(
        said(instance(` ${line}`)).some((one) => /VIPD00[34]/.test(one)),
        line,
      ).toBe(true);
    expect(exitOf(instance(" priority 5x"))).toBe(5);
  });
  test("22: decimals are rounded to the places that count", () => {
    const delay = (text: string) => load(instance(` preempt_delay ${text}`)).config?.vrrp.routers[0]?.preemptDelayMs;
    expect([delay("1.5"), delay("0.0000014"), delay("0.0000016"), delay("+2"), delay(".5")]).toEqual([
      1500, 0.001, 0.002, 2000, 500,
    ]);
    expect(delay("2s")).toBeUndefined();
  });
});

describe("definitions, conditions, sequences", () => {
  const id = (lines: string) => routerId(`global_defs {\n${lines}\n}`);
  test("30: predefined names may be replaced", () =>
    expect(id("$_INSTANCE=mine\nrouter_id ${_INSTANCE}")).toBe("mine"));
  test("31: a comment ends a definition over several lines; the reference is the last thing of its line", () => {
    expect(said("$SET=\\\n a # more \\\nglobal_defs {\n}\n")).toEqual([]);
    expect(id("$L=\\\n router_id one \\\n router_id two\n$L")).toBe("two");
  });
  test("32: a reference before a bracket and a comma", () => {
    expect(id("$N=3\n~SEQ(I,$N) router_id r${I}")).toBe("r3");
    expect(id("$A=x\n$B=y\n~LST(I,$A,$B) router_id r${I}")).toBe("ry");
  });
  test("34: a definition may hold a sequence, which runs where it is used", () => {
    const text =
      "$ALL=~SEQ(I,2) 192.0.2.${I}/24\nvrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n $ALL\n }\n}\n";
    expect(good(text).vrrp.routers[0]?.addresses.map(({ ip }) => ip)).toEqual(["192.0.2.1", "192.0.2.2"]);
  });
  test("35: one number is the least; what is no range is an error, and gives the least", () => {
    expect(id("router_id ${_RANDOM 32766}")).toBe("32767");
    expect(said("global_defs {\n router_id ${_RANDOM 9 5}\n}\n")[0]).toContain("_RANDOM 9 5 is no range");
    expect(load("global_defs {\n router_id ${_RANDOM 9 5}\n}\n", { tolerant: true }).config?.global.routerId).toBe("9");
    expect(said("global_defs {\n router_id ${_RANDOM 0x5}\n}\n")[0]).toContain("VIPD016");
  });
  test("36: a condition that substitution brings in is tested, too", () => {
    expect(id("$WHO=@alpha\nrouter_id all\n${WHO} router_id mine")).toBe("mine");
    expect(id("$WHO=@beta\nrouter_id all\n${WHO} router_id theirs")).toBe("all");
    expect(id("router_id all\n@alpha @^beta @^gamma router_id mine\n@alpha @beta router_id none")).toBe("mine");
  });
  test("38: hexadecimal, octal and negative numbers of a sequence", () => {
    const all = (line: string) => {
      const seen: string[] = [];
      for (const one of load(`vrrp_sync_group G {\n group {\n${line}\n }\n}\n`).problems)
        if (one.message.startsWith("G lists")) seen.push(/lists (\S+),/.exec(one.message)?.[1] ?? "");
      return seen;
    };
    expect(all("~SEQx(I,9,11) n${I}")).toEqual(["n9", "na", "nb"]);
    expect(all("~SEQ(I,0x9,10) n${I}")).toEqual(["n9", "n10"]);
    expect(all("~SEQ(I,07,010) n${I}")).toEqual(["n7", "n8"]);
    expect(all("~SEQ(I,-2) n${I}")).toEqual(["n-1", "n-2"]);
    expect(all("~SEQ(I,2) ~LST({A,B},{x},{y,z}) n${I}${A}${B}")).toEqual(["n1x", "n1yz", "n2x", "n2yz"]);
    expect(said("~SEQx(I,-1,2) x\n")[0]).toContain("VIPD016");
    expect(said("~LST(A,{1,2}) x\n")[0]).toContain("more values than names");
  });
});

describe("exit codes of -t (41, 48, 50, 51, 52)", () => {
  const missing = instance("").replace("eth0", "nowhere0");
  test.each([
    ["nothing to report", "global_defs {\n router_id a\n}\n", 0],
    ["an interface that is missing is a report, not only a missing file (41)", missing, 5],
    ["an unknown keyword", "nonsense\n", 5],
    ["a warning fails it, too (52)", service(" delay_loop 5").replace("protocol TCP", ""), 5],
    ["a missing word (44)", "vrrp_instance V {\n interface\n}\n", 5],
    ["a strict include", "includem missing.conf\n", 6],
    ["a plain include of nothing (26)", "include missing*.conf\n", 0],
  ])("%s", (_, text, code) => expect(exitOf(text)).toBe(code));
  test("50: a file that is not there is 6, where keepalived ends with 0", () =>
    expect(runConfigTest(join(folder, "missing"), undefined, undefined, silent)).toBe(6));
});

describe("reload", () => {
  const key = (lines: string, name = "V") => good(instance(lines, name)).vrrp.routers[0]?.key;
  test("56: an instance is the same under another name; VRID, interface and multicast group make another", () => {
    const same = key("");
    expect(key("", "W")).toBe(same);
    expect(key(" priority 150\n version 3\n advert_int 0.5")).toBe(same);
    const other = (from: string, to: string) => good(instance("").replace(from, to)).vrrp.routers[0]?.key;
    expect(other("virtual_router_id 51", "virtual_router_id 52")).not.toBe(same);
    expect(other("interface eth0", "interface eth1")).not.toBe(same);
    expect(key(" mcast_dst_ip 224.0.0.99")).not.toBe(same);
  });
  test("56: a master that is renamed by a reload stays master, and sends no priority 0", () => {
    const engine = createEngine();
    const isResignation = (action: Action) => action.type === "advertise" && action.advert.priority === 0;
    const configure = (text: string) => engine.handle({ type: "configure", settings: good(text).vrrp }, 5000);
    engine.handle({ type: "link", state: linkState("eth0", "192.0.2.1") }, 0);
    configure(instance(""));
    engine.handle({ type: "expired", timer: `masterDown ${key("")}`, lateMs: 0 }, 9000);
    expect(engine.routers(9000)).toMatchObject([{ name: "V", state: "MASTER" }]);
    const actions = configure(instance("", "W"));
    expect(engine.routers(9001)).toMatchObject([{ name: "W", state: "MASTER" }]);
    expect(
      actions.filter((action) => (action.type === "addresses" && !action.wanted) || isResignation(action)),
    ).toEqual([]);
    const replaced = configure(instance("", "W").replace("51", "52"));
    expect(replaced.filter(isResignation)).toHaveLength(1);
  });
});

describe("order, repetition, the command line", () => {
  test("46: the order of blocks does not matter", () => {
    const block = "vrrp_script chk {\n script /bin/true\n}\n";
    const late = `${instance(" track_script {\n chk\n }")}${block}global_defs {\n vrrp_garp_master_delay 7\n}\n`;
    expect(good(late).vrrp.routers[0]).toMatchObject({ trackers: [{ id: "chk" }] });
    expect(load(late).problems.filter(({ level }) => level === "error")).toEqual([]);
  });
  test("61: -i overrules the host's name; the environment is read by _ENV only", () => {
    const parsed = parseCommandLine(["-i", "beta", "-t", "-f", "x"], {});
    expect(parsed).toMatchObject({ ok: true, value: { run: "test", configId: "beta", file: "x" } });
    expect(routerId("global_defs {\n router_id ${_INSTANCE}\n}", { configId: "beta" })).toBe("beta");
    expect(routerId("global_defs {\n router_id ${HOME}\n}", { tolerant: true })).not.toBe("/root");
  });
  test("60: there is no nosmtp", () =>
    expect(said("global_defs {\n nosmtp\n}\n")[0]).toContain("unknown keyword nosmtp"));
  test("64: random_seed is known and has no effect, and that is said", () => {
    const { problems, config } = load("global_defs {\n random_seed 42\n router_id ${_RANDOM}\n}\n");
    expect(problems.map(({ code }) => code)).toEqual(["VIPD009"]);
    expect(config?.global.routerId).toBe("16384");
  });
  test.each([
    ["54", "reload_check_config /tmp/log"],
    ["57", "reload_time_file /etc/keepalived/reload"],
    ["58", "reload_file"],
    ["59", "config_save_dir /tmp/saved"],
  ])("%s: global_defs %s is known, and how far it is honoured is said", (_, line) => {
    const { problems } = load(`global_defs {\n ${line}\n}\n`);
    expect(problems.filter(({ level }) => level === "error")).toEqual([]);
    const name = line.split(" ")[0] ?? "";
    for (const { message } of problems) expect(message).toContain(name);
  });
});
