/**
 * Reading attributes: places in the bytes that they came in, found once and looked up by type. Nothing here throws, whatever the
 * bytes are: a malformed attribute ends the reading of its level, and a value of an unexpected length is `undefined`.
 */
import { align4, LITTLE_ENDIAN } from "./attribute.ts";

/** The attributes of one level; of repeated ones the last. */
export type Fields = { readonly bytes: Buffer; readonly start: readonly number[]; readonly end: readonly number[] };

/** NLA_TYPE_MASK of linux/netlink.h: without the flags for nesting and byte order. */
const TYPE_MASK = 0x3fff;
const HEADER = 4;

/** Integers in the order of the machine. */
export function u16At(bytes: Buffer, at: number): number {
  return LITTLE_ENDIAN ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
}
export function u32At(bytes: Buffer, at: number): number {
  return LITTLE_ENDIAN ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
}
export function s32At(bytes: Buffer, at: number): number {
  return LITTLE_ENDIAN ? bytes.readInt32LE(at) : bytes.readInt32BE(at);
}

export function readFields(bytes: Buffer, from = 0, to = bytes.length): Fields {
  const start: number[] = [];
  const end: number[] = [];
  for (let at = from; at + HEADER <= to; ) {
    const length = u16At(bytes, at);
    if (length < HEADER || at + length > to) break;
    const type = u16At(bytes, at + 2) & TYPE_MASK;
    start[type] = at + HEADER;
    end[type] = at + length;
    at += align4(length);
  }
  return { bytes, start, end };
}

/** Calls `fn` for each attribute in order, for lists in which a type repeats. */
export function eachField(bytes: Buffer, fn: (type: number, value: Buffer) => void): void {
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = u16At(bytes, at);
    if (length < HEADER || at + length > bytes.length) return;
    fn(u16At(bytes, at + 2) & TYPE_MASK, bytes.subarray(at + HEADER, at + length));
    at += align4(length);
  }
}

/** An unsigned integer of 1, 2 or 4 bytes in the order of the machine. */
export function uintOf(fields: Fields, type: number): number | undefined {
  const at = fields.start[type];
  if (at === undefined) return undefined;
  switch ((fields.end[type] ?? at) - at) {
    case 1:
      return fields.bytes[at];
    case 2:
      return u16At(fields.bytes, at);
    case 4:
      return u32At(fields.bytes, at);
    default:
      return undefined;
  }
}

/** An unsigned integer of 2 or 4 bytes in network order. */
export function beOf(fields: Fields, type: number): number | undefined {
  const at = fields.start[type];
  if (at === undefined) return undefined;
  const length = (fields.end[type] ?? at) - at;
  if (length === 2) return fields.bytes.readUInt16BE(at);
  return length === 4 ? fields.bytes.readUInt32BE(at) : undefined;
}

/** An unsigned integer of 8 bytes; exact up to 2^53, as counters are for all practical time. */
export function wideUintOf(fields: Fields, type: number): number | undefined {
  const at = fields.start[type];
  if (at === undefined || (fields.end[type] ?? at) - at !== 8) return undefined;
  const first = u32At(fields.bytes, at);
  const second = u32At(fields.bytes, at + 4);
  return LITTLE_ENDIAN ? second * 0x1_0000_0000 + first : first * 0x1_0000_0000 + second;
}

export function u64Of(fields: Fields, type: number): bigint | undefined {
  const at = fields.start[type];
  if (at === undefined || (fields.end[type] ?? at) - at !== 8) return undefined;
  return LITTLE_ENDIAN ? fields.bytes.readBigUInt64LE(at) : fields.bytes.readBigUInt64BE(at);
}

/** Up to the first NUL, or the end. */
export function textOf(fields: Fields, type: number): string | undefined {
  const at = fields.start[type];
  const end = fields.end[type];
  if (at === undefined || end === undefined) return undefined;
  const nul = fields.bytes.indexOf(0, at);
  return fields.bytes.toString("utf8", at, nul === -1 || nul > end ? end : nul);
}

/** The bytes themselves, not a copy. */
export function bytesOf(fields: Fields, type: number): Buffer | undefined {
  const at = fields.start[type];
  return at === undefined ? undefined : fields.bytes.subarray(at, fields.end[type]);
}

export function nestOf(fields: Fields, type: number): Fields | undefined {
  const at = fields.start[type];
  return at === undefined ? undefined : readFields(fields.bytes, at, fields.end[type]);
}

export function has(fields: Fields, type: number): boolean {
  return fields.start[type] !== undefined;
}
