import { describe, expect, test } from "vitest";
import { fixedChange } from "../../src/daemon/fixed-settings.ts";
import { good, instance } from "../config/load.ts";

const change = (before: string, after: string, option?: string) =>
  fixedChange(good(before + instance("")), good(after + instance("")), option);

describe("55: what a reload cannot change is refused, with its name", () => {
  test.each([
    ["net_namespace a\n", "net_namespace b\n", "net_namespace a → b"],
    ["", "net_namespace b\n", "net_namespace (none) → b"],
    ["net_namespace_ipvs a\n", "", "net_namespace_ipvs a → (none)"],
    ["instance a\n", "instance b\n", "instance a → b"],
    ["instance a\nnet_namespace a\n", "instance b\n", "net_namespace a → (none), instance a → b"],
  ])("%j, then %j", (before, after, what) =>
    expect(change(before, after)).toBe(`${what} cannot be changed by a reload; restart vipd`),
  );
  test("nothing of the kind", () => {
    expect(change("net_namespace a\n", "net_namespace a\nglobal_defs {\n router_id x\n}\n")).toBeUndefined();
    expect(change("net_namespace a\n", "net_namespace b\n", "c")).toBeUndefined();
  });
});
