/** `vipd check`, `-t` and `vipd explain`: what they print, and how they exit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { problemText, runCheck, runConfigTest, testExitCode } from "../../src/commands/check.ts";
import { runExplain } from "../../src/commands/explain.ts";

const folder = mkdtempSync(join(tmpdir(), "vipd-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

function captured() {
  const out: string[] = [];
  const error: string[] = [];
  return {
    out,
    error,
    io: { out: (line: string) => void out.push(line), error: (line: string) => void error.push(line) },
  };
}

const good = fileWith("good.conf", "global_defs {\n router_id a\n}\n");
const advised = fileWith("advised.conf", "global_defs {\n smtp_server 10.0.0.1\n}\n");
const broken = fileWith("broken.conf", "global_defs {\n router_idd a\n}\nvrrp_instance V {\n}\n");

describe("vipd check", () => {
  test("every problem on a line, then what the file holds", () => {
    const { out, io } = captured();
    expect(runCheck([broken], io)).toBe(1);
    expect(out).toEqual([
      `${broken}:2:2: unknown keyword router_idd in global_defs; did you mean router_id? [VIPD001]`,
      `${broken}:4:15: vrrp_instance V has no interface; name the interface that carries the advertisements: interface IFNAME [VIPD012]`,
      `${broken}:4:15: vrrp_instance V has no virtual_router_id; use the same number from 1 to 255 on every router of this group [VIPD012]`,
      `${broken}:4:15: warning: vrrp_instance V has no virtual_ipaddress; add one, or no_virtual_ipaddress if it is meant so [VIPD012]`,
      `${broken}: not usable; 3 errors, 1 warning, 0 hints`,
    ]);
  });
  test("warnings do not fail, unless strict", () => {
    expect(runCheck([advised], captured().io)).toBe(0);
    expect(runCheck(["--strict", advised], captured().io)).toBe(1);
    expect(runCheck(["--strict", good], captured().io)).toBe(0);
  });
  test("several files, as JSON", () => {
    const { out, io } = captured();
    expect(runCheck(["--json", good, broken], io)).toBe(1);
    const parsed: unknown = JSON.parse(out.join("\n"));
    expect(parsed).toMatchObject([
      { file: good, usable: true, problems: [] },
      {
        file: broken,
        usable: false,
        problems: [{ code: "VIPD001", line: 2, column: 2, text: "router_idd" }, {}, {}, {}],
      },
    ]);
  });
  test("--brief prints problems only; --as reads the file as another node", () => {
    const path = fileWith("as.conf", "@b nonsense\n");
    const { out, io } = captured();
    expect(runCheck(["--brief", "--as", "a", path], io)).toBe(0);
    expect(out).toEqual([]);
    expect(runCheck(["--brief", "--as=b", path], io)).toBe(1);
    expect(out).toHaveLength(1);
  });
  test("a file that is not there", () => {
    const { out, io } = captured();
    expect(runCheck([join(folder, "none")], io)).toBe(1);
    expect(out[0]).toContain("none does not exist; create it, or name another");
  });
  test("a wrong command line", () => {
    const { error, io } = captured();
    expect(runCheck(["--wrong"], io)).toBe(64);
    expect(error[0]).toContain("unknown option --wrong");
  });
});

describe("vipd -t exits as keepalived does", () => {
  test.each([
    [good, 0],
    [advised, 0],
    [broken, 5],
    [join(folder, "none"), 6],
  ])("%s: %i", (file, code) => expect(runConfigTest(file, undefined, undefined, captured().io)).toBe(code));
  test("the report goes to standard error, or is appended to a file", () => {
    const { error, io } = captured();
    const log = join(folder, "log");
    runConfigTest(broken, undefined, undefined, io);
    runConfigTest(broken, log, undefined, io);
    expect(readFileSync(log, "utf8")).toBe(error.map((line) => `${line}\n`).join(""));
  });
  test.each([
    [[], 0],
    [["none"], 0],
    [["none", "notFound"], 4],
    [["notFound", "other"], 5],
    [["other", "security", "notFound"], 6],
  ] as const)("%j: %i", (verdicts, code) => {
    const problem = {
      level: "warning",
      code: "VIPD001",
      file: "f",
      line: 1,
      column: 1,
      message: "m",
      remedy: "r",
    } as const;
    expect(testExitCode(verdicts.map((verdict) => ({ ...problem, verdict })))).toBe(code);
    expect(problemText(problem)).toBe("f:1:1: warning: m; r [VIPD001]");
  });
});

describe("vipd explain", () => {
  const explain = (...words: readonly string[]) => {
    const { out, error, io } = captured();
    return { code: runExplain(words, io), text: [...out, ...error].join("\n") };
  };
  test("a keyword: what it takes, where, its range and default, and how far it is honoured", () => {
    const { code, text } = explain("preempt_delay");
    expect(code).toBe(0);
    expect(text).toBe(
      "preempt_delay SECS\n  wait before preempting lower-priority master\n  Where: vrrp_instance\n  Range: 0..1000 decimal\n  Default: 0\n  Since keepalived 1.1.8\n  In vipd: honoured",
    );
  });
  test("a block: what may stand in it", () => expect(explain("vrrp_script").text).toContain("vrrp_script/interval"));
  test("a code, an old keyword, a search, a misspelling", () => {
    expect(explain("vipd008").text).toContain("does not honour yet");
    expect(explain("nat_mask").text).toContain("removed from keepalived");
    expect(explain("gratuitous").text.split("\n").length).toBeGreaterThan(5);
    expect(explain("prioritty")).toEqual({
      code: 1,
      text: "vipd explain: nothing is called prioritty; did you mean priority?",
    });
  });
  test("without a word: all blocks", () => expect(explain().text).toContain("vrrp_sync_group"));
});
