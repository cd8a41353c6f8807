/** What is said when a file does not fit this machine: never an error. */
import { describe, expect, test } from "vitest";
import type { MachineView } from "../../src/config/machine.ts";
import { checkScript, closedTo, type PathEntry } from "../../src/config/script-path.ts";
import { instance, load } from "./load.ts";

const folder: PathEntry = { kind: "folder", uid: 0, mode: 0o755 };
const program: PathEntry = { kind: "file", uid: 0, mode: 0o755 };

function viewOf(entries: Readonly<Record<string, PathEntry>>): MachineView {
  return {
    hasInterface: (name) => name === "eth0",
    hasUser: (name) => name === "root",
    hasGroup: (name) => name === "root",
    entry: (path) => entries[path],
    searchPath: ["/usr/bin"],
  };
}

const machine = viewOf({
  "/usr": folder,
  "/usr/bin": folder,
  "/usr/bin/test": program,
  "/opt": { ...folder, mode: 0o775 },
  "/opt/check": program,
  "/home": folder,
  "/home/fred": { ...folder, uid: 1000 },
  "/home/fred/check": { ...program, uid: 1000 },
  "/usr/bin/plain": { ...program, mode: 0o644 },
  "/bin": { kind: "link", uid: 0, mode: 0o777, target: "usr/bin" },
  "/loop": { kind: "link", uid: 0, mode: 0o777, target: "/loop" },
  "/tmp": { ...folder, mode: 0o1777 },
  "/tmp/check": program,
});

const findings = (path: string) =>
  checkScript(path, machine).findings.map(({ message, remedy }) => `${message}; ${remedy}`);

describe("scripts", () => {
  test.each(["/usr/bin/test", "test", "</etc/hosts"])("%s is fine", (path) => expect(findings(path)).toEqual([]));
  test.each([
    ["/usr/local/x", "the script /usr/local/x does not exist: there is no /usr/local; create it, or correct the path"],
    ["/usr/bin/none", "the script /usr/bin/none does not exist; create it, or correct the path"],
    ["none", "the program none is in none of /usr/bin; install it, or write its whole path"],
    ["a/b", "the script a/b has no absolute path; write its path from / on"],
    ["/usr/bin/plain", "the script /usr/bin/plain is not executable; chmod +x /usr/bin/plain"],
    ["/usr/bin", "the script /usr/bin is no file; name a program"],
    ["/loop", "the script /loop is a circle of links; see readlink /loop"],
    ["/opt/check", "/opt, on the way to the script /opt/check, can be written by its group; chmod g-w /opt"],
    [
      "/tmp/check",
      "/tmp, on the way to the script /tmp/check, can be written by everybody; move the script to a folder of root, such as /usr/local/sbin",
    ],
  ])("%s", (path, finding) => expect(findings(path)).toEqual([finding]));
  test("behind a linked folder, which keepalived does not follow", () =>
    expect(findings("/bin/test")).toEqual([
      "/bin, on the way to the script /bin/test, is a link to usr/bin: keepalived 2.4 does not run it, vipd does; write /usr/bin/test",
    ]));
  test("closed to everybody but root: the very component", () => {
    const closed = viewOf({ "/root": { ...folder, mode: 0o700 }, "/root/check": program });
    expect(closedTo("/root/check", closed)).toMatchObject({
      message: "/root, on the way to the script /root/check, has mode 0700: only root may enter it",
      remedy: "chmod o+x /root",
    });
    expect(closedTo("/usr/bin/test", machine)).toBeUndefined();
    const problems = (user: string) =>
      load(`vrrp_script s {\n script /root/check\n user ${user}\n}\n`, { view: closed }).problems.map(
        ({ line, code }) => `${line} ${code}`,
      );
    expect(problems("nobody")).toContain("2 VIPD062");
    expect(problems("root")).not.toContain("2 VIPD062");
  });
  test("every component that somebody else owns is named", () => {
    expect(findings("/home/fred/check")).toEqual([
      "/home/fred, on the way to the script /home/fred/check, belongs to user 1000, not root; chown root /home/fred",
      "/home/fred/check, on the way to the script /home/fred/check, belongs to user 1000, not root; chown root /home/fred/check",
    ]);
  });
});

describe("a file on this machine", () => {
  const problems = (text: string) =>
    load(text, { view: machine }).problems.map(
      ({ level, verdict, line, message }) => `${line} ${level} ${verdict} ${message}`,
    );
  test("interfaces: of instances, of addresses, tracked", () => {
    const text = instance(" virtual_ipaddress {\n 10.0.0.1 dev eth7\n }\n track_interface {\n eth8\n }").replace(
      "interface eth0",
      "interface eth9",
    );
    expect(problems(text)).toEqual([
      "2 warning other this machine has no interface eth9",
      "8 warning other this machine has no interface eth7",
      "11 warning other this machine has no interface eth8",
    ]);
  });
  test("accounts", () => {
    expect(problems("global_defs {\n script_user fred staff\n}\n")).toEqual(
      ["2 warning other this machine has no group staff", "2 warning other this machine has no user fred"]
        .sort()
        .reverse(),
    );
  });
  test("a script that runs without enable_script_security is what keepalived calls a security violation", () => {
    const script = `vrrp_script s {\n script /usr/bin/test\n}\n${instance(" track_script {\n s\n }")}`;
    expect(problems(script)).toEqual(["2 hint security scripts run although their paths are not guarded"]);
    expect(problems(`global_defs {\n enable_script_security\n script_user root\n}\n${script}`)).toEqual([]);
  });
  test("a tracked script that is missing counts for keepalived, a notify script does not", () => {
    expect(problems(instance(" notify /usr/none"))).toEqual(["7 warning none the script /usr/none does not exist"]);
    expect(problems(`vrrp_script s {\n script /usr/none\n}\n${instance(" track_script {\n s\n }")}`)).toEqual([
      "2 warning other the script /usr/none does not exist",
    ]);
  });
  test("nothing here makes a file unusable", () => {
    expect(load(instance(" notify /usr/none nobody").replace("eth0", "eth9"), { view: machine }).config).toBeDefined();
  });
});

describe("a network namespace", () => {
  const text = `net_namespace lb\n${instance("").replace("eth0", "eth7")}`;
  const codes = (where: "here" | "elsewhere" | "missing") =>
    load(text, { view: { ...machine, networkNamespace: () => where, addressesOf: () => [] } }).problems.map(
      ({ line, code, verdict }) => `${line} ${code} ${verdict}`,
    );
  test("in which one is: its interfaces are looked at", () => expect(codes("here")).toEqual(["3 VIPD024 other"]));
  test("in which one is not: nothing is said of its interfaces", () => expect(codes("elsewhere")).toEqual([]));
  test("that is not there is told", () => expect(codes("missing")).toEqual(["1 VIPD028 none"]));
});
