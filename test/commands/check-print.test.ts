/** `vipd check --print` and `--diff`: what they print, and how they exit. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runDiff, wantsDiff } from "../../src/commands/check-diff.ts";
import { runPrint, wantsPrint } from "../../src/commands/check-print.ts";

const folder = mkdtempSync(join(tmpdir(), "vipd-print-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
}

function run(what: (io: Parameters<typeof runPrint>[1]) => number) {
  const out: string[] = [];
  const error: string[] = [];
  const code = what({ out: (line) => void out.push(line), error: (line) => void error.push(line) });
  return { code, out: out.join("\n"), error: error.join("\n") };
}

function instance(priority: number, addresses: readonly string[], more = ""): string {
  return `vrrp_instance V {\n interface eth0\n virtual_router_id 5\n priority ${priority}\n virtual_ipaddress {\n${addresses.map((address) => `  ${address}\n`).join("")} }\n${more}}\n`;
}

describe("vipd check --print", () => {
  const print = (...words: readonly string[]) => run((io) => runPrint(words, io));
  test("conditions and definitions are resolved; one statement a line", () => {
    const path = fileWith(
      "print.conf",
      `$N=7\n@a global_defs { router_id "a b" }\n@b global_defs { router_id b }\nvrrp_script s { script "/bin/s '1 2'"\n interval 2.50 }\nvirtual_server 192.0.2.$N 80 { protocol tcp\n lvs_sched rr\n lb_kind DR\n real_server 192.0.2.\${N}1 80 { TCP_CHECK { } } }\n`,
    );
    const { code, out } = print("--print", "--as", "a", path);
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      "global_defs {
          router_id "a b"
      }

      vrrp_script s {
          script "/bin/s '1 2'"
          interval 2.5
      }

      virtual_server 192.0.2.7 80 {
          protocol TCP
          lvs_sched rr
          lb_kind DR
          real_server 192.0.2.71 80 {
              TCP_CHECK {
              }
          }
      }"
    `);
  });
  test("a file with errors is not printed; the errors go to standard error", () => {
    const path = fileWith("broken.conf", "global_defs {\n nonsense\n}\n");
    const { code, out, error } = print("--print", path);
    expect([code, out]).toEqual([1, ""]);
    expect(error).toContain("unknown keyword nonsense");
  });
  test("--print=all tells defaults as comments", () => {
    const path = fileWith("all.conf", "vrrp_script s {\n script /bin/s\n interval 3\n}\n");
    const { out } = print("--print=all", path);
    expect(out).toContain("    interval 3\n");
    expect(out).toContain("    # rise 1\n");
    expect(out).not.toContain("# interval");
  });
  test("several files are told apart", () => {
    const path = fileWith("one.conf", "instance a\n");
    expect(print("--print", path, path).out).toBe(`# ${path}\ninstance a\n# ${path}\ninstance a`);
  });
  test("--print=json is the value itself", () => {
    const path = fileWith("json.conf", "static_routes {\n 10.0.0.0/8 via 192.0.2.1 dev eth0\n}\n");
    const value: unknown = JSON.parse(print("--print=json", path).out);
    expect(value).toMatchObject({
      vrrp: { routers: [] },
      written: [{ keyword: "static_routes" }],
      further: { static: { routes: [{ to: { ip: "10.0.0.0", length: 8 }, via: "192.0.2.1", link: "eth0" }] } },
    });
  });
  test("words of the command line", () => {
    expect(print("--print", "--wrong").code).toBe(64);
    expect(print("--print", "--as").error).toContain("--as needs an ID");
    expect([wantsPrint(["--print=all"]), wantsPrint(["a"]), wantsDiff(["a", "--diff"])]).toEqual([true, false, true]);
  });
});

describe("vipd check --diff", () => {
  const diff = (...words: readonly string[]) => run((io) => runDiff(["--diff", ...words], join(folder, "state"), io));
  const old = fileWith("old.conf", instance(100, ["192.0.2.9/24", "192.0.2.10/24"]));
  test("what a reload would change, and nothing else", () => {
    const next = fileWith("next.conf", instance(150, ["192.0.2.9/24", "192.0.2.11/24"]));
    expect(diff(next, old)).toEqual({
      code: 1,
      out: "instance V changed: priority 100 → 150, addresses\naddress 192.0.2.10/24 on eth0 of V removed\naddress 192.0.2.11/24 on eth0 of V added\nnothing else is touched",
      error: "",
    });
  });
  test("nothing", () => {
    expect(diff(old, old)).toEqual({ code: 0, out: "nothing changes", error: "" });
    const moved = fileWith("moved.conf", `# a comment\n\n${instance(100, ["192.0.2.9/24", "192.0.2.10/24"])}`);
    expect(diff(moved, old)).toMatchObject({ code: 0, out: "nothing changes" });
    const more = fileWith("more.conf", instance(100, ["192.0.2.9/24", "192.0.2.10/24"], " debug 3\n"));
    expect(diff(more, old).out).toBe("nothing changes: the files differ in words that make no difference to vipd");
  });
  test("a password is compared and never shown", () => {
    const secret = (word: string) => ` authentication {\n  auth_type PASS\n  auth_pass ${word}\n }\n`;
    const one = fileWith("one-password.conf", instance(100, ["192.0.2.9/24"], secret("geheim")));
    const other = fileWith("other-password.conf", instance(100, ["192.0.2.9/24"], secret("anders")));
    const { code, out } = diff(other, one);
    expect(code).toBe(1);
    expect(out).toBe("instance V changed: authentication\nnothing else is touched");
  });
  test("more than a hundred changes are all listed", () => {
    const addresses = Array.from({ length: 150 }, (_, i) => `192.0.2.${i + 1}/24`);
    const next = fileWith("many.conf", instance(100, addresses));
    expect(diff(next, old).out.split("\n")).toHaveLength(150);
  });
  test("a file with errors would not be loaded", () => {
    const broken = fileWith("broken-next.conf", "nonsense\n");
    const { code, error } = diff(broken, old);
    expect(code).toBe(2);
    expect(error).toContain("unknown keyword nonsense");
    expect(error).toContain("a reload would change nothing");
  });
  test("without a second file the one that was loaded last", () => {
    expect(diff(old)).toMatchObject({ code: 2 });
    expect(diff(old).error).toContain("name the file to compare with");
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "state/last-good.conf"), instance(90, ["192.0.2.9/24", "192.0.2.10/24"]));
    expect(diff(old).out).toContain("priority 90 → 100");
  });
  test("a wrong command line", () => {
    expect(diff().code).toBe(64);
    expect(diff("a", "b", "c").code).toBe(64);
    expect(diff("--wrong").error).toContain("unknown option");
  });
});
