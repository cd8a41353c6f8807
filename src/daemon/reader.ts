/**
 * The thread that reads a configuration, so that a runaway file costs a reload and nothing else (decision 1). It stays for the next
 * request, and remembers what it read for it.
 */
import { hostname, userInfo } from "node:os";
import { parentPort } from "node:worker_threads";
import { loadConfig } from "../config/load.ts";
import { createMemory } from "../config/memory.ts";
import { realFiles } from "../os/config-files.ts";
import { machineView } from "../os/machine-view.ts";
import { type Before, type Handover, pack } from "./handover.ts";
import type { ReadRequest } from "./read-config.ts";

const memory = createMemory();
let before: Before = [];

function answer({ path, configId, tolerant }: ReadRequest): Handover {
  const name = hostname();
  const loaded = loadConfig(realFiles(), path, {
    configId: configId ?? name.split(".", 1)[0] ?? name,
    tolerant,
    environment: (variable) => process.env[variable],
    random: Math.random,
    hostName: name,
    userName: userInfo().username,
    memory,
    view: { ...machineView(), latenessMs: () => undefined }, // a start does not wait for that; the vrrp process measures its own
  });
  const { handover, now } = pack(loaded, before);
  before = now;
  return handover;
}

parentPort?.on("message", (request: ReadRequest) => parentPort?.postMessage(answer(request)));
