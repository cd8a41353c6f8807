/**
 * Netlink in TypeScript: messages are encoded and decoded here, and dgram-ext's sockets carry them. This file is what every family
 * builds on; the families are `netlink/route` (links, addresses, routes, rules) and `netlink/ipvs`. Follows linux/netlink.h,
 * linux/genetlink.h and Documentation/userspace-api/netlink of the kernel.
 *
 *   attribute.ts  trees of attributes → bytes        fields.ts  bytes → attributes by type
 *   message.ts    messages, answers, errors          text.ts    addresses
 *   request.ts    requests, dumps, batches           events.ts  announcements
 *   generic.ts    families found by name
 */
export {
  type Attribute,
  address16,
  be16,
  be32,
  bytes,
  encodeAttributes,
  flag,
  NESTED,
  nest,
  s32,
  text,
  u8,
  u16,
  u32,
  u64,
} from "./attribute.ts";
export { type EventSubscription, type EventsOptions, openEvents } from "./events.ts";
export {
  beOf,
  bytesOf,
  eachField,
  type Fields,
  has,
  nestOf,
  readFields,
  textOf,
  u64Of,
  uintOf,
  wideUintOf,
} from "./fields.ts";
export { decodeFamily, type GenericFamily, genericMessage, getFamily, resolveFamily } from "./generic.ts";
export {
  encodeMessage,
  errorCode,
  FLAG,
  type Message,
  NetlinkError,
  payloadOf,
  type Reply,
  readFailure,
  readMessages,
  struct,
  TYPE,
} from "./message.ts";
export {
  type Netlink,
  type NetlinkOptions,
  netlinkOver,
  type Outcome,
  openNetlink,
  PROTOCOL,
  type Transport,
} from "./request.ts";
