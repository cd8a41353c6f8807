/** Routing rules: RTM_*RULE of linux/rtnetlink.h, linux/fib_rules.h. */
import { type Attribute, bytes, text, u8, u32 } from "../attribute.ts";
import { bytesOf, type Fields, has, readFields, textOf, u16At, u32At, uintOf } from "../fields.ts";
import { FLAG, type Message, type Reply, struct } from "../message.ts";
import { type Family, familyNumber, familyOf } from "../text.ts";
import { prefixBytes, prefixOf, TABLE } from "./values.ts";

/** RTM_* */
export const RULE_TYPE = { new: 32, delete: 33, get: 34 } as const;
/** FRA_* */
const FRA = {
  destination: 1,
  source: 2,
  iif: 3,
  goto: 4,
  priority: 6,
  mark: 10,
  realms: 11,
  suppressGroup: 13,
  suppressLength: 14,
  table: 15,
  mask: 16,
  oif: 17,
  l3mdev: 19,
  uidRange: 20,
  protocol: 21,
  ipProtocol: 22,
  sourcePorts: 23,
  destinationPorts: 24,
} as const;
/** FR_ACT_*, by number. */
const ACTIONS = [
  "unspec",
  "table",
  "goto",
  "nop",
  "reserved3",
  "reserved4",
  "blackhole",
  "unreachable",
  "prohibit",
] as const;
export type RuleAction = (typeof ACTIONS)[number];
const FIB_RULE_INVERT = 2;

export type Range = { readonly from: number; readonly to: number };

export type Rule = {
  readonly family: Family;
  /** Preference: smaller is asked first. */
  readonly priority: number;
  readonly action: RuleAction;
  /** Where `action` is `table`. */
  readonly table: number;
  readonly invert: boolean;
  /** Prefixes; undefined = any. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly tos: number;
  /** Names of links; they need not exist. */
  readonly iif: string | undefined;
  readonly oif: string | undefined;
  readonly mark: number | undefined;
  readonly mask: number | undefined;
  readonly realms: number | undefined;
  /** Priority of the rule to go on with. */
  readonly goto: number | undefined;
  readonly suppressLength: number | undefined;
  readonly suppressGroup: number | undefined;
  readonly l3mdev: boolean;
  readonly users: Range | undefined;
  /** IPPROTO_* */
  readonly ipProtocol: number | undefined;
  readonly sourcePorts: Range | undefined;
  readonly destinationPorts: Range | undefined;
  /** ROUTE_PROTOCOL: who made it. */
  readonly protocol: number;
};

export type NewRule = Pick<Rule, "family"> & { readonly [K in keyof Rule]?: Rule[K] | undefined };

/** What FRA_SUPPRESS_* say for "not at all". */
const NONE = 0xffff_ffff;
/** sizeof(struct fib_rule_hdr): family, dst_len, src_len, tos, table, res (2), action, flags (4). */
const HEADER = 12;

/** Refused with EEXIST if an equal one is there. Without priority the kernel takes the one before the first of the others. */
export function newRule(rule: NewRule): Message {
  const flags = FLAG.create | FLAG.exclusive;
  return { type: RULE_TYPE.new, flags, header: header(rule, true), attrs: attributes(rule) };
}

/** Deletes the first rule that has all that is given. */
export function deleteRule(rule: NewRule): Message {
  return { type: RULE_TYPE.delete, flags: 0, header: header(rule, false), attrs: attributes(rule) };
}

/** For `dump`: all rules of a family. */
export function getRules(family: Family): Message {
  const head = struct([1, familyNumber(family)], [1, 0], [2, 0], [4, 0], [4, 0]);
  return { type: RULE_TYPE.get, flags: 0, header: head, attrs: [] };
}

/** From an answer or an event (RTM_NEWRULE, RTM_DELRULE); undefined for other families. */
export function decodeRule(reply: Pick<Reply, "payload">): Rule | undefined {
  const { payload } = reply;
  if (payload.length < HEADER) return undefined;
  const family = familyOf(payload.readUInt8(0));
  if (family === undefined) return undefined;
  const fields = readFields(payload, HEADER);
  return {
    family,
    priority: uintOf(fields, FRA.priority) ?? 0,
    action: ACTIONS[payload.readUInt8(7)] ?? "unspec",
    table: uintOf(fields, FRA.table) ?? payload.readUInt8(4),
    invert: (u32At(payload, 8) & FIB_RULE_INVERT) !== 0,
    from: prefixOf(fields, FRA.source, payload.readUInt8(2)),
    to: prefixOf(fields, FRA.destination, payload.readUInt8(1)),
    tos: payload.readUInt8(3),
    iif: textOf(fields, FRA.iif),
    oif: textOf(fields, FRA.oif),
    mark: uintOf(fields, FRA.mark),
    mask: uintOf(fields, FRA.mask),
    realms: uintOf(fields, FRA.realms),
    goto: uintOf(fields, FRA.goto),
    suppressLength: unlessNone(uintOf(fields, FRA.suppressLength)),
    suppressGroup: unlessNone(uintOf(fields, FRA.suppressGroup)),
    l3mdev: has(fields, FRA.l3mdev) && uintOf(fields, FRA.l3mdev) !== 0,
    users: rangeOf(fields, FRA.uidRange),
    ipProtocol: uintOf(fields, FRA.ipProtocol),
    sourcePorts: rangeOf(fields, FRA.sourcePorts),
    destinationPorts: rangeOf(fields, FRA.destinationPorts),
    protocol: uintOf(fields, FRA.protocol) ?? 0,
  };
}

/** `ipv4 rule 100 from 192.0.2.0/24 table 7` */
export function describeRule(rule: NewRule): string {
  const words = [`${rule.family} rule`];
  if (rule.priority !== undefined) words.push(`${rule.priority}`);
  if (rule.from !== undefined) words.push(`from ${rule.from}`);
  if (rule.to !== undefined) words.push(`to ${rule.to}`);
  if (actionOf(rule) !== "unspec")
    words.push(actionOf(rule) === "table" ? `table ${rule.table ?? TABLE.main}` : actionOf(rule));
  return words.join(" ");
}

function actionOf(rule: NewRule): RuleAction {
  return rule.action ?? (rule.goto === undefined ? "table" : "goto");
}

/** Only a new rule needs an action: a deletion without table or action matches any. */
function header(rule: NewRule, isNew: boolean): Uint8Array {
  const given = isNew || rule.action !== undefined || rule.goto !== undefined;
  const action = given || rule.table !== undefined ? actionOf(rule) : "unspec";
  const table = rule.table ?? (isNew && action === "table" && rule.l3mdev !== true ? TABLE.main : 0);
  return struct(
    [1, familyNumber(rule.family)],
    [1, prefixBytes(rule.to).length],
    [1, prefixBytes(rule.from).length],
    [1, rule.tos ?? 0],
    [1, table < 256 ? table : 0],
    [2, 0],
    [1, ACTIONS.indexOf(action)],
    [4, rule.invert === true ? FIB_RULE_INVERT : 0],
  );
}

function attributes(rule: NewRule): readonly Attribute[] {
  const attrs: Attribute[] = [];
  if (rule.from !== undefined) attrs.push(bytes(FRA.source, prefixBytes(rule.from).bytes));
  if (rule.to !== undefined) attrs.push(bytes(FRA.destination, prefixBytes(rule.to).bytes));
  pushNumber(attrs, FRA.priority, rule.priority);
  pushNumber(attrs, FRA.mark, rule.mark);
  pushNumber(attrs, FRA.mask, rule.mask);
  pushNumber(attrs, FRA.realms, rule.realms);
  if (rule.table !== undefined && rule.table > 255) attrs.push(u32(FRA.table, rule.table));
  pushNumber(attrs, FRA.suppressLength, rule.suppressLength);
  pushNumber(attrs, FRA.suppressGroup, rule.suppressGroup);
  if (rule.iif !== undefined) attrs.push(text(FRA.iif, rule.iif));
  if (rule.oif !== undefined) attrs.push(text(FRA.oif, rule.oif));
  if (rule.l3mdev === true) attrs.push(u8(FRA.l3mdev, 1));
  if (rule.users !== undefined) attrs.push(bytes(FRA.uidRange, struct([4, rule.users.from], [4, rule.users.to])));
  if (rule.ipProtocol !== undefined) attrs.push(u8(FRA.ipProtocol, rule.ipProtocol));
  if (rule.sourcePorts !== undefined) attrs.push(ports(FRA.sourcePorts, rule.sourcePorts));
  if (rule.destinationPorts !== undefined) attrs.push(ports(FRA.destinationPorts, rule.destinationPorts));
  pushNumber(attrs, FRA.goto, rule.goto);
  if (rule.protocol !== undefined) attrs.push(u8(FRA.protocol, rule.protocol));
  return attrs;
}

function pushNumber(attrs: Attribute[], type: number, value: number | undefined): void {
  if (value !== undefined) attrs.push(u32(type, value));
}

function ports(type: number, range: Range): Attribute {
  return bytes(type, struct([2, range.from], [2, range.to]));
}

/** Two numbers of 2 or 4 bytes, in the order of the machine even for ports. */
function rangeOf(fields: Fields, type: number): Range | undefined {
  const value = bytesOf(fields, type);
  if (value?.length === 4) return { from: u16At(value, 0), to: u16At(value, 2) };
  return value?.length === 8 ? { from: u32At(value, 0), to: u32At(value, 4) } : undefined;
}

function unlessNone(value: number | undefined): number | undefined {
  return value === NONE ? undefined : value;
}
