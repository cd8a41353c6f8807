import { expect, test } from "vitest";
import { createWriter, writeAttributes } from "../../../native/netlink/attribute.ts";
import {
  type Attribute,
  address16,
  be16,
  be32,
  beOf,
  bytes,
  bytesOf,
  eachField,
  encodeAttributes,
  encodeMessage,
  errorCode,
  FLAG,
  flag,
  has,
  NetlinkError,
  nest,
  nestOf,
  readFailure,
  readFields,
  readMessages,
  s32,
  struct,
  TYPE,
  text,
  textOf,
  u8,
  u16,
  u32,
  u64,
  u64Of,
  uintOf,
  wideUintOf,
} from "../../../native/netlink/index.ts";

const tree: readonly Attribute[] = [
  u8(1, 0xab),
  u16(2, 0x1234),
  u32(3, 0xdead_beef),
  u64(4, 0x0102_0304_0506_0708n),
  be16(5, 80),
  be32(6, 0xffff_ff00),
  text(7, "eth0"),
  nest(8, [u8(1, 7), nest(2, [text(1, "deep")])]),
  flag(9),
  s32(10, -1),
  bytes(11, Uint8Array.of(1, 2, 3, 4, 5)),
];

test("a tree of attributes is written with lengths, padding and byte order", () => {
  expect(encodeAttributes(tree).toString("hex").match(/.{8}/g)).toEqual([
    ...["05000100", "ab000000"],
    ...["06000200", "34120000"],
    ...["08000300", "efbeadde"],
    ...["0c000400", "08070605", "04030201"],
    ...["06000500", "00500000"],
    ...["08000600", "ffffff00"],
    ...["09000700", "65746830", "00000000"],
    ...["1c000800", "05000100", "07000000", "10000200", "09000100", "64656570", "00000000"].slice(0, 3),
    ...["10000200", "09000100", "64656570", "00000000"],
    "04000900",
    ...["08000a00", "ffffffff"],
    ...["09000b00", "01020304", "05000000"],
  ]);
});

test("and read back", () => {
  const fields = readFields(encodeAttributes(tree));
  expect(uintOf(fields, 1)).toBe(0xab);
  expect(uintOf(fields, 2)).toBe(0x1234);
  expect(uintOf(fields, 3)).toBe(0xdead_beef);
  expect(u64Of(fields, 4)).toBe(0x0102_0304_0506_0708n);
  expect(wideUintOf(fields, 4)).toBe(Number(0x0102_0304_0506_0708n));
  expect(beOf(fields, 5)).toBe(80);
  expect(beOf(fields, 6)).toBe(0xffff_ff00);
  expect(textOf(fields, 7)).toBe("eth0");
  const inner = nestOf(fields, 8);
  expect(inner && uintOf(inner, 1)).toBe(7);
  expect(inner && textOf(nestOf(inner, 2) ?? inner, 1)).toBe("deep");
  expect(has(fields, 9)).toBe(true);
  expect(has(fields, 12)).toBe(false);
  expect(bytesOf(fields, 11)?.toString("hex")).toBe("0102030405");
});

test("a value of another length than asked for is none", () => {
  const fields = readFields(encodeAttributes([bytes(1, Uint8Array.of(1, 2, 3)), u32(2, 1), u16(3, 1)]));
  expect(uintOf(fields, 1)).toBeUndefined();
  expect(beOf(fields, 1)).toBeUndefined();
  expect(u64Of(fields, 2)).toBeUndefined();
  expect(wideUintOf(fields, 3)).toBeUndefined();
});

test("text without its NUL ends with the attribute", () => {
  const fields = readFields(encodeAttributes([bytes(1, Buffer.from("veth")), text(2, "after")]));
  expect(textOf(fields, 1)).toBe("veth");
  expect(textOf(fields, 2)).toBe("after");
});

test("padding is written even where the buffer was used before", () => {
  const writer = createWriter(64);
  writer.bytes.fill(0xff);
  writeAttributes(writer, [u8(1, 1), text(2, "abc12")]);
  expect(writer.bytes.subarray(0, writer.at).toString("hex")).toBe("05000100010000000a00020061626331320000" + "00");
});

test("an IPv4 address in sixteen bytes is padded with zeros, in a used buffer too", () => {
  const writer = createWriter(64);
  writer.bytes.fill(0xff);
  writeAttributes(writer, [address16(3, "192.0.2.1"), address16(3, "2001:db8::1")]);
  expect(writer.bytes.subarray(0, writer.at).toString("hex")).toBe(
    `14000300c0000201${"0".repeat(24)}1400030020010db8000000000000000000000001`,
  );
  expect(() => writeAttributes(writer, [address16(3, "192.0.2")])).toThrow(RangeError);
});

test("the buffer grows with what is written", () => {
  const writer = createWriter(16);
  const long = new Uint8Array(5000).fill(7);
  writeAttributes(writer, [nest(1, [bytes(2, long), u32(3, 9)])]);
  const inner = nestOf(readFields(writer.bytes.subarray(0, writer.at)), 1);
  expect(inner && bytesOf(inner, 2)?.equals(long)).toBe(true);
  expect(inner && uintOf(inner, 3)).toBe(9);
});

test("an attribute longer than its length field is refused", () => {
  expect(() => encodeAttributes([bytes(1, new Uint8Array(65_532))])).toThrow(RangeError);
  expect(encodeAttributes([bytes(1, new Uint8Array(65_531))]).length).toBe(65_536);
});

test("a malformed attribute ends the reading", () => {
  const good = encodeAttributes([u8(1, 1)]);
  for (const bad of ["03000200", "ff000200", "0000"]) {
    const fields = readFields(Buffer.concat([good, Buffer.from(bad, "hex")]));
    expect(uintOf(fields, 1)).toBe(1);
    expect(has(fields, 2)).toBe(false);
  }
});

test("lists in which a type repeats", () => {
  const seen: string[] = [];
  eachField(encodeAttributes([text(1, "a"), text(1, "b")]), (type, value) => seen.push(`${type} ${value.toString()}`));
  expect(seen).toEqual(["1 a\0", "1 b\0"]);
});

test("a message: header, the family's header padded, attributes", () => {
  const message = { type: 0x1234, flags: FLAG.create, header: Uint8Array.of(9, 8, 7), attrs: [u8(1, 2)] };
  expect(encodeMessage(message, FLAG.request | FLAG.ack, 0x0a0b0c0d).toString("hex")).toBe(
    "1c000000" + "3412" + "0504" + "0d0c0b0a" + "00000000" + "09080700" + "0500010002000000",
  );
});

test("several messages in a datagram, the last one cut off", () => {
  const one = encodeMessage({ type: 20, flags: 0, header: Uint8Array.of(1), attrs: [] }, 0, 1);
  const two = encodeMessage({ type: 21, flags: 0, header: Uint8Array.of(2), attrs: [] }, 0, 2);
  const seen = readMessages(Buffer.concat([one, two, two.subarray(0, 18)]));
  expect(seen.map(({ type, sequence }) => [type, sequence])).toEqual([
    [20, 1],
    [21, 2],
  ]);
});

/** nlmsghdr of the request as an NLMSG_ERROR quotes it. */
const QUOTED = struct([4, 40], [2, 20], [2, 5], [4, 1], [4, 0]);

test("an error with the explanation and the place, whether the request is quoted whole or by its header", () => {
  const explained = encodeAttributes([text(1, "Invalid scope value"), u32(2, 24)]);
  const capped = Buffer.concat([struct([4, -22]), QUOTED, explained]);
  const whole = Buffer.concat([struct([4, -22]), QUOTED, Buffer.alloc(24), explained]);
  const expected = { errno: 22, detail: "Invalid scope value", offset: 24 };
  const reply = { type: TYPE.error, sequence: 1 };
  expect(readFailure({ ...reply, flags: FLAG.capped | FLAG.ackAttributes, payload: capped })).toEqual(expected);
  expect(readFailure({ ...reply, flags: FLAG.ackAttributes, payload: whole })).toEqual(expected);
  expect(readFailure({ ...reply, flags: 0, payload: whole })).toEqual({
    errno: 22,
    detail: undefined,
    offset: undefined,
  });
});

test("a dump can fail at its end", () => {
  const payload = Buffer.concat([struct([4, -105]), encodeAttributes([text(1, "too much")])]);
  expect(readFailure({ type: TYPE.done, flags: FLAG.multi | FLAG.ackAttributes, sequence: 1, payload })).toEqual({
    errno: 105,
    detail: "too much",
    offset: undefined,
  });
});

test("an acknowledgement is no failure", () => {
  const payload = Buffer.concat([struct([4, 0]), QUOTED]);
  expect(readFailure({ type: TYPE.error, flags: FLAG.capped, sequence: 1, payload })).toBeUndefined();
});

test("errors say what was to be done, and why it was not", () => {
  const error = new NetlinkError("add address 192.0.2.9/24 on link 3", {
    errno: 17,
    detail: undefined,
    offset: undefined,
  });
  expect(error.message).toBe("Cannot add address 192.0.2.9/24 on link 3: EEXIST (file already exists)");
  expect(error).toMatchObject({ code: "EEXIST", errno: 17, name: "NetlinkError" });
  const explained = new NetlinkError("x", { errno: 95, detail: "No such thing", offset: 20 });
  expect(explained.message).toBe("Cannot x: EOPNOTSUPP (No such thing)");
  expect(errorCode(11)).toBe("EAGAIN");
  expect(errorCode(4095)).toBe("errno 4095");
});
