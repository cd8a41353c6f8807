/** Links (network interfaces): RTM_*LINK of linux/rtnetlink.h, linux/if_link.h, linux/if.h. */
import { type Attribute, bytes, encodeAttributes, nest, text, u32 } from "../attribute.ts";
import { bytesOf, nestOf, readFields, s32At, textOf, u16At, u32At, uintOf } from "../fields.ts";
import { FLAG, type Message, type Reply, struct } from "../message.ts";
import { macFromBytes, macToBytes } from "../text.ts";

/** RTM_* */
export const LINK_TYPE = { new: 16, delete: 17, get: 18 } as const;
/** IFLA_* */
const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  operState: 16,
  linkInfo: 18,
  netnsPid: 19,
  netnsFd: 28,
  extMask: 29,
  carrier: 33,
} as const;
/** IFLA_INFO_* */
const INFO = { kind: 1, data: 2 } as const;
const VETH_INFO_PEER = 1; // linux/veth.h
const IFLA_MACVLAN_MODE = 1;
/** enum macvlan_mode */
const MACVLAN_MODE = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
/** RTEXT_FILTER_SKIP_STATS: leaves the counters out. */
const SKIP_STATS = 8;

/** IFF_*, bits of `Link.flags`. */
export const LINK_FLAG = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  multicast: 0x1000,
  lowerUp: 0x10000,
} as const;

/** IF_OPER_* (RFC 2863), by number. */
const OPER_STATES = ["unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"] as const;
export type OperState = (typeof OPER_STATES)[number];

export type Link = {
  readonly index: number;
  readonly name: string;
  /** LINK_FLAG bits. */
  readonly flags: number;
  /** Switched on by the administrator. */
  readonly up: boolean;
  /** Operational, RFC 2863. */
  readonly running: boolean;
  /** Carrier. */
  readonly lowerUp: boolean;
  readonly operState: OperState;
  readonly carrier: boolean;
  /** Link-layer address; "" where there is none. */
  readonly mac: string;
  readonly mtu: number;
  /** ARPHRD_*: 1 is Ethernet. */
  readonly hardware: number;
  /** `veth`, `bridge`, `macvlan`, …; undefined for hardware and the loopback. */
  readonly kind: string | undefined;
  /** Index of the bridge, bond or VRF that it belongs to. */
  readonly master: number | undefined;
  /** Index of the link below it (macvlan, VLAN) or of the other end (veth, perhaps in another namespace). */
  readonly parent: number | undefined;
};

/** sizeof(struct ifinfomsg): family, pad, hardware (2), index (4), flags (4), change (4). */
const HEADER = 16;

/** For `dump`: all links. */
export function getLinks(): Message {
  return { type: LINK_TYPE.get, flags: 0, header: header(0), attrs: [u32(IFLA.extMask, SKIP_STATS)] };
}

/** For `request`: one link, by index or name; ENODEV if there is none. */
export function getLink(which: number | string): Message {
  const attrs = [u32(IFLA.extMask, SKIP_STATS)];
  if (typeof which === "string") attrs.push(text(IFLA.name, which));
  return { type: LINK_TYPE.get, flags: 0, header: header(typeof which === "number" ? which : 0), attrs };
}

export function setLinkUp(index: number, up: boolean): Message {
  return { type: LINK_TYPE.new, flags: 0, header: header(index, up ? LINK_FLAG.up : 0, LINK_FLAG.up), attrs: [] };
}

/** What may change of a link; a MAC often only while it is down. */
export type LinkChange = {
  readonly name?: string;
  readonly mtu?: number;
  readonly mac?: string;
  /** 0 takes it out of its bridge. */
  readonly master?: number;
  /** Moves it into the network namespace of this process, or the one that the descriptor stands for. */
  readonly namespacePid?: number;
  readonly namespaceFd?: number;
};

export function setLink(index: number, change: LinkChange): Message {
  return { type: LINK_TYPE.new, flags: 0, header: header(index), attrs: changeAttributes(change) };
}

export type NewLink = LinkChange & { readonly name: string; readonly up?: boolean } & (
    | { readonly kind: "dummy" | "bridge" }
    | { readonly kind: "veth"; readonly peer: LinkChange & { readonly name: string } }
    | { readonly kind: "macvlan"; readonly parent: number; readonly mode: keyof typeof MACVLAN_MODE }
  );

export function newLink(link: NewLink): Message {
  const attrs = link.kind === "macvlan" ? [u32(IFLA.link, link.parent)] : [];
  attrs.push(...changeAttributes(link), nest(IFLA.linkInfo, kindAttributes(link)));
  const up = link.up === true ? LINK_FLAG.up : 0;
  return { type: LINK_TYPE.new, flags: FLAG.create | FLAG.exclusive, header: header(0, up, up), attrs };
}

export function deleteLink(which: number | string): Message {
  const attrs = typeof which === "string" ? [text(IFLA.name, which)] : [];
  return { type: LINK_TYPE.delete, flags: 0, header: header(typeof which === "number" ? which : 0), attrs };
}

/** From an answer or an event (RTM_NEWLINK, RTM_DELLINK); undefined for what a bridge says about its ports. */
export function decodeLink(reply: Pick<Reply, "payload">): Link | undefined {
  const { payload } = reply;
  if (payload.length < HEADER || payload.readUInt8(0) !== 0) return undefined;
  const fields = readFields(payload, HEADER);
  const name = textOf(fields, IFLA.name);
  if (name === undefined) return undefined;
  const flags = u32At(payload, 8);
  const info = nestOf(fields, IFLA.linkInfo);
  const lowerUp = (flags & LINK_FLAG.lowerUp) !== 0;
  return {
    index: s32At(payload, 4),
    name,
    flags,
    up: (flags & LINK_FLAG.up) !== 0,
    running: (flags & LINK_FLAG.running) !== 0,
    lowerUp,
    operState: OPER_STATES[uintOf(fields, IFLA.operState) ?? 0] ?? "unknown",
    carrier: (uintOf(fields, IFLA.carrier) ?? (lowerUp ? 1 : 0)) !== 0,
    mac: macFromBytes(bytesOf(fields, IFLA.address) ?? new Uint8Array(0)),
    mtu: uintOf(fields, IFLA.mtu) ?? 0,
    hardware: u16At(payload, 2),
    kind: info === undefined ? undefined : textOf(info, INFO.kind),
    master: uintOf(fields, IFLA.master),
    parent: uintOf(fields, IFLA.link) || undefined,
  };
}

function header(index: number, flags = 0, change = 0): Uint8Array {
  return struct([1, 0], [1, 0], [2, 0], [4, index], [4, flags], [4, change]);
}

function changeAttributes(change: LinkChange): Attribute[] {
  const attrs: Attribute[] = [];
  if (change.name !== undefined) attrs.push(text(IFLA.name, change.name));
  if (change.mtu !== undefined) attrs.push(u32(IFLA.mtu, change.mtu));
  if (change.mac !== undefined) attrs.push(bytes(IFLA.address, macToBytes(change.mac)));
  if (change.master !== undefined) attrs.push(u32(IFLA.master, change.master));
  if (change.namespacePid !== undefined) attrs.push(u32(IFLA.netnsPid, change.namespacePid));
  if (change.namespaceFd !== undefined) attrs.push(u32(IFLA.netnsFd, change.namespaceFd));
  return attrs;
}

function kindAttributes(link: NewLink): readonly Attribute[] {
  const kind = bytes(INFO.kind, Buffer.from(link.kind));
  switch (link.kind) {
    case "dummy":
    case "bridge":
      return [kind];
    case "macvlan":
      return [kind, nest(INFO.data, [u32(IFLA_MACVLAN_MODE, MACVLAN_MODE[link.mode])])];
    case "veth":
      return [kind, nest(INFO.data, [vethPeer(link.peer)])];
  }
}

/** The one attribute that holds a whole link: `struct ifinfomsg`, then attributes. */
function vethPeer(peer: LinkChange): Attribute {
  return bytes(VETH_INFO_PEER, Buffer.concat([header(0), encodeAttributes(changeAttributes(peer))]));
}
