import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ipFromBytes, ipToBytes, macFromBytes, macToBytes } from "../../../native/netlink/text.ts";

test("RFC 5952 §4: the canonical text of IPv6", () => {
  const rows = [
    ["2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:DB8::ABCD", "2001:db8::abcd"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["0:0:1::", "0:0:1::"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1", "fe80::1"],
  ] as const;
  for (const [given, canonical] of rows) expect(ipFromBytes(ipToBytes(given))).toBe(canonical);
});

test("any bytes are an address, and its text gives them back", () => {
  const lengths = fc.constantFrom(4, 16);
  fc.assert(
    fc.property(
      lengths.chain((n) => fc.uint8Array({ minLength: n, maxLength: n })),
      (bytes) => {
        expect([...ipToBytes(ipFromBytes(bytes) ?? "")]).toEqual([...bytes]);
      },
    ),
  );
});

test("what is no address is refused", () => {
  const wrong = ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.", "a.b.c.d", "1:2", ":::", "1::2::3"];
  wrong.push("12345::", "fe80::1%eth0", "1:2:3:4:5:6:7:8:9", "::1.2.3", "1.2.3.4:5", "::g", "1:2:3:4:5:6:7::8:9");
  for (const text of wrong) expect(() => ipToBytes(text), text).toThrow(RangeError);
  expect(ipFromBytes(new Uint8Array(5))).toBeUndefined();
});

test("link-layer addresses", () => {
  expect(macFromBytes(macToBytes("02:00:5E:10:00:0a"))).toBe("02:00:5e:10:00:0a");
  expect(() => macToBytes("02:00:5e")).not.toThrow();
  expect(() => macToBytes("02-00-5e-10-00-01")).toThrow(RangeError);
});
