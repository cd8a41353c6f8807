/** Virtual services and their checks. */
import { describe, expect, test } from "vitest";
import { said } from "../load.ts";
import { balanced, codesIn, router, sayings, server } from "./meant.ts";

const two = [server("10.0.0.1 80"), server("10.0.0.2 80")];

test("a service as it should be", () =>
  expect(codesIn(balanced(["delay_loop 20", "sorry_server 10.0.0.9 80"], two))).toEqual([]));

test("a sorry server that is a real server", () => {
  expect(sayings("VIPD067", balanced(["sorry_server 10.0.0.2 80"], two))).toEqual([
    "5:15 warning sorry_server 10.0.0.2 80 is the real_server in line 10, too: when that is the one that failed, clients are sent to it",
  ]);
  expect(codesIn(balanced(["sorry_server 10.0.0.2 81"], two))).toEqual([]);
});

test("a real server that is the service", () => {
  expect(codesIn(balanced([], [...two, server("192.0.2.1 80")]))).toEqual(["13 VIPD068"]);
  expect(codesIn(balanced([], [...two, server("192.0.2.1 8080")]))).toEqual([]);
});

describe("persistence and schedulers", () => {
  test.each(["sh", "mh"])("with %s", (scheduler) =>
    expect(sayings("VIPD069", balanced([`lb_algo ${scheduler}`, "persistence_timeout 60"], two))[0]).toMatch(
      new RegExp(`^5:2 warning persistence_timeout has no use with ${scheduler}`),
    ),
  );
  test("with wlc, and sh without", () => {
    expect(codesIn(balanced(["persistence_timeout 60"], two))).toEqual([]);
    expect(codesIn(balanced(["lb_algo sh", "sh-port"], two))).toEqual([]);
  });
  test("a scheduler by destination, where there is one only", () => {
    expect(sayings("VIPD074", balanced(["lb_algo dh"], two))).toEqual([
      "4:10 warning dh chooses by the address that clients ask for, and 192.0.2.1 80 has one only: every connection goes to one server of 2",
    ]);
    expect(codesIn(balanced(["lb_algo dh"], two, "fwmark 7"))).toEqual([]);
  });
  test("options for others", () => {
    expect(codesIn(balanced(["sh-port"], two))).toEqual(["5 VIPD071"]);
    expect(codesIn(balanced(["ops"], two))).toEqual(["5 VIPD071"]);
    expect(codesIn(balanced(["protocol UDP", "ops"], two))).toEqual([]);
  });
});

describe("weights and the quorum", () => {
  const weighted = (...weights: readonly number[]) =>
    weights.map((weight, i) => server(`10.0.0.${i + 1} 80`, `weight ${weight}`));
  test("rr looks at no weight", () => {
    expect(sayings("VIPD070", balanced(["lb_algo rr"], weighted(3, 1)))).toEqual([
      "4:10 warning rr treats all servers alike: weight 3 of 10.0.0.1 and 1 of 10.0.0.2 get the same share",
    ]);
    expect(codesIn(balanced(["lb_algo wrr"], weighted(3, 1)))).toEqual([]);
    expect(codesIn(balanced(["lb_algo rr"], weighted(3, 3, 0)))).toEqual([]);
  });
  test("all are 0", () => {
    expect(codesIn(balanced([], weighted(0, 0)))).toEqual(["6 VIPD073"]);
    expect(codesIn(balanced([], weighted(0, 1)))).toEqual([]);
  });
  test("a quorum above the total", () => {
    expect(said(balanced(["quorum 5"], weighted(1, 2)))).toEqual([
      "5:9 warning VIPD015 quorum 5 of [192.0.2.1]:tcp:80 can never be reached: all weights together are 3, which is taken; write quorum 3 or less",
    ]);
    expect(said(balanced(["quorum 3"], weighted(1, 2)))).toEqual([]);
  });
  test("a quorum that never returns", () => {
    expect(sayings("VIPD066", balanced(["quorum 3", "hysteresis 2"], weighted(2, 2)))).toEqual([
      "6:13 warning once lost, the quorum of 192.0.2.1 80 never returns: it takes quorum 3 + hysteresis 2 = 5, and all weights together are 4",
    ]);
    expect(codesIn(balanced(["quorum 3", "hysteresis 1"], weighted(2, 2)))).toEqual([]);
  });
});

test("a changed port with DR or TUN, and a missing protocol", () => {
  const text = balanced([], [server("10.0.0.1 8080")]);
  for (const method of ["DR", "TUN"])
    expect(said(text.replace("NAT", method)).join()).toContain(
      `5:23 warning VIPD015 ${method} cannot change the port: 10.0.0.1 gets packets for port 80, not 8080`,
    );
  expect(said(text)).toEqual([]);
  expect(said(text.replace(" protocol TCP\n", ""))).toEqual([
    "1:16 warning VIPD012 virtual_server 192.0.2.1 80 has no protocol: UDP is taken; write protocol TCP, or UDP if it is meant so",
  ]);
});

test("a service twice", () => {
  expect(said(balanced([], two) + balanced([], two)).join()).toContain(
    "14:16 error VIPD014 virtual_server 192.0.2.1 80 stands twice",
  );
  expect(said(balanced([], two) + balanced(["protocol UDP"], two))).toEqual([]);
});

test("a service whose address no instance holds", () => {
  expect(sayings("VIPD072", balanced([], two) + router("V", 1))).toEqual([
    "1:16 hint no vrrp_instance holds 192.0.2.1: this service stays where it is when 192.0.2.9 moves",
  ]);
  expect(codesIn(balanced([], two, "192.0.2.9 80") + router("V", 1))).toEqual([]);
});

describe("checks", () => {
  const checked = (...lines: readonly string[]) =>
    `10.0.0.1 80 {\n  TCP_CHECK {\n${lines.map((line) => `   ${line}\n`).join("")}  }\n }`;
  test("an attempt longer than the interval", () => {
    expect(sayings("VIPD063", balanced(["delay_loop 5"], [checked("connect_timeout 10")]))).toEqual([
      "8:4 warning one attempt may take 10 s (connect_timeout), and one is due every 5 s (delay_loop): this check cannot keep its interval",
    ]);
    const misc = "10.0.0.1 80 {\n MISC_CHECK {\n misc_path /bin/a\n misc_timeout 9\n }\n }";
    expect(codesIn(balanced(["delay_loop 5"], [misc]))).toEqual(["9 VIPD063"]);
  });
  test("retries longer than half a minute and than the interval, with the sum", () => {
    const text = balanced(["delay_loop 20"], [checked("connect_timeout 10", "retry 3", "delay_before_retry 5")]);
    expect(sayings("VIPD064", text)).toEqual([
      "7:3 hint clients are sent to a dead server until TCP_CHECK has given up: connect_timeout 10 s × 4 attempts + delay_before_retry 5 s × 3 = 55 s",
    ]);
    expect(codesIn(text.replace("delay_loop 20", "delay_loop 55"))).toEqual([]);
  });
  test("what everybody copies is fine", () =>
    expect(
      codesIn(balanced(["delay_loop 6"], [checked("connect_timeout 3", "retry 3", "delay_before_retry 3")])),
    ).toEqual([]));
  test("inherited from the service, and said once", () => {
    const text = balanced(["delay_loop 20", "connect_timeout 10", "retry 3"], two);
    expect(sayings("VIPD064", text)).toEqual([
      "9:3 hint clients are sent to a dead server until TCP_CHECK has given up: connect_timeout 10 s × 4 attempts + delay_before_retry 1 s × 3 = 43 s (and 1 more like this)",
    ]);
  });
  test("that are over in time", () =>
    expect(
      codesIn(balanced(["delay_loop 12"], [checked("connect_timeout 3", "retry 2", "delay_before_retry 1")])),
    ).toEqual([]));
  test("commands that only a shell would understand, each said once", () => {
    const misc = (address: string) => `${address} {\n MISC_CHECK {\n misc_path "/bin/a | grep ok"\n }\n }`;
    const text = balanced(['quorum_down "/bin/b && /bin/c"'], [misc("10.0.0.1 80"), misc("10.0.0.2 80")]);
    expect(codesIn(text)).toEqual(["5 VIPD059", "8 VIPD059"]);
    expect(codesIn(text.replaceAll(/ \| grep ok| && .bin.c/g, ""))).toEqual([]);
  });
  test("none at all", () => {
    expect(sayings("VIPD065", balanced([], ["10.0.0.1 80 {\n weight 1\n }", ...two]))).toEqual([
      "5:14 hint 10.0.0.1 80 has no check: it gets connections when it is dead, too",
    ]);
  });
});
