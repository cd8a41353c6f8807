/** Whatever the bytes are, decoders answer with a value or with none, never with an exception. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Attribute,
  bytes,
  bytesOf,
  decodeFamily,
  encodeAttributes,
  nest,
  nestOf,
  readFailure,
  readFields,
  readMessages,
  text,
  textOf,
  u8,
  u16,
  u32,
  uintOf,
} from "../../../native/netlink/index.ts";
import { decodeTimeouts } from "../../../native/netlink/ipvs/config.ts";
import { decodeDaemon } from "../../../native/netlink/ipvs/daemons.ts";
import { decodeDestination, decodeService } from "../../../native/netlink/ipvs/index.ts";
import {
  decodeAddress,
  decodeLink,
  decodeRoute,
  decodeRouteEvent,
  decodeRule,
} from "../../../native/netlink/route/index.ts";
import { answers } from "./captured.ts";

const captured = Object.values(answers)
  .flat()
  .map((hex) => Buffer.from(hex, "hex"));

function decodeEverything(datagram: Buffer): number {
  const replies = readMessages(datagram);
  for (const reply of replies) {
    for (const decode of [decodeAddress, decodeLink, decodeRoute, decodeRule, decodeRouteEvent]) decode(reply);
    for (const decode of [decodeFamily, decodeService, decodeDestination, decodeDaemon, decodeTimeouts]) decode(reply);
    readFailure(reply);
  }
  return replies.length;
}

test("any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (data) => {
      decodeEverything(Buffer.from(data));
      const reply = { type: 2, flags: 0x200, sequence: 0, payload: Buffer.from(data) };
      for (const decode of [decodeAddress, decodeLink, decodeRoute, decodeRule, decodeService]) decode(reply);
      readFailure(reply);
    }),
    { numRuns: 2000 },
  );
});

test("answers of the kernel with some bytes changed, or cut off", () => {
  const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...captured), damage, fc.nat(2000), (original, changes, end) => {
      const datagram = Buffer.from(original);
      for (const [at, value] of changes) datagram[at % datagram.length] = value;
      decodeEverything(datagram);
      decodeEverything(original.subarray(0, end));
    }),
    { numRuns: 2000 },
  );
  expect(captured.map(decodeEverything).every((count) => count > 0)).toBe(true);
});

type Leaf = { readonly type: number; readonly value: number | string | Uint8Array };

test("any tree of attributes comes back", () => {
  const leaf = fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0x100, max: 0xffff }),
    fc.integer({ min: 0x10000, max: 0xffff_ffff }),
    fc.string({ maxLength: 40 }).filter((value) => !value.includes("\0")),
    fc.uint8Array({ maxLength: 40 }),
  );
  const level = fc.array(leaf, { maxLength: 12 });
  fc.assert(
    fc.property(level, level, (outer, inner) => {
      const encoded = encodeAttributes([...encode(outer), nest(100, encode(inner))]);
      expect(encoded.length % 4).toBe(0);
      const fields = readFields(encoded);
      for (const { type, value } of numbered(outer)) expect(readBack(fields, type, value)).toEqual(value);
      const nested = nestOf(fields, 100) ?? fields;
      for (const { type, value } of numbered(inner)) expect(readBack(nested, type, value)).toEqual(value);
    }),
  );
});

function numbered(values: readonly Leaf["value"][]): readonly Leaf[] {
  return values.map((value, index) => ({ type: index + 1, value }));
}

function encode(values: readonly Leaf["value"][]): readonly Attribute[] {
  return numbered(values).map(({ type, value }) => {
    if (typeof value === "string") return text(type, value);
    if (typeof value !== "number") return bytes(type, value);
    if (value <= 0xff) return u8(type, value);
    return value <= 0xffff ? u16(type, value) : u32(type, value);
  });
}

function readBack(fields: ReturnType<typeof readFields>, type: number, like: Leaf["value"]) {
  if (typeof like === "string") return textOf(fields, type);
  return typeof like === "number" ? uintOf(fields, type) : Uint8Array.from(bytesOf(fields, type) ?? []);
}
