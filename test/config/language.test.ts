/** The facts of keepalived's language, by their number in the project's reference. */
import { describe, expect, test } from "vitest";
import { good, instance, load, MAIN, routerId, said } from "./load.ts";

const id = (line: string) => routerId(`global_defs {\n${line}\n}`);
const argvOf = (line: string) => good(instance(` ${line}`)).notify.instances[0]?.generic;

describe("files and lines", () => {
  test("1: several files that match are read in order as one", () => {
    const more = {
      "/etc/test/a.conf": "global_defs {\n router_id one\n}\n",
      "/etc/test/b.conf": "global_defs {\n router_id two\n}\n",
    };
    const loaded = load("", { more, tolerant: true });
    expect(loaded.files).toEqual([MAIN]);
  });
  test.each(["", "\n\n", " \t\r\n"])("an empty file is refused, and -t has nothing to say of it: %j", (text) => {
    const { config, problems } = load(text);
    expect(config).toBeUndefined();
    expect(problems).toMatchObject([{ code: "VIPD027", level: "error", verdict: "none", line: 1, column: 1 }]);
  });
  test("a file of comments, or whose lines are for other nodes, is none of these", () => {
    expect(load("# all is commented out\n! here\n")).toMatchObject({ config: {}, problems: [] });
    expect(load("@other vrrp_instance V {\n@other }\n")).toMatchObject({ config: {}, problems: [] });
  });
  test("2: a file with an execute bit is not read", () => {
    expect(said("include x.conf\n", { more: { "!/etc/test/x.conf": "" } })[0]).toContain("is executable");
  });
  test("5: a long line is read whole, with a warning", () => {
    const long = "x".repeat(2000);
    const { problems, config } = load(`global_defs {\n router_id ${long}\n}\n`);
    expect(config?.global.routerId).toBe(long);
    expect(problems.map(({ code, column, verdict }) => [code, column, verdict])).toEqual([["VIPD017", 1024, "other"]]);
  });
  test("5: a line with NUL is not read and is an error", () => {
    expect(said("global_defs {\n router_id a\0b\n}\n")).toEqual([
      "2:13 error VIPD017 this line holds a NUL character and is not read; remove it: a configuration is text",
    ]);
  });
  test("6: lines may end in CR LF", () => expect(routerId("global_defs {\r\n router_id a\r\n}\r\n")).toBe("a"));
  test("7: the last line needs no end", () => expect(routerId("global_defs {\n router_id a\n}")).toBe("a"));
  test("a byte order mark is skipped with a warning", () => {
    expect(said("\ufeffglobal_defs {\n}\n")).toEqual([
      "1:1 warning VIPD017 the file begins with a byte order mark; save it as UTF-8 without one",
    ]);
  });
});

describe("comments", () => {
  test("8: # and ! begin a comment anywhere, also directly after text", () => {
    expect(id("router_id abc#x")).toBe("abc");
    expect(id("router_id abc!x # y")).toBe("abc");
    expect(id("# router_id other\n!x\nrouter_id abc")).toBe("abc");
  });
  test("8: not inside double quotes, nor behind a backslash; single quotes do not protect", () => {
    expect(id('router_id "a#b!c"')).toBe("a#b!c");
    expect(id("router_id a\\#b\\!c")).toBe("a#b!c");
    expect(id("router_id 'a#b'")).toBe("'a");
  });
  test("9: an odd number of quotes is an error, and the line is kept", () => {
    const { problems } = load('global_defs {\n router_id "abc\n}\n');
    expect(problems.map(({ code, line, column }) => [code, line, column])).toEqual([["VIPD006", 2, 12]]);
    expect(id('router_id "abc')).toBe("abc");
  });
  test("9: also in a definition, where it stands, though nobody sees it where it is used", () => {
    expect(said('$X="\nglobal_defs {\n router_id ${X}abc${X}\n}\n')).toEqual([
      '1:4 error VIPD016 this definition has a quotation mark without its partner; add the second ", or remove it',
    ]);
    expect(said('$X=\\\n router_id "a \\\n smtp_server 192.0.2.25\n').map((line) => line.slice(0, 4))).toEqual([
      "2:12",
    ]);
    expect(said('$X="a b"\nglobal_defs {\n router_id $X\n}\n')).toEqual([]);
  });
  test("10: what substitution brings in is a comment, too, unless quoted", () => {
    expect(id("router_id a${_HASH}b")).toBe("a");
    expect(id('router_id "a${_HASH}b"')).toBe("a#b");
    expect(id("router_id a${_BANG}b")).toBe("a");
  });
  test("11: a lone backslash at the end is removed and joins nothing", () => {
    const { problems } = load("global_defs {\n router_id ab\\\n cd\n}\n");
    expect(problems.map(({ code, line }) => [code, line])).toEqual([["VIPD001", 3]]);
    expect(id("router_id ab\\")).toBe("ab");
  });
});

describe("words, quotes, braces", () => {
  test("12: quotes make a word of their own", () => {
    const { problems } = load('global_defs {\n router_id a"b c"d\n}\n', { tolerant: true });
    expect(problems.map(({ message }) => message)).toEqual(["router_id has words that mean nothing: b c d"]);
    expect(id('router_id a"b c"d')).toBe("a");
    expect(id('router_id "b c"')).toBe("b c");
    expect(id("router_id\ta\v")).toBe("a");
  });
  test("13: braces stand anywhere", () => {
    expect(
      good("vrrp_instance a{interface eth0\nvirtual_router_id 5\nvirtual_ipaddress{192.0.2.1}}").vrrp.routers[0]
        ?.addresses,
    ).toHaveLength(1);
    expect(
      good("vrrp_instance b\n{\n interface eth1\n virtual_router_id 5\n virtual_ipaddress\n {\n 192.0.2.1 }\n}").vrrp
        .routers[0]?.name,
    ).toBe("b");
  });
  test("14: keywords are matched exactly", () => {
    expect(said("Global_defs {\n}\n")).toEqual([
      "1:1 error VIPD001 unknown keyword Global_defs outside every block (its block is skipped); did you mean global_defs?",
    ]);
  });
  test("15, 16: commands are split in two passes", () => {
    const line = String.raw`notify "/x/n.sh 'one two' \"q x\" three\ four" fred staff`;
    expect(argvOf(line)).toEqual({
      argv: ["/x/n.sh", "one two", '"q', 'x"', "three four"],
      user: "fred",
      group: "staff",
      at: `${MAIN}:7`,
    });
  });
  test("15: quotes join with their neighbours, escapes stand for characters", () => {
    expect(argvOf(String.raw`notify "/x a'b c'd \t\x41\101\cA\q"`)?.argv).toEqual(["/x", "ab cd", "\tAA\x01q"]);
  });
  test("16: the second and third word are user and group", () => {
    expect(argvOf("notify /x/n.sh fred")).toMatchObject({ argv: ["/x/n.sh"], user: "fred", group: undefined });
  });
  test("18: a named block takes exactly one name", () => {
    expect(said("vrrp_instance a b {\n}\n")[0]).toContain("vrrp_instance has words too many: b");
    expect(said("vrrp_instance {\n}\n")[0]).toContain("vrrp_instance lacks its name");
  });
});

describe("numbers and booleans", () => {
  const priority = (text: string) => load(instance(` priority ${text}`), { tolerant: true });
  test("19: integers are decimal, quotes allowed", () => {
    expect(priority('"120"').config?.vrrp.routers[0]?.priority).toBe(120);
    expect(priority("0x4").problems[0]?.message).toBe("priority 0x4 is not a whole number from 1 to 255");
  });
  test("20: trailing junk is an error", () =>
    expect(priority("5x").problems[0]).toMatchObject({ code: "VIPD003", verdict: "other" }));
  test("21: a number out of range leaves the default", () => {
    expect(priority("300").config?.vrrp.routers[0]?.priority).toBe(100);
    expect(priority("300").problems[0]).toMatchObject({ level: "error", line: 7, column: 11, text: "300" });
  });
  test("22: decimals beyond those that count are rounded, with a warning", () => {
    const loaded = load(instance(" version 3\n advert_int 0.333"));
    expect(loaded.config?.vrrp.routers[0]?.intervalMs).toBe(330);
    expect(loaded.problems.map(({ code, level }) => [code, level])).toEqual([["VIPD015", "warning"]]);
  });
  test("23: version 2 has whole seconds, version 3 steps of 10 ms", () => {
    expect(good(instance(" advert_int 1.5")).vrrp.routers[0]?.intervalMs).toBe(2000);
    expect(good(instance(" version 3\n advert_int 0.25")).vrrp.routers[0]?.intervalMs).toBe(250);
    expect(said(instance(" advert_int 0.25"))[0]).toContain(
      "advert_int 0.25 becomes 1: VRRP version 2 knows whole seconds only; write version 3",
    );
  });
  test.each([
    ["true", true],
    ["on", true],
    ["yes", true],
    ["false", false],
    ["off", false],
    ["no", false],
    ["", true],
  ])("24: smtp_alert %s is %s", (text, value) => {
    expect(good(instance(` smtp_alert ${text}`)).notify.instances[0]?.mail).toBe(value);
  });
  test.each(["True", "FALSE", "1"])("24: %s is no boolean", (text) =>
    expect(said(instance(` smtp_alert ${text}`))[0]).toContain("VIPD003"),
  );
});

describe("includes", () => {
  test("25: what is included stands where the include stands, also inside blocks", () => {
    const more = { "/etc/test/part.conf": " router_id part\n" };
    expect(routerId("global_defs {\n include part.conf\n}", { more })).toBe("part");
  });
  test.each([
    ["include", "none.conf", "warning", "none"],
    ["include", "none*.conf", "warning", "none"],
    ["includer", "none.conf", "warning", "none"],
    ["includem", "none.conf", "error", "security"],
    ["includem", "none*.conf", "warning", "none"],
    ["includew", "none*.conf", "error", "security"],
    ["includeb", "{part,none}.conf", "error", "security"],
    ["includea", "none*.conf", "error", "security"],
  ])("25, 26: %s %s that is not there: %s", (keyword, pattern, level, verdict) => {
    const { problems } = load(`${keyword} ${pattern}\n`, { more: { "/etc/test/part.conf": "" } });
    expect(problems).toMatchObject([{ level, verdict, code: "VIPD007", line: 1, column: 1 }]);
  });
  test("25: braces and wildcards", () => {
    const more = { "/etc/test/d/a.conf": "global_defs {\n router_id a\n}\n", "/etc/test/d/b.conf": "" };
    expect(load("include d/{a,b}.conf\n", { more }).files).toEqual([MAIN, "/etc/test/d/a.conf", "/etc/test/d/b.conf"]);
    expect(load("include d/*.conf\n", { more }).files).toHaveLength(3);
  });
  test("27: the folder of the file that is read is where relative names and _PWD lead", () => {
    const more = {
      "/etc/test/d/a.conf": "include b.conf\n",
      "/etc/test/d/b.conf": "global_defs {\n router_id ${_PWD}\n}\n",
    };
    expect(routerId("include d/a.conf", { more })).toBe("/etc/test/d");
  });
  test("a file that includes itself is an error, once, and everything else is read", () => {
    const more = { "/etc/test/loop.conf": "include loop.conf\nglobal_defs {\n router_id in-loop\n}\n" };
    const loaded = load("include loop.conf\n", { more, tolerant: true });
    expect(loaded.config?.global.routerId).toBe("in-loop");
    expect(loaded.problems).toMatchObject([{ code: "VIPD007", file: "/etc/test/loop.conf", line: 1 }]);
  });
  test("problems are told with the file in which they stand", () => {
    const { problems } = load("include part.conf\n", { more: { "/etc/test/part.conf": "\n  nonsense\n" } });
    expect(problems).toMatchObject([{ file: "/etc/test/part.conf", line: 2, column: 3, text: "nonsense" }]);
  });
});

describe("definitions", () => {
  test("30: a definition holds from there on and may be replaced", () => {
    expect(id("$A=x\n$A=y\nrouter_id $A")).toBe("y");
    expect(id("$A=  x y\nrouter_id ${A}")).toBe("x");
    expect(said("$A = 5\n")[0]).toContain("unknown keyword $A");
  });
  test("31: a definition over several lines", () => {
    const config = good(
      "$SET=\\\n  10.0.0.${N}1 \\\n\n  10.0.0.${N}2\n$N=3\nvrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress { $SET }\n}\n",
    );
    expect(config.vrrp.routers[0]?.addresses.map(({ ip }) => ip)).toEqual(["10.0.0.31", "10.0.0.32"]);
  });
  test("31: a line of the definition that is a comment only, with its backslash, is passed over", () => {
    const text =
      "$SET=\\\n router_id a \\\n# router_id b \\\n   ! router_id c \\\n smtp_server 192.0.2.25\nglobal_defs {\n $SET\n}\n";
    expect(good(text)).toMatchObject({ global: { routerId: "a" } });
    expect(said(text.replace("# router_id b \\", "# router_id b")).length).toBeGreaterThan(0);
  });
  test("32: $NAME only before a blank, a comma, a bracket or the end; ${NAME} anywhere, also in quotes", () => {
    expect(id("$A=1\nrouter_id x.$A")).toBe("x.1");
    expect(id("$A=1\nrouter_id x.$A/24")).toBe("x.$A/24");
    expect(id("$A=1\nrouter_id x.${A}.y")).toBe("x.1.y");
    expect(id('$A=1\nrouter_id "x ${A} y"')).toBe("x 1 y");
  });
  test("32: what was probably meant is said", () =>
    expect(said("$A=1\nglobal_defs {\n router_id x.$A/24\n}\n")[0]).toBe(
      "3:14 warning VIPD016 $A is not replaced, since more text follows; write ${A}",
    ));
  test("33: text may hold references, resolved when used; unknown names are left", () => {
    expect(id("$A=<${B}>\n$B=1\nrouter_id ${A}")).toBe("<1>");
    expect(id("router_id $UNKNOWN")).toBe("$UNKNOWN");
    expect(said("global_defs {\n router_id ${UNKNOWN}\n}\n").length).toBeGreaterThan(0);
  });
  test("33: a name that is not defined is named, and its braces do no harm; in quotes it is text", () => {
    expect(said("global_defs {\n router_id ${UNKNOWN}\n}\n")).toEqual([
      "2:12 error VIPD016 ${UNKNOWN} is not defined; define it above: $UNKNOWN=TEXT, or write the value",
    ]);
    expect(id('router_id "${UNKNOWN}"')).toBe("${UNKNOWN}");
  });
  test("what was never filled in is told once, and columns behind it are those of the file", () => {
    const text =
      "vrrp_instance V {\n state {% if m %} MASTER {% else %} BACKUP {% endif %}\n interface {{ carrier of it }}\n virtual_router_id {{ id }}\n priority ${PRIO}\n smtp_alert {{ a }}b surplus\n virtual_ipaddress {\n  {{ vip }}/24 dev {{ a b }} bogus x\n }\n}\n";
    const lines = said(text);
    expect(lines.filter((line) => /VIPD0(03|21)/.test(line))).toEqual([]);
    expect(lines.filter((line) => /VIPD026|VIPD016/.test(line))).toHaveLength(9);
    const meant = said("$N=5\nstatic_ipaddress {\n 192.0.2.$N/24 dev eth0\n}\n");
    expect(meant.filter((line) => /VIPD016|VIPD021/.test(line))).toHaveLength(2);
    expect(lines.filter((line) => line.includes("VIPD004")).map((line) => line.split(" ", 1)[0])).toEqual(["2:37"]);
  });
  test("placeholders of templates are named as what they are, and their braces do no harm", () => {
    expect(said("global_defs {\n router_id lb-{{ name }}.x\n {% if x %}\n}\n")).toEqual([
      "2:15 error VIPD026 {{ name }} is a placeholder of a template that was not filled in; make the file from its template, or write the value",
      "3:2 error VIPD026 {% if x %} is a placeholder of a template that was not filled in; make the file from its template, or write the value",
    ]);
  });
  test("33: a definition that uses itself is an error", () =>
    expect(said("$A=x${A}\nglobal_defs {\n router_id ${A}\n}\n")[0]).toContain("expands without end"));
  test("35: predefined names", () => {
    expect(id("router_id ${_PWD}")).toBe("/etc/test");
    expect(id("router_id ${_INSTANCE}")).toBe("alpha");
    expect(id("router_id ${_ENV HOME}x")).toBe("/rootx");
    expect(id("router_id x${_ENV NOTHING}")).toBe("x");
    expect(id("router_id ${_RANDOM 5 9}")).toBe("7");
    expect(id("router_id ${_RANDOM}")).toBe("16384");
  });
  test("a substituted word keeps its place: where the reference stands", () => {
    const { problems } = load(
      "$P=300\nvrrp_instance V {\n interface eth0\n virtual_router_id 5\n  priority ${P}\n virtual_ipaddress {\n 10.0.0.1\n }\n}\n",
    );
    expect(problems).toMatchObject([{ code: "VIPD003", line: 5, column: 12, text: "300" }]);
  });
});

describe("conditions and sequences", () => {
  test("36: @ID keeps a line for that node only, @^ID for all others; they stack", () => {
    expect(id("router_id all\n@alpha router_id mine\n@beta router_id theirs")).toBe("mine");
    expect(id("router_id all\n@^alpha router_id theirs")).toBe("all");
    expect(id("router_id all\n@alpha @^beta router_id mine")).toBe("mine");
    expect(id("router_id all\n@alpha")).toBe("all");
  });
  test("36: @vipd always holds", () =>
    expect(id("router_id all\n@vipd router_id mine\n@^vipd router_id theirs")).toBe("mine"));
  test("37: conditions may hide lines with braces", () => {
    expect(routerId("@beta global_defs {\n@beta router_id x\n@beta }\nglobal_defs {\n router_id y\n}")).toBe("y");
  });
  const addresses = (line: string) =>
    good(
      `vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n${line}\n }\n}\n`,
    ).vrrp.routers[0]?.addresses.map(({ ip }) => ip);
  test("38: ~SEQ with one, two and three numbers", () => {
    expect(addresses("~SEQ(I,3) 10.0.0.${I}")).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
    expect(addresses("~SEQ(I, 3, 1) 10.0.0.$I")).toEqual(["10.0.0.3", "10.0.0.2", "10.0.0.1"]);
    expect(addresses("~SEQ(I,1,2,5) 10.0.0.${I}")).toEqual(["10.0.0.1", "10.0.0.3", "10.0.0.5"]);
    expect(addresses("~SEQx(I,9,11) 2001:db8::${I}")).toBeUndefined();
  });
  test.each(["~SEQ(I,1,0,5) x", "~SEQ(I,5,1,1) x", "~SEQ(I) x", "~SEQ(1,2) x", "~NOT(I,1) x"])(
    "38: %s is an error",
    (line) => expect(said(`${line}\n`)[0]).toContain("VIPD016"),
  );
  test("39: ~LST with one and several variables", () => {
    expect(addresses("~LST(Q,7,9) 10.0.0.${Q}")).toEqual(["10.0.0.7", "10.0.0.9"]);
    expect(addresses("~LST({A,B},{1,2},{3,4}) 10.0.${A}.${B}")).toEqual(["10.0.1.2", "10.0.3.4"]);
  });
  test("40: the last construct varies fastest, and the variable keeps its value", () => {
    expect(addresses("~SEQ(I,2) ~SEQ(J,3,1) 10.0.0.${I}${J}\n 10.9.${I}.${J}")).toEqual([
      "10.0.0.13",
      "10.0.0.12",
      "10.0.0.11",
      "10.0.0.23",
      "10.0.0.22",
      "10.0.0.21",
      "10.9.2.1",
    ]);
  });
});

describe("blocks", () => {
  test("42: an unknown keyword does not stop anything", () => {
    const { problems, config } = load(`nonsense {\n x 1\n y {\n }\n}\n${instance(" priority 120")}`, {
      tolerant: true,
    });
    expect(problems.map(({ code, line }) => [code, line])).toEqual([["VIPD001", 1]]);
    expect(config?.vrrp.routers[0]?.priority).toBe(120);
  });
  test("43: braces too many, too few, and in the wrong place", () => {
    expect(said("}\n")).toEqual([
      "1:1 error VIPD005 } closes nothing; remove it, or look for a block above that was closed too early",
    ]);
    expect(said("global_defs {\n router_id x\n")[0]).toBe(
      "1:13 error VIPD005 global_defs is not closed before the end of the file; add the missing }",
    );
    expect(said("global_defs\n router_id x\n")[0]).toContain("global_defs lacks its {");
    expect(said("{\n}\n")[0]).toContain("{ opens no block here");
    expect(said("global_defs {\n router_id x {\n }\n}\n")[0]).toContain("router_id takes no block");
  });
  test("43: the block that was left open is named, and what follows it is still read", () => {
    const text =
      "virtual_server 10.0.0.1 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n real_server 10.0.0.2 80 {\n  weight 1\n real_server 10.0.0.3 80 {\n  weight 1\n }\n}\n";
    expect(said(text)).toEqual([
      "5:26 error VIPD005 real_server 10.0.0.2 80 is not closed before real_server in line 7; add the missing }",
    ]);
    expect(load(text, { tolerant: true }).config?.services[0]?.servers).toHaveLength(2);
  });
  test("43: by indentation: the block that was left open inside, not the one around it", () => {
    const open = "vrrp_instance A {\n    virtual_ipaddress {\n        192.0.2.1\n\n}\nvrrp_instance B {\n}\n";
    expect(said(open).filter((line) => line.includes("VIPD005"))).toEqual([
      "2:23 error VIPD005 virtual_ipaddress is not closed before the } in line 5; add the missing }",
    ]);
    const last = "global_defs {\n\tnotification_email {\n\t\ta@b\n}\n";
    expect(said(last).filter((line) => line.includes("VIPD005"))[0]).toContain("2:21 error VIPD005 notification_email");
  });
  test("43: by indentation: the brace that closed a block too early, and the one that is left over", () => {
    const text =
      "virtual_server 192.0.2.1 80 {\n    real_server 10.0.0.1 80 {\n    }\n    }\n    real_server 10.0.0.2 80 {\n    }\n}\n";
    expect(said(text).filter((line) => line.includes("VIPD005") || line.includes("VIPD001"))).toEqual([
      "4:5 error VIPD005 this } closes virtual_server 192.0.2.1 80 of line 1 too early; it stands deeper than that block: remove it, since the } in line 7 is one too many",
      "5:5 error VIPD001 unknown keyword real_server outside every block (its block is skipped); it belongs in virtual_server; look for a brace too many or too few above",
      "7:1 error VIPD005 } closes nothing; remove it, or the } in line 4",
    ]);
  });
  test("44: a missing argument is a problem with a place", () => {
    expect(said("vrrp_instance V {\n interface\n}\n")).toContain(
      "2:11 error VIPD002 interface lacks what it needs: IF; write interface IF",
    );
  });
  test("45: the last value counts, of commands the first", () => {
    const loaded = load(instance(" priority 10\n priority 20\n notify /a\n notify /b"));
    expect(loaded.config?.vrrp.routers[0]?.priority).toBe(20);
    expect(loaded.config?.notify.instances[0]?.generic?.argv).toEqual(["/a"]);
    expect(loaded.problems.map(({ code }) => code)).toEqual(["VIPD011", "VIPD011"]);
  });
  test("47: a name that stands twice is an error", () => {
    expect(said(instance("") + instance("").replace("51", "52"))).toEqual([
      `9:15 error VIPD014 vrrp_instance V stands twice, first in line 1; rename one of them`,
    ]);
  });
  test("62: groups of services and url blocks may repeat", () => {
    const http =
      "virtual_server 10.0.0.1 80 {\n protocol TCP\n lb_algo rr\n lb_kind NAT\n real_server 10.0.0.2 80 {\n HTTP_GET {\n url {\n path /a\n }\n url {\n path /b\n }\n }\n }\n}\n";
    expect(good(http).checks.checks[0]?.probe).toMatchObject({ urls: [{ path: "/a" }, { path: "/b" }] });
  });
  test("63: protocols in any case, VRRP words exactly", () => {
    expect(
      good(
        "virtual_server 10.0.0.1 80 {\n protocol tcp\n lb_algo rr\n lb_kind NAT\n real_server 10.0.0.2 80 {\n }\n}\n",
      ).services[0]?.key,
    ).toBe("tcp 10.0.0.1:80");
    expect(said(instance(" state master"))[0]).toContain("did you mean MASTER?");
  });
});
