/**
 * The numbered stream of events. vipd alone numbers: `{boot, seq, wall, monotonic}`, from 1 and without gaps, so that a reader of
 * `/events?since=` knows whether it missed one.
 */
import type { Clock, WallClock } from "../base/clock.ts";
import type { Event, EventBody } from "../events.ts";
import { createTextRing } from "./text-ring.ts";

export type EventStream = {
  readonly boot: string;
  /** Numbers what happened (at `monotonicMs`, else now) and tells every listener, in the order of their subscription. */
  emit(body: EventBody, monotonicMs?: number): void;
  onEvent(fn: (event: Event) => void): void;
  /** Those numbered above `seq` that are still kept, whether older ones above it are gone, and the number of the newest. */
  since(seq: number): { readonly events: readonly Event[]; readonly complete: boolean; readonly last: number };
};

/** Some 1,500 events. */
const REMEMBERED_BYTES = 512 * 1024;

/** @param bytes how much is remembered for `since`, as JSON */
export function createEventStream(boot: string, clock: Clock & WallClock, bytes = REMEMBERED_BYTES): EventStream {
  const listeners: ((event: Event) => void)[] = [];
  const recent = createTextRing(bytes);
  let seq = 0;
  return {
    boot,
    emit(body, happenedMs) {
      seq += 1;
      const nowMs = clock.now(); // once: in a virtual machine each look at the clock may cost 40 µs
      const monotonicMs = happenedMs ?? nowMs;
      const wallMs = Math.round(clock.wall() - Math.max(0, nowMs - monotonicMs));
      const event: Event = { boot, seq, wallMs, monotonicMs, ...body };
      recent.add(JSON.stringify(event));
      for (const tell of listeners) tell(event);
    },
    onEvent: (fn) => void listeners.push(fn),
    since(after) {
      const known = Math.max(after, seq - recent.count());
      const texts = known >= seq ? [] : recent.newest().slice(known - seq);
      return { events: texts.map((text) => JSON.parse(text) as Event), complete: known <= after, last: seq };
    },
  };
}

/** Names one run: the kernel's boot id and the time of the start within it. */
export function bootName(kernelBootId: string, startedMs: number): string {
  return `${kernelBootId.trim().slice(0, 8)}-${Math.round(startedMs).toString(36)}`;
}
