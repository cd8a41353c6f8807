/** `vipd log [SEQ]`: the numbered events that the running vipd remembers, as its log shows them. */
import type { Event } from "../events.ts";
import { logLine } from "../notify/log-line.ts";
import { askDaemon } from "./control-client.ts";
import { WRONG_WORDS } from "./exit.ts";

export async function runLog(words: readonly string[], runDir: string): Promise<number> {
  const [seq = "0", ...more] = words;
  if (!/^\d+$/.test(seq) || more.length > 0) {
    process.stderr.write(
      `vipd log: ${words.join(" ")} is not the number of an event; use "vipd log" or "vipd log 120"\n`,
    );
    return WRONG_WORDS;
  }
  const asked = await askDaemon(runDir, "GET", `/events?since=${seq}`);
  if (!asked.ok) {
    process.stderr.write(`${asked.problem}\n`);
    return 1;
  }
  const { events, complete } = asked.answer.body as { readonly events: readonly Event[]; readonly complete: boolean };
  if (!complete) process.stdout.write("(older events are no longer known)\n");
  for (const event of events)
    process.stdout.write(`${event.seq} ${new Date(event.wallMs).toISOString()} ${logLine(event)}\n`);
  return 0;
}
