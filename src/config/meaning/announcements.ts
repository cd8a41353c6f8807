/** Gratuitous ARP after a failover: without enough of it, neighbours go on sending to the node that is gone. */
import { find } from "../access.ts";
import { hint, type Report } from "../problems.ts";
import type { Statement } from "../statement.ts";
import type { Subjects } from "./subjects.ts";

export function checkAnnouncements({ instances, defs }: Subjects, report: Report): void {
  if (defs !== undefined) checkBlock(defs, "vrrp_garp_master_", report);
  for (const { block } of instances) checkBlock(block, "garp_master_", report);
}

function checkBlock(block: Statement, prefix: string, report: Report): void {
  const repeat = find(block, `${prefix}repeat`);
  if (repeat?.value === 0) {
    const message = `${repeat.words[0]} 0 would announce nothing after a failover: 1 is taken`;
    report.at(repeat, 1, hint("VIPD051", message, "write 1 or more; 5 is the default"));
  }
  const refresh = find(block, `${prefix}refresh`);
  const delay = find(block, `${prefix}delay`);
  if (delay?.value === 0 && (typeof refresh?.value !== "number" || refresh.value === 0)) {
    const message = `${delay.words[0]} 0 leaves the second round of announcements out: a switch that was busy during the first never learns of the failover`;
    report.at(delay, 1, hint("VIPD051", message, `write ${delay.words[0]} 5, or add ${prefix}refresh 60`));
  }
}
