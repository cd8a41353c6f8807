/** Who goes on as master where a process before this one ended (`machine.ts` says for how long that is right). */
import type { FormerMasters } from "./interface.ts";
import type { RouterSettings, VrrpSettings } from "./settings.ts";

/** When an instance was last master in a process before this one: a group goes on as a whole or not at all. */
export function formerly(
  { groups }: VrrpSettings,
  former: FormerMasters | undefined,
): (settings: RouterSettings) => number | undefined {
  const masters = new Set(former?.masters);
  const split = new Set(
    groups.filter(({ members }) => members.some((key) => !masters.has(key))).map(({ name }) => name),
  );
  return ({ key, group }) =>
    masters.has(key) && (group === undefined || !split.has(group)) ? former?.aliveMs : undefined;
}
