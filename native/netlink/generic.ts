/** Generic netlink: families that are found by name, and the controller that knows them. linux/genetlink.h. */
import { type Attribute, text } from "./attribute.ts";
import { eachField, readFields, textOf, uintOf } from "./fields.ts";
import { type Message, NetlinkError, type Reply } from "./message.ts";
import type { Netlink } from "./request.ts";

export const GENL_ID_CTRL = 0x10;
const CTRL_CMD_GETFAMILY = 3;
/** CTRL_ATTR_* */
const CTRL = { familyId: 1, familyName: 2, version: 3, groups: 7 } as const;
/** CTRL_ATTR_MCAST_GRP_* */
const GROUP = { name: 1, id: 2 } as const;
/** sizeof(struct genlmsghdr): command, version, reserved. */
export const GENERIC_HEADER = 4;

export type GenericFamily = {
  /** The type of its messages. */
  readonly id: number;
  readonly name: string;
  readonly version: number;
  /** Multicast groups by name. */
  readonly groups: ReadonlyMap<string, number>;
};

/** The header of a message of a generic family. */
export function genericHeader(command: number, version: number): Uint8Array {
  return Uint8Array.of(command, version, 0, 0);
}

export function genericMessage(family: number, command: number, version: number, attrs: readonly Attribute[]): Message {
  return { type: family, flags: 0, header: genericHeader(command, version), attrs };
}

export function getFamily(name: string): Message {
  return genericMessage(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, [text(CTRL.familyName, name)]);
}

/** @returns undefined if the kernel has no such family @throws {NetlinkError} for any other refusal */
export function resolveFamily(netlink: Netlink, name: string): GenericFamily | undefined {
  try {
    const [reply] = netlink.request(getFamily(name));
    return reply === undefined ? undefined : decodeFamily(reply);
  } catch (error) {
    if (error instanceof NetlinkError && error.code === "ENOENT") return undefined;
    throw error;
  }
}

export function decodeFamily(reply: Reply): GenericFamily | undefined {
  const fields = readFields(reply.payload, GENERIC_HEADER);
  const id = uintOf(fields, CTRL.familyId);
  const name = textOf(fields, CTRL.familyName);
  if (id === undefined || name === undefined) return undefined;
  const groups = new Map<string, number>();
  const at = fields.start[CTRL.groups];
  if (at !== undefined) {
    eachField(fields.bytes.subarray(at, fields.end[CTRL.groups]), (_index, group) => {
      const entry = readFields(group);
      const groupName = textOf(entry, GROUP.name);
      const groupId = uintOf(entry, GROUP.id);
      if (groupName !== undefined && groupId !== undefined) groups.set(groupName, groupId);
    });
  }
  return { id, name, version: uintOf(fields, CTRL.version) ?? 0, groups };
}
