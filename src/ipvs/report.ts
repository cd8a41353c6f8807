/** Operations in words and numbers, for events and for the log of a dry run. */
import type { Op } from "./plan.ts";
import { type Destination, destinationKey, SERVICE_FLAG, type Service } from "./table.ts";

/** In the order in which they are done; the numbers are IPVS_CMD_* of linux/ip_vs.h. */
const WORDS = {
  addService: { verb: "add", noun: "service", command: 1 },
  setService: { verb: "change", noun: "service", command: 2 },
  addDestination: { verb: "add", noun: "server", command: 5 },
  setDestination: { verb: "change", noun: "server", command: 6 },
  deleteDestination: { verb: "remove", noun: "server", command: 7 },
  deleteService: { verb: "remove", noun: "service", command: 3 },
} as const satisfies Readonly<Record<Op["op"], object>>;

/** IPVS_CMD_SET_CONFIG */
export const SET_TIMEOUTS_COMMAND = 12;

/** `add 3 servers, change 1 server` */
export function summarize(ops: readonly Op[]): string {
  const counts = new Map<Op["op"], number>();
  for (const { op } of ops) counts.set(op, (counts.get(op) ?? 0) + 1);
  return Object.entries(WORDS)
    .flatMap(([op, { verb, noun }]) => {
      const count = counts.get(op as Op["op"]);
      return count === undefined ? [] : [`${verb} ${count} ${noun}${count === 1 ? "" : "s"}`];
    })
    .join(", ");
}

export function commandOf({ op }: Op): number {
  return WORDS[op].command;
}

/** `add server 192.0.2.11:80 weight 1 DR to tcp 192.0.2.1:80` */
export function describeOp(op: Op): string {
  const { verb, noun } = WORDS[op.op];
  switch (op.op) {
    case "addService":
    case "setService":
      return `${verb} ${noun} ${op.key} ${serviceText(op.service)}`;
    case "deleteService":
      return `${verb} ${noun} ${op.key}`;
    case "addDestination":
    case "setDestination":
      return `${verb} ${noun} ${destinationKey(op.destination)} ${destinationText(op.destination)} ${op.op === "addDestination" ? "to" : "of"} ${op.key}`;
    case "deleteDestination":
      return `${verb} ${noun} ${destinationKey(op.destination)} of ${op.key}`;
  }
}

function serviceText({ scheduler, flags, timeoutSeconds, netmask, pe }: Service): string {
  const words = [`scheduler ${scheduler}`];
  if ((flags & SERVICE_FLAG.flag1) !== 0) words.push("flag-1");
  if ((flags & SERVICE_FLAG.flag2) !== 0) words.push("flag-2");
  if ((flags & SERVICE_FLAG.flag3) !== 0) words.push("flag-3");
  if ((flags & SERVICE_FLAG.onePacket) !== 0) words.push("one-packet");
  if ((flags & SERVICE_FLAG.persistent) !== 0) words.push(`persistent ${timeoutSeconds} s per /${netmask}`);
  if (pe !== undefined) words.push(`engine ${pe}`);
  return words.join(" ");
}

function destinationText({ weight, forwarding, upperThreshold, lowerThreshold }: Destination): string {
  const way = forwarding.method === "TUN" ? `TUN ${forwarding.tunnel}` : forwarding.method;
  const limits = upperThreshold === 0 && lowerThreshold === 0 ? "" : ` thresholds ${lowerThreshold}-${upperThreshold}`;
  return `weight ${weight} ${way}${limits}`;
}
