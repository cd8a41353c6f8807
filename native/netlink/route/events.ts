/** Announcements of links, addresses, routes and rules, decoded. */
import { type EventSubscription, openEvents } from "../events.ts";
import type { Reply } from "../message.ts";
import { PROTOCOL } from "../request.ts";
import { ADDRESS_TYPE, type Address, decodeAddress } from "./addresses.ts";
import { decodeLink, LINK_TYPE, type Link } from "./links.ts";
import { decodeRoute, ROUTE_TYPE, type Route } from "./routes.ts";
import { decodeRule, RULE_TYPE, type Rule } from "./rules.ts";

/** What the kernel announces. `gone: false` also for changes. */
export type RouteEvent =
  | { readonly type: "link"; readonly gone: boolean; readonly link: Link }
  | { readonly type: "address"; readonly gone: boolean; readonly address: Address }
  | { readonly type: "route"; readonly gone: boolean; readonly route: Route }
  | { readonly type: "rule"; readonly gone: boolean; readonly rule: Rule };

/** RTNLGRP_* */
const GROUPS = { link: [1], address: [5, 9], route: [7, 11], rule: [8, 19] } as const;

/**
 * Open it before reading the tables: then nothing is missed in between.
 * @param onLost announcements were lost: read the tables again
 */
export function openRouteEvents(options: {
  readonly topics: readonly (keyof typeof GROUPS)[];
  readonly onEvent: (event: RouteEvent) => void;
  readonly onLost: () => void;
  readonly bufferBytes?: number;
}): EventSubscription {
  const { topics, onEvent, ...rest } = options;
  return openEvents({
    ...rest,
    protocol: PROTOCOL.route,
    groups: topics.flatMap((topic) => [...GROUPS[topic]]),
    onEvent: (message) => {
      const event = decodeRouteEvent(message);
      if (event !== undefined) onEvent(event);
    },
  });
}

/** @returns undefined for messages and families that are not of this family's four kinds */
export function decodeRouteEvent(message: Pick<Reply, "type" | "payload">): RouteEvent | undefined {
  switch (message.type) {
    case LINK_TYPE.new:
    case LINK_TYPE.delete: {
      const link = decodeLink(message);
      return link && { type: "link", gone: message.type === LINK_TYPE.delete, link };
    }
    case ADDRESS_TYPE.new:
    case ADDRESS_TYPE.delete: {
      const address = decodeAddress(message);
      return address && { type: "address", gone: message.type === ADDRESS_TYPE.delete, address };
    }
    case ROUTE_TYPE.new:
    case ROUTE_TYPE.delete: {
      const route = decodeRoute(message);
      return route && { type: "route", gone: message.type === ROUTE_TYPE.delete, route };
    }
    case RULE_TYPE.new:
    case RULE_TYPE.delete: {
      const rule = decodeRule(message);
      return rule && { type: "rule", gone: message.type === RULE_TYPE.delete, rule };
    }
    default:
      return undefined;
  }
}
