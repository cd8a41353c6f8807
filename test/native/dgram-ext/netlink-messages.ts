/** The few netlink messages that the tests of dgram-ext send. */

const NLM_F_REQUEST = 0x01;
const NLM_F_ACK = 0x04;
const NLM_F_DUMP = 0x300;
const NLMSG_NOOP = 1;
const RTM_GETLINK = 18;

/** RTM_GETLINK for all links: anyone may ask. */
export function dumpLinks(sequence: number): Buffer {
  return message(RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, sequence, Buffer.alloc(16));
}

/** RTM_GETLINK for one link by index: an answer, or ENODEV. */
export function getLink(sequence: number, ifindex: number): Buffer {
  const body = Buffer.alloc(16);
  body.writeInt32LE(ifindex, 4);
  return message(RTM_GETLINK, NLM_F_REQUEST, sequence, body);
}

/** Acknowledged by an NLMSG_ERROR with error 0. */
export function acknowledged(sequence: number): Buffer {
  return message(NLMSG_NOOP, NLM_F_REQUEST | NLM_F_ACK, sequence, Buffer.alloc(0));
}

/** Never answered. */
export function unanswered(sequence: number): Buffer {
  return message(NLMSG_NOOP, NLM_F_REQUEST, sequence, Buffer.alloc(0));
}

/** Of the first message in a datagram. */
export function head(datagram: Buffer | undefined) {
  return {
    type: datagram?.readUInt16LE(4),
    sequence: datagram?.readUInt32LE(8),
    error: datagram?.readUInt16LE(4) === 2 ? datagram.readInt32LE(16) : undefined,
  };
}

function message(type: number, flags: number, sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags, 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}
