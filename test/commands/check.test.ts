/** `vipd check`, `-t` and `vipd explain`: what they print, and how they exit. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCheck, runConfigTest, testExitCode } from "../../src/commands/check.ts";
import { runExplain } from "../../src/commands/explain.ts";
import { problemText, renderProblem, wantsColour } from "../../src/commands/render-problems.ts";
import { instance } from "../config/load.ts";

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
  test("every problem with its line and its words, then what the file holds", () => {
    const { out, io } = captured();
    expect(runCheck([broken], io)).toBe(1);
    expect(out.join("\n").replaceAll(folder, "")).toMatchInlineSnapshot(`
      "error[VIPD001]: unknown keyword router_idd in global_defs
       --> /broken.conf:2:2
      2 |  router_idd a
        |  ^^^^^^^^^^
        = help: did you mean router_id?

      error[VIPD012]: vrrp_instance V has no interface
       --> /broken.conf:4:15
      4 | vrrp_instance V {
        |               ^
        = help: name the interface that carries the advertisements: interface IFNAME

      error[VIPD012]: vrrp_instance V has no virtual_router_id
       --> /broken.conf:4:15
      4 | vrrp_instance V {
        |               ^
        = help: use the same number from 1 to 255 on every router of this group

      warning[VIPD012]: vrrp_instance V has no virtual_ipaddress
       --> /broken.conf:4:15
      4 | vrrp_instance V {
        |               ^
        = help: add one, or no_virtual_ipaddress if it is meant so

      /broken.conf: not usable; 3 errors, 1 warning, 0 hints"
    `);
  });
  test("a file that is right and gives vipd nothing to do", () => {
    const { out, io } = captured();
    expect(runCheck([fileWith("idle.conf", "global_defs {\n router_id a\n}\n")], io)).toBe(0);
    expect(out[0]).toContain("vipd has nothing to do");
    expect(out).toHaveLength(2);
    expect(runCheck([fileWith("busy.conf", instance(""))], io)).toBe(0);
    expect(out.filter((line) => line.includes("nothing to do"))).toHaveLength(1);
  });
  test("--brief: every problem on a line, for editors", () => {
    const { out, io } = captured();
    expect(runCheck(["--brief", broken], io)).toBe(1);
    expect(out.slice(0, 2)).toEqual([
      `${broken}:2:2: error: unknown keyword router_idd in global_defs; did you mean router_id? [VIPD001]`,
      `${broken}:4:15: error: vrrp_instance V has no interface; name the interface that carries the advertisements: interface IFNAME [VIPD012]`,
    ]);
  });
  test("through includes and substitution: where the text stands, where it comes from, what became of it", () => {
    fileWith("part.conf", "$P=300\nvrrp_instance V {\n\tpriority ${P}\n}\n");
    const main = fileWith("main.conf", "\ninclude part.conf\n");
    const { out, io } = captured();
    runCheck([main], io);
    const first = out
      .slice(0, 1 + out.indexOf(""))
      .join("\n")
      .replaceAll(folder, "");
    expect(out.join("\n").replaceAll(folder, "")).toContain("after substitution: priority 300");
    expect(out.join("\n")).toContain(`the text was defined at ${folder}/part.conf:1`);
    expect(out.join("\n")).toContain(`included from ${main}:2`);
    expect(first).toContain("--> /part.conf:");
  });
  test("colour on a terminal only; NO_COLOR is honoured; no password is shown, whatever else is wrong in its line", () => {
    expect([wantsColour(true, {}), wantsColour(false, {}), wantsColour(true, { NO_COLOR: "1" })]).toEqual([
      true,
      false,
      false,
    ]);
    const secret = fileWith("secret.conf", "vrrp_instance V {\n authentication { auth_pass secret-words }\n}\n");
    const { out, io } = captured();
    runCheck([secret], io);
    runCheck(["--brief", secret], io);
    runCheck(["--json", secret], io);
    expect(out.join("\n")).not.toContain("secret-words");
    expect(out.join("\n")).toContain("auth_pass ************");
    const problem = {
      level: "error",
      code: "VIPD001",
      file: "f",
      line: 1,
      column: 3,
      message: "m",
      remedy: "",
    } as const;
    expect(renderProblem(problem, () => "a bcd\u001b[2J", true)).toEqual([
      "\u001b[1;31merror[VIPD001]\u001b[0m\u001b[1m: m\u001b[0m",
      " --> f:1:3",
      "1 | a bcd?[2J",
      "  |   \u001b[1;31m^^^^^^^\u001b[0m",
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
    expect(out.join("\n")).toContain("none does not exist\n");
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
    expect(explain("8")).toEqual(explain("VIPD008"));
    expect(explain("vipd012").text).toContain(
      "keepalived.conf:1:15: error: vrrp_instance VI_1 has no virtual_router_id",
    );
    expect(explain("garp").text).toContain("vrrp_instance/garp_master_delay");
    expect(explain("mail", "relay").text).toContain("VIPD076");
    expect(explain("vrrp_instance/advert_int").text).toContain("advert_int SECS");
    expect(explain("vrrp_instance", "advert_int")).toEqual(explain("vrrp_instance/advert_int"));
    expect(explain("gratuitous").text.split("\n").length).toBeGreaterThan(5);
    expect(explain("prioritty")).toEqual({
      code: 1,
      text: "vipd explain: nothing is called prioritty; did you mean priority?",
    });
  });
  test("without a word: all blocks", () => expect(explain().text).toContain("vrrp_sync_group"));
});
