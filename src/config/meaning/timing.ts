/** Intervals: shorter than this machine keeps in time, or so long that a failover takes minutes. */
import { find } from "../access.ts";
import { hint, type Report, warning } from "../problems.ts";
import { masterDownMs } from "./election.ts";
import type { Subjects } from "./subjects.ts";
import type { NetworkView } from "./view.ts";
import { seconds } from "./words.ts";

/** Above this no machine has trouble; the measurement is saved. */
const DELICATE_MS = 100;
/** A failover that takes longer is hardly wanted. */
const LONG_MS = 30_000;

export function checkTiming({ instances }: Subjects, view: NetworkView, report: Report): void {
  let lateness: { readonly ms: number | undefined } | undefined;
  for (const { name, block, priority, settings } of instances) {
    const written = find(block, "advert_int");
    if (settings === undefined || written === undefined) continue;
    const { intervalMs, downAdverts } = settings;
    if (intervalMs < DELICATE_MS) {
      lateness ??= { ms: view.latenessMs() };
      const spareMs = (downAdverts - 1) * intervalMs;
      if (lateness.ms === undefined || lateness.ms < spareMs / 2) continue;
      const message = `advert_int ${seconds(intervalMs)} is too short for this machine: a timer was ${seconds(lateness.ms)} late in a short test now, and peers of ${name} take over when an advert is ${seconds(spareMs)} late (${downAdverts} × ${seconds(intervalMs)} less the one it waits for)`;
      const remedy = `write advert_int ${saferSeconds(lateness.ms)} or more on every node, or find what keeps the machine busy`;
      report.at(written, 1, warning("VIPD049", message, remedy));
    } else if (downAdverts * intervalMs > LONG_MS) {
      const message = `a peer of ${name} notices its silence after ${seconds(masterDownMs(priority, settings))} only: ${downAdverts} × ${seconds(intervalMs)} and its skew`;
      report.at(written, 1, hint("VIPD050", message, "write advert_int 1 on every node, unless this is meant"));
    }
  }
}

/** An interval at which this lateness is a quarter of what peers wait for. */
function saferSeconds(latenessMs: number): number {
  return Math.ceil((latenessMs * 2) / 10) / 100;
}
