/**
 * The thread that reads a configuration, so that a runaway file costs a reload and nothing else (decision 1). It answers each request
 * with the `Loaded` as JSON, which passes faster than a structured clone, and stays for the next one.
 */
import { hostname, userInfo } from "node:os";
import { parentPort } from "node:worker_threads";
import { loadConfig } from "../config/load.ts";
import { realFiles } from "../os/config-files.ts";
import { machineView } from "../os/machine-view.ts";
import type { ReadAnswer, ReadRequest } from "./read-config.ts";

function answer({ path, configId, tolerant }: ReadRequest): ReadAnswer {
  const name = hostname();
  const { consolidated, ...loaded } = loadConfig(realFiles(), path, {
    configId: configId ?? name.split(".", 1)[0] ?? name,
    tolerant,
    environment: (variable) => process.env[variable],
    random: Math.random,
    hostName: name,
    userName: userInfo().username,
    view: { ...machineView(), latenessMs: () => undefined }, // a start does not wait for that; the vrrp process measures its own
  });
  return { loaded: JSON.stringify(loaded), consolidated };
}

parentPort?.on("message", (request: ReadRequest) => parentPort?.postMessage(answer(request)));
