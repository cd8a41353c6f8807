/** Passwords that do not protect, or not as written. keepalived reports these, too. */
import { describe, expect, test } from "vitest";
import { instance, said } from "../load.ts";

const block = (type: string, password: string) => ` authentication {\n  auth_type ${type}\n  auth_pass ${password}\n }`;

describe("authentication", () => {
  test("of more than 8 characters; the message does not hold it", () => {
    const lines = said(instance(block("PASS", "correcthorse")));
    expect(lines).toEqual([
      "9:13 warning VIPD015 auth_pass has 12 characters; the first 8 count; write at most 8 characters",
    ]);
    expect(lines.join()).not.toContain("correct");
    expect(said(instance(block("PASS", "8letters")))).toEqual([]);
  });
  test.each([
    ["PASS", " version 3\n"],
    ["AH", " version 3\n"],
  ])("%s with version 3 has no effect", (type, version) =>
    expect(said(instance(version + block(type, "secret"))).join()).toContain(
      "8:2 warning VIPD015 V: VRRP version 3 has no authentication; the block has no effect",
    ),
  );
  test("AH and state MASTER", () =>
    expect(said(instance(` state MASTER\n priority 100\n${block("AH", "secret")}`)).join()).toContain(
      "7:8 warning VIPD015 V: with AH an instance cannot start as MASTER",
    ));
  test("without a password", () =>
    expect(said(instance(" authentication {\n  auth_type PASS\n }")).join()).toContain(
      "7:2 warning VIPD012 V: authentication without auth_pass has no effect",
    ));
});
