/** What a new configuration changes, in words; for `vipd reload`. */
import { isDeepStrictEqual } from "node:util";
import type { GroupSettings, RouterSettings, VrrpSettings } from "../../vrrp/settings.ts";

export function changesBetween(before: VrrpSettings | undefined, after: VrrpSettings): readonly string[] {
  const routers = compare(before?.routers ?? [], after.routers, (router) => router.key, describeRouter);
  const groups = compare(before?.groups ?? [], after.groups, (group) => group.name, describeGroup);
  return [...routers, ...groups];
}

function compare<T extends object>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (one: T) => string,
  describe: (one: T) => string,
): readonly string[] {
  const old = new Map(before.map((one) => [keyOf(one), one]));
  const now = new Set(after.map(keyOf));
  const changes: string[] = [];
  for (const one of after) {
    const former = old.get(keyOf(one));
    if (former === undefined) changes.push(`${describe(one)} added`);
    else if (!isDeepStrictEqual(former, one))
      changes.push(`${describe(one)} changed: ${fieldsThatDiffer(former, one)}`);
  }
  for (const one of before) if (!now.has(keyOf(one))) changes.push(`${describe(one)} removed`);
  return changes;
}

function fieldsThatDiffer<T extends object>(before: T, after: T): string {
  const old = new Map<string, unknown>(Object.entries(before));
  const names = Object.entries(after).filter(([name, value]) => !isDeepStrictEqual(old.get(name), value));
  return names.map(([name]) => name).join(", ");
}

function describeRouter(router: RouterSettings): string {
  return `vrrp_instance ${router.name}`;
}

function describeGroup(group: GroupSettings): string {
  return `vrrp_sync_group ${group.name}`;
}
