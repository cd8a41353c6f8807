/**
 * Attributes: `struct nlattr` of linux/netlink.h. A tree is written as the tree it is; this file alone knows lengths,
 * padding and byte order. Integers are in the order of the machine, except those named `be`.
 */
import { endianness } from "node:os";
import { writeIp } from "./text.ts";

export type Attribute =
  | { readonly type: number; readonly kind: "u8" | "u16" | "u32" | "s32" | "be16" | "be32"; readonly value: number }
  | { readonly type: number; readonly kind: "u64"; readonly value: bigint }
  | { readonly type: number; readonly kind: "text" | "address16"; readonly value: string }
  | { readonly type: number; readonly kind: "bytes"; readonly value: Uint8Array }
  | { readonly type: number; readonly kind: "nest"; readonly value: readonly Attribute[] };

/** The header of an attribute: length (2), type (2). */
const HEADER = 4;
/** NLA_F_NESTED, a bit of the type. */
export const NESTED = 0x8000;
export const LITTLE_ENDIAN: boolean = endianness() === "LE";

export function u8(type: number, value: number): Attribute {
  return { type, kind: "u8", value };
}
export function u16(type: number, value: number): Attribute {
  return { type, kind: "u16", value };
}
export function u32(type: number, value: number): Attribute {
  return { type, kind: "u32", value };
}
export function s32(type: number, value: number): Attribute {
  return { type, kind: "s32", value };
}
export function u64(type: number, value: bigint): Attribute {
  return { type, kind: "u64", value };
}
/** Network byte order, as ports are. */
export function be16(type: number, value: number): Attribute {
  return { type, kind: "be16", value };
}
export function be32(type: number, value: number): Attribute {
  return { type, kind: "be32", value };
}
/** NUL-terminated. */
export function text(type: number, value: string): Attribute {
  return { type, kind: "text", value };
}
/** An IP address in 16 bytes, `union nf_inet_addr`: an IPv4 address fills the first four. */
export function address16(type: number, value: string): Attribute {
  return { type, kind: "address16", value };
}
export function bytes(type: number, value: Uint8Array): Attribute {
  return { type, kind: "bytes", value };
}
/** An attribute whose presence is what it says. */
export function flag(type: number): Attribute {
  return { type, kind: "bytes", value: NOTHING };
}
/** Attributes within an attribute. Add `NESTED` to the type where the family asks for the flag. */
export function nest(type: number, value: readonly Attribute[]): Attribute {
  return { type, kind: "nest", value };
}
const NOTHING = new Uint8Array(0);

export function align4(length: number): number {
  return (length + 3) & ~3;
}

/** Bytes that grow as they are written, reused from message to message. */
export type Writer = { bytes: Buffer; view: DataView; at: number };

export function createWriter(size = 16_384): Writer {
  const bytes = Buffer.alloc(size);
  return { bytes, view: viewOf(bytes), at: 0 };
}

/** Makes room for `length` more bytes. */
export function reserve(writer: Writer, length: number): void {
  const needed = writer.at + length;
  if (needed <= writer.bytes.length) return;
  const grown = Buffer.alloc(Math.max(needed, 2 * writer.bytes.length));
  writer.bytes.copy(grown, 0, 0, writer.at);
  writer.bytes = grown;
  writer.view = viewOf(grown);
}

export function encodeAttributes(attributes: readonly Attribute[]): Buffer {
  const writer = createWriter(256);
  writeAttributes(writer, attributes);
  return writer.bytes.subarray(0, writer.at);
}

export function writeAttributes(writer: Writer, attributes: readonly Attribute[]): void {
  for (const attribute of attributes) writeAttribute(writer, attribute);
}

/** @throws {RangeError} if the attribute is longer than its 16-bit length can say */
function writeAttribute(writer: Writer, attribute: Attribute): void {
  const start = writer.at;
  reserve(writer, HEADER + 8);
  writer.at += HEADER;
  writeValue(writer, attribute);
  const length = writer.at - start;
  if (length > 0xffff)
    throw new RangeError(`netlink attribute ${attribute.type} has ${length} bytes, at most 65535 fit`);
  writer.view.setUint16(start, length, LITTLE_ENDIAN);
  writer.view.setUint16(start + 2, attribute.type, LITTLE_ENDIAN);
  pad(writer);
}

function writeValue(writer: Writer, { kind, value }: Attribute): void {
  switch (kind) {
    case "u8":
      writer.view.setUint8(writer.at, value);
      writer.at += 1;
      return;
    case "u16":
    case "be16":
      writer.view.setUint16(writer.at, value, kind === "u16" && LITTLE_ENDIAN);
      writer.at += 2;
      return;
    case "u32":
    case "be32":
      writer.view.setUint32(writer.at, value, kind === "u32" && LITTLE_ENDIAN);
      writer.at += 4;
      return;
    case "s32":
      writer.view.setInt32(writer.at, value, LITTLE_ENDIAN);
      writer.at += 4;
      return;
    case "u64":
      writer.view.setBigUint64(writer.at, value, LITTLE_ENDIAN);
      writer.at += 8;
      return;
    case "text":
      reserve(writer, 3 * value.length + 4);
      writer.at += writer.bytes.write(value, writer.at);
      writer.bytes[writer.at++] = 0;
      return;
    case "address16":
      reserve(writer, 16);
      writer.bytes.fill(0, writer.at, writer.at + 16);
      writeIp(value, writer.bytes, writer.at);
      writer.at += 16;
      return;
    case "bytes":
      writeBytes(writer, value);
      return;
    case "nest":
      writeAttributes(writer, value);
      return;
  }
}

export function writeBytes(writer: Writer, value: Uint8Array): void {
  reserve(writer, value.length + 3);
  writer.bytes.set(value, writer.at);
  writer.at += value.length;
}

/** The buffer is dirty from earlier messages, so padding is written. */
export function pad(writer: Writer): void {
  reserve(writer, 3);
  while ((writer.at & 3) !== 0) writer.bytes[writer.at++] = 0;
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
