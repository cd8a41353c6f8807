import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseIpv4, parseIpv6 } from "../../../native/arping-native/address.ts";
import {
  checksum,
  decodeArp,
  encodeArpProbe,
  encodeGratuitousArp,
  encodeNeighbourAdvertisement,
  parseMac,
} from "../../../native/arping-native/codec.ts";
import { isConflict } from "../../../native/arping-native/probe.ts";

const MAC = "3a:b1:0f:6c:8e:0c";
const mac = parseMac(MAC);

test("a gratuitous ARP is keepalived's, byte by byte", () => {
  const frame = encodeGratuitousArp(parseIpv4("10.0.0.2"), mac).toString("hex");
  expect(frame.slice(0, 28)).toBe("ffffffffffff3ab10f6c8e0c0806");
  expect(frame.slice(28)).toBe("00010800060400013ab10f6c8e0c0a000002ffffffffffff0a000002");
});

test("the form of a reply differs in the operation alone", () => {
  const request = encodeGratuitousArp(parseIpv4("10.0.0.2"), mac);
  const reply = encodeGratuitousArp(parseIpv4("10.0.0.2"), mac, "reply");
  expect(decodeArp(reply)?.operation).toBe(2);
  reply[21] = 1;
  expect(reply.equals(request)).toBe(true);
});

test("RFC 5227 §2.1.1: a probe says nothing about its sender's address", () => {
  expect(decodeArp(encodeArpProbe(parseIpv4("10.0.0.2"), mac))).toEqual({
    operation: 1,
    senderMac: MAC,
    senderIp: "0.0.0.0",
    targetMac: "00:00:00:00:00:00",
    targetIp: "10.0.0.2",
  });
});

test("an unsolicited neighbour advertisement", () => {
  const frame = encodeNeighbourAdvertisement(parseIpv6("fd00::77"), mac).toString("hex");
  const ip = "fd000000000000000000000000000077";
  expect(frame.slice(0, 28)).toBe("3333000000013ab10f6c8e0c86dd");
  expect(frame.slice(28, 108)).toBe(`6000000000203aff${ip}ff020000000000000000000000000001`);
  // the checksum by hand: 8800+2000+0201+3ab1+0f6c+8e0c + twice fd00+0077 + ff02+0001 + length 0020 + protocol 003a
  expect(frame.slice(108)).toBe(`8800838620000000${ip}02013ab10f6c8e0c`);
});

test("a checksum that stands in the packet makes the sum zero", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (ip, router) => {
      const frame = encodeNeighbourAdvertisement(ip, mac, router);
      expect(checksum(frame.subarray(22))).toBe(0);
      expect(frame[58]).toBe(router ? 0xa0 : 0x20);
    }),
  );
});

test("any bytes are an ARP packet or none", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void decodeArp(Buffer.from(bytes))));
  const frame = encodeGratuitousArp(parseIpv4("10.0.0.2"), mac);
  expect(decodeArp(frame.subarray(0, 41))).toBeUndefined();
  for (const at of [12, 14, 16, 18, 19]) {
    const other = Buffer.from(frame);
    other[at] = 0x77;
    expect(decodeArp(other), `byte ${at}`).toBeUndefined();
  }
});

test("who conflicts", () => {
  const other = "02:00:00:00:00:09";
  const packet = { operation: 2, senderMac: other, senderIp: "10.0.0.2", targetMac: MAC, targetIp: "0.0.0.0" };
  expect(isConflict(packet, "10.0.0.2", MAC)).toBe(true);
  expect(isConflict({ ...packet, operation: 1 }, "10.0.0.2", MAC)).toBe(true);
  expect(isConflict({ ...packet, senderMac: MAC }, "10.0.0.2", MAC)).toBe(false);
  expect(isConflict({ ...packet, senderIp: "10.0.0.3" }, "10.0.0.2", MAC)).toBe(false);
  const probe = { ...packet, operation: 1, senderIp: "0.0.0.0", targetIp: "10.0.0.2" };
  expect(isConflict(probe, "10.0.0.2", MAC)).toBe(true);
  expect(isConflict({ ...probe, targetIp: "10.0.0.3" }, "10.0.0.2", MAC)).toBe(false);
  expect(isConflict({ ...probe, operation: 2 }, "10.0.0.2", MAC)).toBe(false);
});

test("addresses as text", () => {
  expect([...parseIpv6("2001:db8::1:0")]).toEqual([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  expect([...parseIpv6("::ffff:192.0.2.1")].slice(10)).toEqual([255, 255, 192, 0, 2, 1]);
  expect([...parseIpv6("1:2:3:4:5:6:7:8")]).toEqual([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]);
  for (const wrong of ["fe80::1%eth0", "1.2.3.4", "", "::g"]) expect(() => parseIpv6(wrong), wrong).toThrow(RangeError);
  for (const wrong of ["::1", "1.2.3", "1.2.3.256"]) expect(() => parseIpv4(wrong), wrong).toThrow(RangeError);
  for (const wrong of ["02:00:00:00:00", "02-00-00-00-00-01"]) expect(() => parseMac(wrong), wrong).toThrow(RangeError);
});
