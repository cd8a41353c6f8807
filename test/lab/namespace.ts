/** Sockets of this process in the network namespace of a node. */
import { openSync } from "node:fs";
import { enterNamespace } from "dgram-ext";
import type { LabNode } from "./net.ts";

/** Keeps the way back open. */
const home = openSync("/proc/self/ns/net", "r");

/** Runs `fn` while this process is in the node's namespace; the sockets that it opens stay there. Not for `async` functions. */
export function inside<T>(node: LabNode, fn: () => T): T {
  enterNamespace(`/run/netns/${node.namespace}`, "network");
  try {
    return fn();
  } finally {
    enterNamespace(`/proc/self/fd/${home}`, "network");
  }
}
