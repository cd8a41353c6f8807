/**
 * The family `route` (NETLINK_ROUTE): links, addresses, routes, rules. A request is made by one of the functions for it, as data;
 * it is sent by the socket that `openRoute` opens, alone or with others; answers and announcements are decoded into values.
 *
 *   using route = openRoute();
 *   const links = listLinks(route);
 *   route.request(newAddress({ ifindex: 2, ip: "192.0.2.9", length: 24 }));
 *
 * Everything here takes the kernel's rtnl lock. Where a thread must not wait for it, use the functions named `…Async`.
 */
import type { Reply } from "../message.ts";
import { type Netlink, openNetlink, PROTOCOL } from "../request.ts";
import { type Address, decodeAddress, getAddresses } from "./addresses.ts";
import { describeRequest } from "./describe.ts";
import { decodeLink, getLinks, type Link } from "./links.ts";
import { decodeRoute, getRoutes, type Route } from "./routes.ts";
import { decodeRule, getRules, type Rule } from "./rules.ts";

export {
  ADDRESS_FLAG,
  type Address,
  decodeAddress,
  deleteAddress,
  describeAddress,
  getAddresses,
  type NewAddress,
  newAddress,
} from "./addresses.ts";
export { describeRequest } from "./describe.ts";
export { decodeRouteEvent, openRouteEvents, type RouteEvent } from "./events.ts";
export {
  decodeLink,
  deleteLink,
  getLink,
  getLinks,
  LINK_FLAG,
  type Link,
  type LinkChange,
  type NewLink,
  newLink,
  type OperState,
  setLink,
  setLinkUp,
} from "./links.ts";
export { NEXT_HOP_FLAG, type NextHop } from "./nexthops.ts";
export {
  decodeRoute,
  deleteRoute,
  describeRoute,
  getRoutes,
  type NewRoute,
  newRoute,
  type Route,
  type RouteKind,
} from "./routes.ts";
export {
  decodeRule,
  deleteRule,
  describeRule,
  getRules,
  type NewRule,
  newRule,
  type Rule,
  type RuleAction,
} from "./rules.ts";
export { ROUTE_PROTOCOL, SCOPE, TABLE } from "./values.ts";

/** A socket for requests of this family; errors name what was to be done. */
export function openRoute(options: { readonly timeoutMs?: number } = {}): Netlink {
  return openNetlink({ protocol: PROTOCOL.route, strict: true, describe: describeRequest, ...options });
}

export function listLinks(route: Netlink): readonly Link[] {
  return decodeAll(route.dump(getLinks()), decodeLink);
}
export async function listLinksAsync(route: Netlink): Promise<readonly Link[]> {
  return decodeAll(await route.dumpAsync(getLinks()), decodeLink);
}
export function listAddresses(route: Netlink, filter?: Parameters<typeof getAddresses>[0]): readonly Address[] {
  return decodeAll(route.dump(getAddresses(filter)), decodeAddress);
}
export async function listAddressesAsync(
  route: Netlink,
  filter?: Parameters<typeof getAddresses>[0],
): Promise<readonly Address[]> {
  return decodeAll(await route.dumpAsync(getAddresses(filter)), decodeAddress);
}
export function listRoutes(route: Netlink, filter?: Parameters<typeof getRoutes>[0]): readonly Route[] {
  return decodeAll(route.dump(getRoutes(filter)), decodeRoute);
}
export async function listRoutesAsync(
  route: Netlink,
  filter?: Parameters<typeof getRoutes>[0],
): Promise<readonly Route[]> {
  return decodeAll(await route.dumpAsync(getRoutes(filter)), decodeRoute);
}
/** Of both families. */
export function listRules(route: Netlink): readonly Rule[] {
  return decodeAll([...route.dump(getRules("ipv4")), ...route.dump(getRules("ipv6"))], decodeRule);
}
export async function listRulesAsync(route: Netlink): Promise<readonly Rule[]> {
  const replies = [...(await route.dumpAsync(getRules("ipv4"))), ...(await route.dumpAsync(getRules("ipv6")))];
  return decodeAll(replies, decodeRule);
}

function decodeAll<T>(replies: readonly Reply[], decode: (reply: Reply) => T | undefined): readonly T[] {
  return replies.flatMap((reply) => decode(reply) ?? []);
}
