import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ip, ipFromBytes } from "../../src/base/address.ts";
import { createFrames } from "../../src/vrrp/frames.ts";
import type { Advert } from "../../src/vrrp/interface.ts";
import { decodeIpv4, encodeIpv4Header, nextIdentification } from "../../src/vrrp/ipv4-header.ts";
import { advertSize, type Decoded, decodeAdvert, type Expected, encodeAdvert } from "../../src/vrrp/packet.ts";

const none = { type: "none" } as const;
const abc = { type: "pass", password: "abc" } as const;
const group = ip("224.0.0.18");
const self = ip("10.0.0.1");

/** Frames that keepalived sent; veth, source 10.0.0.1 or fe80::1. */
type Golden = {
  readonly name: string;
  readonly hex: string;
  readonly to: string;
  readonly advert: Advert;
  readonly checksumAsV2?: boolean;
};

const golden: readonly Golden[] = [
  {
    name: "version 2",
    hex: "45c0002800010000ff70d0910a000001e000001221056401000170f60a0000020000000000000000",
    to: "224.0.0.18",
    advert: { version: 2, vrid: 5, priority: 100, intervalMs: 1000, addresses: [ip("10.0.0.2")], authentication: none },
  },
  {
    name: "version 2 with a password",
    hex: "45c0002800010000ff70d0910a000001e0000012210664010101ab910a0000036162630000000000",
    to: "224.0.0.18",
    advert: { version: 2, vrid: 6, priority: 100, intervalMs: 1000, addresses: [ip("10.0.0.3")], authentication: abc },
  },
  {
    name: "version 3, two addresses, 0.55 s",
    hex: "45c0002400010000ff70d0950a000001e00000123107650200376b200a0000020a000009",
    to: "224.0.0.18",
    advert: {
      version: 3,
      vrid: 7,
      priority: 101,
      intervalMs: 550,
      addresses: [ip("10.0.0.2"), ip("10.0.0.9")],
      authentication: none,
    },
  },
  {
    name: "version 3 with v3_checksum_as_v2",
    hex: "45c0002000010000ff70d0990a000001e00000123108650100645f8f0a000003",
    to: "224.0.0.18",
    checksumAsV2: true,
    advert: { version: 3, vrid: 8, priority: 101, intervalMs: 1000, addresses: [ip("10.0.0.3")], authentication: none },
  },
  {
    name: "version 3 unicast",
    hex: "45c0002000010000ff70a5e40a0000010a0000c8310a650100644a470a000004",
    to: "10.0.0.200",
    advert: {
      version: 3,
      vrid: 10,
      priority: 101,
      intervalMs: 1000,
      addresses: [ip("10.0.0.4")],
      authentication: none,
    },
  },
];

const GOLDEN_IPV6 =
  "6c071fbc002870fffe800000000000000000000000000001ff0200000000000000000000000000123109650200646ef1fe800000000000000000000000000077fd000000000000000000000000000077";
const ipv6: Advert = {
  version: 3,
  vrid: 9,
  priority: 101,
  intervalMs: 1000,
  addresses: [ip("fe80::77"), ip("fd00::77")],
  authentication: none,
};

describe("frames that keepalived sent", () => {
  test.each(golden)("$name: the same bytes leave here", ({ hex, to, advert, checksumAsV2 }) => {
    const frame = createFrames().frame(advert, self, ip(to), checksumAsV2 === true);
    expect(Buffer.from(frame).toString("hex")).toBe(hex);
  });

  test.each(golden)("$name: is understood", ({ hex, to, advert, checksumAsV2 }) => {
    const packet = decodedValue(decodeIpv4(bytesOf(hex)));
    expect(packet).toMatchObject({ from: "10.0.0.1", to, ttl: 255, protocol: 112 });
    const own = { ...advert, multicast: to === "224.0.0.18", checksumAsV2: checksumAsV2 === true };
    expect(decodeAdvert(packet.payload, packet, own)).toEqual({ ok: true, value: advert });
  });

  test("version 3 over IPv6, both ways; the kernel writes the IP header", () => {
    const payload = bytesOf(GOLDEN_IPV6).subarray(40);
    const from = ip("fe80::1");
    const to = ip("ff02::12");
    expect(Buffer.from(createFrames().frame(ipv6, from, to, false))).toEqual(Buffer.from(payload));
    expect(decodeAdvert(payload, { from, to, ttl: 255 }, { ...ipv6, multicast: true, checksumAsV2: false })).toEqual({
      ok: true,
      value: ipv6,
    });
  });

  test("authentication by HMAC or AH is no plain advert", () => {
    const hmac = bytesOf("310b6501006474fa0a000005010100006b0010f92d9200008b48170008b8e4a7da0909772f934365");
    const own = { version: 3, intervalMs: 1000, authentication: none, multicast: true, checksumAsV2: false } as const;
    expect(decodeAdvert(hmac, { from: self, to: group, ttl: 255 }, own)).toEqual({ ok: false, drop: "length" });
  });
});

describe("frames sent again", () => {
  const [first] = golden;
  const advert = first?.advert ?? ipv6;

  test("the identification counts from 1 and the header's checksum follows", () => {
    const frames = createFrames();
    frames.frame(advert, self, group, false);
    const second = decodedValue(decodeIpv4(frames.frame(advert, self, group, false)));
    expect(second.payload).toEqual(bytesOf(first?.hex ?? "").subarray(20));
    expect(Buffer.from(frames.frame(advert, self, group, false)).readUInt16BE(4)).toBe(3);
  });

  test("the identification is never 0", () => {
    expect(nextIdentification(0xffff)).toBe(1);
    expect(nextIdentification(0)).toBe(1);
  });

  test("nothing is allocated for the same advert to the same place", () => {
    const frames = createFrames();
    const once = frames.frame(advert, self, group, false);
    expect(frames.frame(advert, self, group, false)).toBe(once);
    expect(frames.frame({ ...advert, priority: 1 }, self, group, false)).not.toBe(once);
    expect(frames.frame(advert, ip("10.0.0.7"), group, false)).not.toBe(once);
  });
});

describe("what is dropped, and for what: the first thing wrong in keepalived's order", () => {
  const advert = golden[1]?.advert ?? ipv6;
  const own: Expected = { ...advert, multicast: true, checksumAsV2: false };
  const wire = { from: self, to: group, ttl: 255 };
  const good = bytesOf(golden[1]?.hex ?? "").subarray(20);
  const changed = (at: number, value: number): Uint8Array => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };

  test.each([
    { what: "nothing", bytes: new Uint8Array(0), drop: "length" },
    { what: "7 bytes", bytes: good.slice(0, 7), drop: "length" },
    { what: "a missing byte", bytes: good.slice(0, -1), drop: "length" },
    { what: "a count that does not fit", bytes: changed(3, 2), drop: "length" },
    {
      what: "7 bytes too many, more than padding",
      bytes: Uint8Array.of(...good, ...new Array(7).fill(0)),
      drop: "length",
    },
    { what: "version 4", bytes: changed(0, 0x41), drop: "version" },
    { what: "type 2", bytes: changed(0, 0x22), drop: "type" },
    { what: "no authentication", bytes: changed(4, 0), drop: "authType" },
    { what: "AH", bytes: changed(4, 2), drop: "authType" },
    { what: "another password", bytes: changed(12, 0x62), drop: "authentication" },
    { what: "another interval", bytes: changed(5, 2), drop: "interval" },
    { what: "another priority under the same checksum", bytes: changed(2, 1), drop: "checksum" },
  ])("$what: $drop", ({ bytes, drop }) => {
    expect(decodeAdvert(bytes, wire, own)).toEqual({ ok: false, drop });
  });

  test("TTL 254: through a router; unicast does not mind", () => {
    expect(decodeAdvert(good, { ...wire, ttl: 254 }, own)).toEqual({ ok: false, drop: "ttl" });
    const alone = { from: self, to: ip("10.0.0.2"), ttl: 64 };
    expect(decodeAdvert(good, alone, { ...own, multicast: false })).toMatchObject({ ok: true });
    expect(decodeAdvert(good, alone, own)).toEqual({ ok: false, drop: "destination" });
  });

  test("the padding of short Ethernet frames is no fault", () => {
    expect(decodeAdvert(Uint8Array.of(...good, 0, 0, 0, 0, 0, 0), wire, own)).toMatchObject({ ok: true });
  });

  test("version 3 to a router of version 2, and with an interval of 0", () => {
    const three = bytesOf(golden[2]?.hex ?? "").subarray(20);
    expect(decodeAdvert(three, wire, own)).toEqual({ ok: false, drop: "version" });
    const still = three.slice();
    still[5] = 0;
    expect(decodeAdvert(still, wire, { ...own, version: 3 })).toEqual({ ok: false, drop: "interval" });
  });

  test("unicast of old keepalived: the checksum as if it went to the group", () => {
    const old = golden[4]?.advert ?? ipv6;
    const bytes = new Uint8Array(advertSize(old));
    encodeAdvert(bytes, 0, old, { from: self, to: group }, false);
    const alone = { from: self, to: ip("10.0.0.200"), ttl: 255 };
    const expected = { ...old, multicast: false, checksumAsV2: false };
    expect(decodeAdvert(bytes, alone, expected)).toMatchObject({ ok: true });
  });
});

describe("any bytes", () => {
  const bytes = fc.uint8Array({ maxLength: 120 });
  const version = fc.constantFrom(2 as const, 3 as const);
  const address = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((raw) => ipFromBytes(raw));
  const password = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 });

  test("never throw", () => {
    fc.assert(
      fc.property(bytes, version, fc.integer({ min: 0, max: 255 }), fc.boolean(), (raw, own, ttl, asV2) => {
        const expected = { version: own, intervalMs: 1000, authentication: none, multicast: true, checksumAsV2: asV2 };
        const decoded = decodeAdvert(raw, { from: self, to: group, ttl }, expected);
        expect(decoded.ok || decoded.drop.length > 0).toBe(true);
        expect(typeof decodeIpv4(raw).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });

  test("a damaged packet is dropped or differs in its reserved bits only", () => {
    const good = bytesOf(golden[0]?.hex ?? "").subarray(20);
    const own = { ...(golden[0]?.advert ?? ipv6), multicast: true, checksumAsV2: false };
    for (let bit = 0; bit < good.length * 8; bit++) {
      const damaged = good.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(decodeAdvert(damaged, { from: self, to: group, ttl: 255 }, own)).toMatchObject({ ok: false });
    }
  });

  test("what is encoded into a dirty buffer is decoded to the same", () => {
    const advert = fc.record({
      version,
      vrid: fc.integer({ min: 1, max: 255 }),
      priority: fc.integer({ min: 0, max: 255 }),
      seconds: fc.integer({ min: 1, max: 40 }),
      addresses: fc.array(address, { maxLength: 20 }),
      password: fc.option(password, { nil: undefined }),
    });
    fc.assert(
      fc.property(advert, address, fc.integer({ min: 0, max: 30 }), (made, from, offset) => {
        const { seconds, password: secret, ...rest } = made;
        const authentication =
          made.version === 2 && secret !== undefined ? ({ type: "pass", password: secret } as const) : none;
        const whole: Advert = { ...rest, intervalMs: seconds * 1000, authentication };
        const buffer = new Uint8Array(200).fill(0xa5);
        const size = encodeAdvert(buffer, offset, whole, { from, to: group }, false);
        const own = { ...whole, multicast: true, checksumAsV2: false };
        const wire = { from, to: group, ttl: 255 };
        expect(decodeAdvert(buffer.subarray(offset, offset + size), wire, own)).toEqual({ ok: true, value: whole });
      }),
    );
  });

  test("the IPv4 header survives a round trip, options and padding skipped", () => {
    const buffer = new Uint8Array(60).fill(0xff);
    encodeIpv4Header(buffer, { from: self, to: group, ttl: 255, identification: 7, payloadLength: 20 });
    expect(decodedValue(decodeIpv4(buffer)).payload.length).toBe(20);
    expect(decodeIpv4(buffer.subarray(0, 39))).toEqual({ ok: false, drop: "length" });
  });

  test("values that do not fit are our own mistake", () => {
    const out = new Uint8Array(64);
    const path = { from: self, to: group };
    expect(() => encodeAdvert(out, 0, { ...ipv6, vrid: 256, addresses: [] }, path, false)).toThrow(RangeError);
    expect(() => encodeAdvert(out, 0, { ...ipv6, intervalMs: 41_000, addresses: [] }, path, false)).toThrow(RangeError);
  });
});

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

function decodedValue<T>(decoded: Decoded<T>): T {
  if (!decoded.ok) throw new TypeError(`dropped: ${decoded.drop}`);
  return decoded.value;
}
