/** `vrrp_sync_group`: joins instances, and settles what membership changes in them. */
import type { GroupSettings, RouterSettings, Tracking } from "../vrrp/settings.ts";
import { find, findAll, has } from "./access.ts";
import type { BuiltRouter } from "./build-router.ts";
import { type Scripts, trackersOf } from "./build-track.ts";
import { doubtful, nearest, type Report, warning } from "./problems.ts";
import type { Statement } from "./statement.ts";

export type Grouped = { readonly routers: readonly RouterSettings[]; readonly groups: readonly GroupSettings[] };

export function buildGroups(
  blocks: readonly Statement[],
  built: readonly BuiltRouter[],
  scripts: Scripts,
  report: Report,
): Grouped {
  const byName = new Map(built.map((router) => [router.name, router]));
  const groupOf = new Map<string, GroupSettings>();
  const groups = new Map<string, GroupSettings>();
  for (const block of blocks) {
    const name = block.words[1] ?? "";
    if (groups.has(name)) {
      report.at(
        block,
        1,
        doubtful("VIPD014", `vrrp_sync_group ${name} stands twice; the first counts`, "rename or remove one"),
      );
      continue;
    }
    const members = membersOf(name, block, byName, groupOf, report);
    if (members.length === 0) {
      block.rule = undefined;
      continue;
    }
    const group: GroupSettings = {
      name,
      members: members.map(({ key }) => key),
      trackers: trackersOf(block, { scripts, report, subject: name, ownInterface: undefined }),
      trackingWeight: has(block, "sync_group_tracking_weight") || has(block, "global_tracking"),
    };
    groups.set(name, group);
    for (const member of members) groupOf.set(member.name, group);
  }
  const routers = built.flatMap(({ settings, block }) =>
    settings === undefined ? [] : [joined(settings, block, groupOf.get(settings.name), report)],
  );
  return { routers, groups: [...groups.values()] };
}

function membersOf(
  name: string,
  block: Statement,
  byName: ReadonlyMap<string, BuiltRouter>,
  groupOf: ReadonlyMap<string, GroupSettings>,
  report: Report,
): readonly RouterSettings[] {
  const members: RouterSettings[] = [];
  let listed = 0;
  let named = 0;
  for (const line of findAll(block, "group").flatMap(({ body }) => body ?? [])) {
    for (const [index, member] of line.words.entries()) {
      named++;
      const router = byName.get(member);
      const other = groupOf.get(member)?.name;
      if (router === undefined) {
        const near = nearest(member, byName.keys());
        const remedy = near === undefined ? "define it, or remove it from the group" : `did you mean ${near}?`;
        report.at(line, index, doubtful("VIPD013", `${name} lists ${member}, which is no vrrp_instance`, remedy));
      } else if (other !== undefined) {
        report.at(
          line,
          index,
          doubtful("VIPD014", `${member} is a member of ${other} already`, "an instance can be in one group only"),
        );
      } else {
        listed++;
        if (router.settings === undefined)
          report.at(
            line,
            index,
            warning("VIPD019", `${name} goes on without ${member}, which is left out`, "see the message about it"),
          );
        else if (!members.includes(router.settings)) members.push(router.settings);
      }
    }
  }
  if (named === 0 || listed > 0) sayMembers(name, block, listed, report);
  return members;
}

function sayMembers(name: string, block: Statement, listed: number, report: Report): void {
  const at = find(block, "group") ?? block;
  if (listed === 0)
    report.at(
      at,
      0,
      doubtful("VIPD012", `vrrp_sync_group ${name} has no members and is ignored`, "list instances in its group block"),
    );
  if (listed === 1)
    report.at(
      at,
      0,
      doubtful(
        "VIPD015",
        `vrrp_sync_group ${name} has only one member`,
        "a group is for two or more; remove it, or add the other",
      ),
    );
}

/** Weights of members have no effect in a group unless it says so (behaviour 39). */
function joined(
  router: RouterSettings,
  block: Statement,
  group: GroupSettings | undefined,
  report: Report,
): RouterSettings {
  if (group === undefined) return router;
  const trackers = group.trackingWeight
    ? router.trackers
    : router.trackers.flatMap((tracking) => withoutWeight(tracking, router, block, report));
  return { ...router, group: group.name, trackers };
}

function withoutWeight(
  tracking: Tracking,
  router: RouterSettings,
  block: Statement,
  report: Report,
): readonly Tracking[] {
  if (tracking.weight === 0) return [tracking];
  const isInterface = tracking.tracker === "interface";
  const what = isInterface ? "its failure means FAULT" : "it is not tracked";
  const message = `${router.name} is in a sync group, where the weight of ${tracking.id} has no effect: ${what}`;
  report.at(
    find(block, `track_${tracking.tracker}`) ?? block,
    0,
    doubtful("VIPD015", message, "add sync_group_tracking_weight to the group, or use weight 0"),
  );
  return isInterface ? [{ ...tracking, weight: 0 }] : [];
}
