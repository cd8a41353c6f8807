/** Routes: RTM_*ROUTE of linux/rtnetlink.h. */
import { type Attribute, bytes, nest, u8, u32 } from "../attribute.ts";
import { bytesOf, eachField, type Fields, readFields, u32At, uintOf } from "../fields.ts";
import { FLAG, type Message, type Reply, struct } from "../message.ts";
import { type Family, familyNumber, familyOf, ipToBytes } from "../text.ts";
import { gateway, gatewayOf, multipath, type NextHop, nextHopsOf } from "./nexthops.ts";
import { ipOf, prefixBytes, prefixOf, ROUTE_PROTOCOL, SCOPE, TABLE } from "./values.ts";

/** RTM_* */
export const ROUTE_TYPE = { new: 24, delete: 25, get: 26 } as const;
/** RTA_* */
const RTA = {
  destination: 1,
  source: 2,
  oif: 4,
  priority: 6,
  preferredSource: 7,
  metrics: 8,
  flow: 11,
  table: 15,
  preference: 20,
} as const;
/** RTAX_*: `Route.metrics` by name. */
const METRIC = {
  lock: 1,
  mtu: 2,
  window: 3,
  rtt: 4,
  rttvar: 5,
  ssthresh: 6,
  cwnd: 7,
  advmss: 8,
  reordering: 9,
  hoplimit: 10,
  initcwnd: 11,
  features: 12,
  rto_min: 13,
  initrwnd: 14,
  quickack: 15,
} as const;
export type MetricName = keyof typeof METRIC;

/** RTN_*, by number. */
const KINDS = [
  "unspec",
  "unicast",
  "local",
  "broadcast",
  "anycast",
  "multicast",
  "blackhole",
  "unreachable",
  "prohibit",
  "throw",
] as const;
export type RouteKind = (typeof KINDS)[number];

/** RTM_F_CLONED: an entry of a cache, no route. */
const CLONED = 0x200;
/** ICMPV6_ROUTER_PREF_* */
const PREFERENCES = { low: 3, medium: 0, high: 1 } as const;

export type Route = {
  readonly family: Family;
  /** `192.0.2.0/24`; undefined = the default route. */
  readonly destination: string | undefined;
  /** `from`: source prefix (IPv6 only). */
  readonly from: string | undefined;
  readonly kind: RouteKind;
  readonly table: number;
  /** ROUTE_PROTOCOL or any other number up to 255. */
  readonly protocol: number;
  /** SCOPE */
  readonly scope: number;
  readonly tos: number;
  readonly gateway: string | undefined;
  readonly ifindex: number | undefined;
  /** NEXT_HOP_FLAG bits. */
  readonly flags: number;
  /** Preference among routes to the same destination; IPv6 has 1024 where none is given. */
  readonly metric: number | undefined;
  /** Source address for what this node itself sends. */
  readonly source: string | undefined;
  readonly metrics: { readonly [name in MetricName]?: number };
  /** More than one way; then `gateway` and `ifindex` are undefined. */
  readonly nextHops: readonly NextHop[];
  /** Realms: source << 16 | destination. */
  readonly realms: number | undefined;
  readonly preference: keyof typeof PREFERENCES | undefined;
};

export type NewRoute = Pick<Route, "family"> & { readonly [K in keyof Route]?: Route[K] | undefined };

/** sizeof(struct rtmsg): family, dst_len, src_len, tos, table, protocol, scope, type, flags (4). */
const HEADER = 12;

/** @param mode `create` is refused with EEXIST if it is there; `append` adds an IPv6 next hop or a further route */
export function newRoute(route: NewRoute, mode: "create" | "replace" | "append" = "create"): Message {
  const how = {
    create: FLAG.create | FLAG.exclusive,
    replace: FLAG.create | FLAG.replace,
    append: FLAG.create | FLAG.append,
  };
  const kind = route.kind ?? "unicast";
  const head = header(route, {
    protocol: route.protocol ?? ROUTE_PROTOCOL.boot,
    scope: route.scope ?? defaultScope(route, kind),
    kind,
  });
  return { type: ROUTE_TYPE.new, flags: how[mode], header: head, attrs: attributes(route) };
}

/** Deletes the route that has all that is given; what is left out matches any. */
export function deleteRoute(route: NewRoute): Message {
  const head = header(route, {
    protocol: route.protocol ?? ROUTE_PROTOCOL.unspec,
    scope: route.scope ?? SCOPE.nowhere,
    kind: route.kind ?? "unspec",
  });
  return { type: ROUTE_TYPE.delete, flags: 0, header: head, attrs: attributes(route) };
}

/** For `dump`: all routes of a family, or (on a strict socket) those of a table, protocol or link. */
export function getRoutes(
  filter: {
    readonly family?: Family;
    readonly table?: number;
    readonly protocol?: number;
    readonly ifindex?: number;
  } = {},
): Message {
  const family = filter.family === undefined ? 0 : familyNumber(filter.family);
  const head = struct([1, family], [1, 0], [1, 0], [1, 0], [1, 0], [1, filter.protocol ?? 0], [1, 0], [1, 0], [4, 0]);
  const attrs: Attribute[] = [];
  if (filter.table !== undefined) attrs.push(u32(RTA.table, filter.table));
  if (filter.ifindex !== undefined) attrs.push(u32(RTA.oif, filter.ifindex));
  return { type: ROUTE_TYPE.get, flags: 0, header: head, attrs };
}

/** From an answer or an event (RTM_NEWROUTE, RTM_DELROUTE); undefined for other families and cached entries. */
export function decodeRoute(reply: Pick<Reply, "payload">): Route | undefined {
  const { payload } = reply;
  if (payload.length < HEADER) return undefined;
  const family = familyOf(payload.readUInt8(0));
  if (family === undefined || (u32At(payload, 8) & CLONED) !== 0) return undefined;
  const fields = readFields(payload, HEADER);
  const preference = uintOf(fields, RTA.preference);
  return {
    family,
    destination: prefixOf(fields, RTA.destination, payload.readUInt8(1)),
    from: prefixOf(fields, RTA.source, payload.readUInt8(2)),
    kind: KINDS[payload.readUInt8(7)] ?? "unspec",
    table: uintOf(fields, RTA.table) ?? payload.readUInt8(4),
    protocol: payload.readUInt8(5),
    scope: payload.readUInt8(6),
    tos: payload.readUInt8(3),
    gateway: gatewayOf(fields),
    ifindex: uintOf(fields, RTA.oif),
    flags: u32At(payload, 8),
    metric: uintOf(fields, RTA.priority),
    source: ipOf(fields, RTA.preferredSource),
    metrics: metricsOf(fields),
    nextHops: nextHopsOf(fields),
    realms: uintOf(fields, RTA.flow),
    preference: preference === undefined ? undefined : preferenceName(preference),
  };
}

/** `192.0.2.0/24 via 10.0.0.1 dev 3 table 254` */
export function describeRoute(route: NewRoute): string {
  const words = [
    route.kind === undefined || route.kind === "unicast" || route.kind === "unspec" ? "" : route.kind,
    route.destination ?? `${route.family} default`,
  ];
  if (route.gateway !== undefined) words.push(`via ${route.gateway}`);
  if (route.ifindex !== undefined) words.push(`on link ${route.ifindex}`);
  words.push(`in table ${route.table ?? TABLE.main}`);
  return words.filter((word) => word !== "").join(" ");
}

function header(
  route: NewRoute,
  given: { readonly protocol: number; readonly scope: number; readonly kind: RouteKind },
): Uint8Array {
  const table = route.table ?? TABLE.main;
  return struct(
    [1, familyNumber(route.family)],
    [1, prefixBytes(route.destination).length],
    [1, prefixBytes(route.from).length],
    [1, route.tos ?? 0],
    [1, table < 256 ? table : 0],
    [1, given.protocol],
    [1, given.scope],
    [1, KINDS.indexOf(given.kind)],
    [4, route.flags ?? 0],
  );
}

/** As `ip route` chooses: local routes end here, those without gateway on the link, all others anywhere. IPv6 has no scopes. */
function defaultScope(route: NewRoute, kind: RouteKind): number {
  if (route.family === "ipv6") return SCOPE.global;
  if (kind === "local") return SCOPE.host;
  if (kind === "broadcast" || kind === "multicast" || kind === "anycast") return SCOPE.link;
  const direct = route.gateway === undefined && (route.nextHops ?? []).length === 0;
  return kind === "unicast" && direct ? SCOPE.link : SCOPE.global;
}

function attributes(route: NewRoute): readonly Attribute[] {
  const attrs: Attribute[] = [];
  if (route.destination !== undefined) attrs.push(bytes(RTA.destination, prefixBytes(route.destination).bytes));
  if (route.from !== undefined) attrs.push(bytes(RTA.source, prefixBytes(route.from).bytes));
  if (route.gateway !== undefined) attrs.push(gateway(route.family, route.gateway));
  if (route.source !== undefined) attrs.push(bytes(RTA.preferredSource, ipToBytes(route.source)));
  if (route.table !== undefined && route.table > 255) attrs.push(u32(RTA.table, route.table));
  if (route.metric !== undefined) attrs.push(u32(RTA.priority, route.metric));
  if (route.ifindex !== undefined) attrs.push(u32(RTA.oif, route.ifindex));
  if (route.nextHops !== undefined && route.nextHops.length > 0) attrs.push(multipath(route.family, route.nextHops));
  if (route.realms !== undefined) attrs.push(u32(RTA.flow, route.realms));
  if (route.preference !== undefined) attrs.push(u8(RTA.preference, PREFERENCES[route.preference]));
  const metrics = Object.entries(route.metrics ?? {});
  if (metrics.length > 0) attrs.push(nest(RTA.metrics, metrics.map(metric)));
  return attrs;
}

function metric([name, value]: [string, number]): Attribute {
  return u32(METRIC[name as MetricName], value);
}

function metricsOf(fields: Fields): { readonly [name in MetricName]?: number } {
  const block = bytesOf(fields, RTA.metrics);
  const metrics: { [name in MetricName]?: number } = {};
  if (block === undefined) return metrics;
  eachField(block, (type, value) => {
    const name = METRIC_NAMES.get(type);
    if (name !== undefined && value.length === 4) metrics[name] = u32At(value, 0);
  });
  return metrics;
}
const METRIC_NAMES: ReadonlyMap<number, MetricName> = new Map(
  Object.entries(METRIC).map(([name, number]) => [number, name as MetricName]),
);

function preferenceName(number: number): keyof typeof PREFERENCES {
  if (number === PREFERENCES.high) return "high";
  return number === PREFERENCES.low ? "low" : "medium";
}
