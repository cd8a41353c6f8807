/** Sync groups: members go together, so they should want the same. */
import { find } from "../access.ts";
import { hint, type Report, type Saying, warning } from "../problems.ts";
import type { Instance, Subjects } from "./subjects.ts";

export function checkGroups({ groups, instances }: Subjects, report: Report): void {
  const byName = new Map(instances.map((instance) => [instance.name, instance]));
  for (const group of groups) {
    const members = group.members.flatMap((name) => byName.get(name) ?? []);
    const [first] = members;
    if (first === undefined) continue;
    for (const member of members) {
      if (member === first) continue;
      compare(first, member, "priority", priorityOf, differentPriority, report);
      compare(first, member, "nopreempt", ({ nopreempt }) => (nopreempt ? "nopreempt" : "preemption"), differ, report);
      compare(first, member, "advert_int", ({ settings }) => settings && settings.intervalMs / 1000, differ, report);
    }
  }
}

type Different = (what: string, first: Instance, member: Instance, values: readonly [string, string]) => Saying;

function compare(
  first: Instance,
  member: Instance,
  keyword: string,
  read: (instance: Instance) => string | number | undefined,
  say: Different,
  report: Report,
): void {
  const [one, other] = [read(first), read(member)];
  if (one === undefined || other === undefined || one === other) return;
  const at = find(member.block, keyword);
  report.at(at ?? member.block, 1, say(keyword, first, member, [`${one}`, `${other}`]));
}

function priorityOf({ priority }: Instance): number {
  return priority;
}

function differentPriority(
  _: string,
  first: Instance,
  member: Instance,
  [one, other]: readonly [string, string],
): Saying {
  const message = `${member.name} has priority ${other} and ${first.name}, in the same sync group, ${one}: where the other node lies between, each wins one election and drags the other along`;
  return warning("VIPD048", message, `give all members of a group the same priority on one node, such as ${one}`);
}

function differ(what: string, first: Instance, member: Instance, [one, other]: readonly [string, string]): Saying {
  const message = `${member.name} has ${what === "advert_int" ? `advert_int ${other}` : other} and ${first.name}, in the same sync group, ${one}: the group moves by whichever acts first`;
  return hint("VIPD048", message, "let all members of a group agree");
}
