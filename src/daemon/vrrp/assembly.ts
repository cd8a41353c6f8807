/**
 * A configuration on its way: it comes in pieces, each with its generation, and counts only when it is whole. What belongs to an older
 * generation is dropped.
 */
import type { GroupSettings, RouterSettings, VrrpSettings } from "../../vrrp/settings.ts";
import type { ToVrrp } from "../messages.ts";

export type Begin = Extract<ToVrrp, { type: "begin" }>;
export type Piece = Extract<ToVrrp, { type: "begin" | "routers" | "groups" }>;

/** The newest configuration as far as it has come. */
export type Assembly = {
  readonly begin: Begin;
  readonly routers: readonly RouterSettings[];
  readonly groups: readonly GroupSettings[];
};

export function assemble(assembly: Assembly | undefined, piece: Piece): Assembly | undefined {
  if (piece.type === "begin") {
    const isOlder = assembly !== undefined && piece.generation < assembly.begin.generation;
    return isOlder ? assembly : { begin: piece, routers: [], groups: [] };
  }
  if (assembly === undefined || piece.generation !== assembly.begin.generation) return assembly;
  switch (piece.type) {
    case "routers":
      return { ...assembly, routers: [...assembly.routers, ...piece.routers] };
    case "groups":
      return { ...assembly, groups: [...assembly.groups, ...piece.groups] };
  }
}

export function settingsOf({ begin, routers, groups }: Assembly): VrrpSettings {
  return { routers, groups, startupDelayMs: begin.startupDelayMs, announceGapMs: begin.announceGapMs };
}
