/** Files, processes and BFD sessions that instances and groups track. */
import {
  type Block,
  blocksIn,
  ipIn,
  isOn,
  linesIn,
  numberIn,
  numberOrDefault,
  says,
  textIn,
  valueIn,
  weightIn,
} from "./reading.ts";
import type { BfdSettings, TrackFile, TrackProcess } from "./settings.ts";

export function filesOf(root: Block): readonly TrackFile[] {
  return [...blocksIn(root, "track_file"), ...blocksIn(root, "vrrp_track_file")].map((block) => {
    const name = block.names[0] ?? "";
    return { name, path: textIn(block, "file"), ...weightIn(block), trackedBy: trackersOf(root, "track_file", name) };
  });
}

export function processesOf(root: Block): readonly TrackProcess[] {
  return blocksIn(root, "vrrp_track_process").map((block) => {
    const name = block.names[0] ?? "";
    const delay = numberOrDefault(block, "delay");
    return {
      name,
      command: valueIn(block, "process", "words")?.words ?? [],
      match: matchOf(block),
      ...weightIn(block),
      quorum: numberOrDefault(block, "quorum"),
      quorumMax: numberIn(block, "quorum_max"),
      startDelayMs: numberIn(block, "fork_delay") ?? delay,
      endDelayMs: numberIn(block, "terminate_delay") ?? delay,
      fullCommand: says(block, "full_command"),
      trackedBy: trackersOf(root, "track_process", name),
    };
  });
}

function matchOf(block: Block): TrackProcess["match"] {
  if (!says(block, "param_match")) return "name";
  const text = textIn(block, "param_match");
  return text === "initial" || text === "partial" ? text : "exact";
}

export function bfdOf(root: Block): readonly BfdSettings[] {
  return blocksIn(root, "bfd_instance").map((block) => {
    const name = block.names[0] ?? "";
    return {
      name,
      neighbour: ipIn(block, "neighbor_ip") ?? ipIn(block, "neighbour_ip"),
      source: ipIn(block, "source_ip"),
      minRxMs: numberOrDefault(block, "min_rx"),
      minTxMs: numberOrDefault(block, "min_tx"),
      idleTxMs: numberOrDefault(block, "idle_tx"),
      multiplier: numberOrDefault(block, "multiplier"),
      passive: says(block, "passive"),
      multihop: isOn(block, "multihop") ?? false,
      ttl: numberIn(block, "ttl") ?? numberIn(block, "hoplimit"),
      maxHops: numberOrDefault(block, "max_hops"),
      ...weightIn(block),
      trackedBy: trackersOf(root, "track_bfd", name),
    };
  });
}

/** The instances and groups that list it. */
function trackersOf(root: Block, list: string, name: string): readonly string[] {
  return [...blocksIn(root, "vrrp_instance"), ...blocksIn(root, "vrrp_sync_group")]
    .filter((owner) => linesIn(owner, list).some(({ subject }) => subject === name))
    .map(({ names }) => names[0] ?? "");
}
