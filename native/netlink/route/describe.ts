/** Requests of this family in words, from the request itself: for logs, and for errors. */

import { s32At } from "../fields.ts";
import { FLAG, type Message, payloadOf } from "../message.ts";
import { ADDRESS_TYPE, describeAddress } from "./addresses.ts";
import { decodeRouteEvent } from "./events.ts";
import { LINK_TYPE } from "./links.ts";
import { describeRoute, ROUTE_TYPE } from "./routes.ts";
import { describeRule, RULE_TYPE } from "./rules.ts";

/** `add address 192.0.2.9/24 on link 3` */
export function describeRequest(message: Message): string {
  const event = decodeRouteEvent({ type: message.type, payload: payloadOf(message) });
  const deed = event?.gone === true ? "delete" : "add";
  switch (event?.type) {
    case "address":
      return `${deed} address ${describeAddress(event.address)}`;
    case "route":
      return `${deed} route ${describeRoute(event.route)}`;
    case "rule":
      return `${deed} ${describeRule(event.rule)}`;
    case "link":
      return `${event.gone ? "delete" : (message.flags & FLAG.create) === 0 ? "change" : "add"} link ${event.link.name}`;
    default:
      return describeOther(message);
  }
}

function describeOther(message: Message): string {
  switch (message.type) {
    case LINK_TYPE.new:
      return `change link ${s32At(payloadOf(message), 4)}`;
    case LINK_TYPE.delete:
      return `delete link ${s32At(payloadOf(message), 4)}`;
    case LINK_TYPE.get:
      return "read links";
    case ADDRESS_TYPE.get:
      return "read addresses";
    case ROUTE_TYPE.get:
      return "read routes";
    case RULE_TYPE.get:
      return "read rules";
    default:
      return `do route request ${message.type}`;
  }
}
