/** Messages: `struct nlmsghdr` of linux/netlink.h, a header of the family, attributes; and what the kernel answers. */
import { constants } from "node:os";
import { getSystemErrorMessage } from "node:util";
import {
  type Attribute,
  align4,
  createWriter,
  LITTLE_ENDIAN,
  pad,
  reserve,
  type Writer,
  writeAttributes,
  writeBytes,
} from "./attribute.ts";
import { readFields, s32At, textOf, u16At, u32At, uintOf } from "./fields.ts";

/** A request as data. `header` is what the family puts before the attributes (`struct ifaddrmsg`, `genlmsghdr`, …). */
export type Message = {
  readonly type: number;
  /** NLM_F_*; request and acknowledgement flags are added when it is sent. */
  readonly flags: number;
  readonly header: Uint8Array;
  readonly attrs: readonly Attribute[];
};

/** A message from the kernel; `payload` begins with the family's header. */
export type Reply = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Buffer;
};

/** NLM_F_* */
export const FLAG = {
  request: 0x01,
  multi: 0x02,
  ack: 0x04,
  dumpInterrupted: 0x10,
  /** For requests that make something. */
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** NLM_F_ROOT | NLM_F_MATCH, for requests that read. */
  dump: 0x300,
  /** In answers: only the header of the request is quoted; attributes follow. */
  capped: 0x100,
  ackAttributes: 0x200,
} as const;

/** NLMSG_* */
export const TYPE = { noop: 1, error: 2, done: 3, overrun: 4 } as const;

/** Offsets in `struct nlmsghdr`. */
const AT = { length: 0, type: 4, flags: 6, sequence: 8, port: 12, payload: 16 } as const;
/** NLMSGERR_ATTR_* */
const EXTENDED = { message: 1, offset: 2 } as const;

/** What the kernel refused. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** `EEXIST` */
  readonly code: string;
  /** Positive. */
  readonly errno: number;
  /** What the kernel said about it (extended acknowledgement), if anything. */
  readonly detail: string | undefined;
  /** Where in the request the offending attribute begins, from the start of `nlmsghdr`. */
  readonly offset: number | undefined;

  constructor(deed: string, failure: Failure) {
    const code = errorCode(failure.errno);
    super(`Cannot ${deed}: ${code} (${failure.detail ?? getSystemErrorMessage(-failure.errno)})`);
    this.code = code;
    this.errno = failure.errno;
    this.detail = failure.detail;
    this.offset = failure.offset;
  }
}

export type Failure = {
  readonly errno: number;
  readonly detail: string | undefined;
  readonly offset: number | undefined;
};

const CODES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .filter(([code]) => code !== "EWOULDBLOCK" && code !== "ENOTSUP")
    .map(([code, errno]) => [errno, code]),
);

/** `EPERM` for 1. */
export function errorCode(errno: number): string {
  return CODES.get(errno) ?? `errno ${errno}`;
}

/** One message by itself, with header and sequence number. */
export function encodeMessage(message: Message, flags: number, sequence: number): Buffer {
  const writer = createWriter(512);
  writeMessage(writer, message, flags, sequence);
  return writer.bytes.subarray(0, writer.at);
}

/** What follows the header: as in an answer, so that requests can be decoded too. */
export function payloadOf(message: Message): Buffer {
  return encodeMessage(message, 0, 0).subarray(AT.payload);
}

/** Appends a message; every one begins and ends at a multiple of four. */
export function writeMessage(writer: Writer, message: Message, flags: number, sequence: number): void {
  const start = writer.at;
  reserve(writer, AT.payload);
  writer.at += AT.payload;
  writeBytes(writer, message.header);
  pad(writer);
  writeAttributes(writer, message.attrs);
  const { view } = writer;
  view.setUint32(start + AT.length, writer.at - start, LITTLE_ENDIAN);
  view.setUint16(start + AT.type, message.type, LITTLE_ENDIAN);
  view.setUint16(start + AT.flags, message.flags | flags, LITTLE_ENDIAN);
  view.setUint32(start + AT.sequence, sequence, LITTLE_ENDIAN);
  view.setUint32(start + AT.port, 0, LITTLE_ENDIAN);
}

/** The messages of a datagram. Never throws: a malformed message ends the reading. */
export function readMessages(datagram: Buffer): readonly Reply[] {
  const messages: Reply[] = [];
  for (let at = 0; at + AT.payload <= datagram.length; ) {
    const length = u32At(datagram, at + AT.length);
    if (length < AT.payload || at + length > datagram.length) break;
    messages.push({
      type: u16At(datagram, at + AT.type),
      flags: u16At(datagram, at + AT.flags),
      sequence: u32At(datagram, at + AT.sequence),
      payload: datagram.subarray(at + AT.payload, at + length),
    });
    at += align4(length);
  }
  return messages;
}

/** What an NLMSG_ERROR or NLMSG_DONE says; undefined where it says that all is well. */
export function readFailure(reply: Reply): Failure | undefined {
  const { payload, flags, type } = reply;
  if (payload.length < 4) return undefined;
  const errno = -s32At(payload, 0);
  if (errno <= 0) return undefined;
  if ((flags & FLAG.ackAttributes) === 0) return { errno, detail: undefined, offset: undefined };
  const fields = readFields(payload, type === TYPE.done ? 4 : quotedEnd(payload, flags));
  return { errno, detail: textOf(fields, EXTENDED.message), offset: uintOf(fields, EXTENDED.offset) };
}

/** Where the request that an NLMSG_ERROR quotes ends: its header only, or all of it. */
function quotedEnd(payload: Buffer, flags: number): number {
  if ((flags & FLAG.capped) !== 0 || payload.length < 8) return 4 + AT.payload;
  return 4 + align4(Math.min(u32At(payload, 4), payload.length));
}

/** A header of the family as bytes in the machine's order: `[size in bytes, value]` each. */
export function struct(...members: readonly (readonly [size: 1 | 2 | 4, value: number])[]): Uint8Array {
  const header = new Uint8Array(members.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(header.buffer);
  let at = 0;
  for (const [size, value] of members) {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, LITTLE_ENDIAN);
    else view.setInt32(at, value, LITTLE_ENDIAN);
    at += size;
  }
  return header;
}
