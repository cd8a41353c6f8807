/** Scripts and other things to track. What lies on the way to a script is tested in machine.test.ts. */
import { describe, expect, test } from "vitest";
import { said } from "../load.ts";
import { codesIn, router, sayings } from "./meant.ts";

const script = (...lines: readonly string[]) => `vrrp_script s {\n${lines.map((line) => ` ${line}\n`).join("")}}\n`;
const tracking = router("V", 1, undefined, "track_script {", " s", "}");

test("a timeout beyond the interval", () => {
  expect(sayings("VIPD058", script("script /bin/a", "interval 2", "timeout 5") + tracking)).toEqual([
    "4:10 warning s may run 5 s, and is due every 2 s: while it hangs, runs are left out and a failure is noticed after 5 s",
  ]);
  expect(codesIn(script("script /bin/a", "interval 2", "timeout 2") + tracking)).toEqual([]);
});

describe("a command that only a shell would understand", () => {
  test.each([
    ['"/usr/bin/pgrep haproxy && /usr/bin/curl localhost"', "&&"],
    ['"/usr/bin/curl localhost | grep ok"', "|"],
    ['"/usr/bin/curl localhost >/dev/null 2>&1"', ">/dev/null"],
    ['"[[ -e /run/down ]] && exit 1"', "[["],
  ])("%s", (command, word) => {
    const [saying = ""] = sayings("VIPD059", script(`script ${command}`) + tracking);
    expect(saying).toMatch(/^2:9 warning script uses /);
    expect(saying).toContain(`uses ${word}, but no shell reads the command`);
  });
  test("of an instance", () =>
    expect(codesIn(router("V", 1, undefined, 'notify_master "/usr/bin/logger up ; /usr/bin/true"'))).toEqual([
      "7 VIPD059",
    ]));
  test.each(["\"/bin/sh -c 'a | b'\"", '"/usr/bin/killall -0 haproxy"', "/usr/local/bin/check.sh"])(
    "%s is fine",
    (command) => expect(codesIn(script(`script ${command}`) + tracking)).toEqual([]),
  );
});

test("defined and tracked by nothing; tracked and not defined", () => {
  expect(sayings("VIPD060", script("script /bin/a") + router("V", 1))).toEqual([
    "1:13 hint vrrp_script s is tracked by nothing and never runs",
  ]);
  expect(codesIn(`vrrp_track_file f {\n file /run/f\n}\n${router("V", 1)}`)).toEqual(["1 VIPD060"]);
  expect(codesIn(`vrrp_track_process p {\n process a\n}\n${router("V", 1)}`)).toEqual(["1 VIPD060"]);
  expect(said(tracking)).toEqual([
    "8:3 error VIPD013 V tracks the script s, which is not defined; define it: vrrp_script s { … }",
  ]);
  expect(codesIn(script("script /bin/a") + tracking)).toEqual([]);
});

test("a script that takes long to notice", () => {
  expect(sayings("VIPD061", script("script /bin/a", "interval 30", "fall 3") + tracking)).toEqual([
    "4:7 hint s fails for 90 s before it counts: fall 3 × interval 30 s",
  ]);
  expect(codesIn(script("script /bin/a", "interval 5", "fall 3") + tracking)).toEqual([]);
});
