/**
 * Thousands of rough timers for the price of one: everything due within the same tick fires together. A timer of its own for every
 * check costs more than the check (decisions 16).
 */
import type { Clock } from "../base/clock.ts";

export type Wheel = {
  /** Calls `fn` once at `atMs` or up to one tick later, never earlier, unless cancelled first. */
  at(atMs: number, fn: () => void): Entry;
  stop(): void;
};
export type Entry = { cancel(): void };

type Slot = { fn: (() => void) | undefined; cancel(): void };

export function createWheel(clock: Clock, tickMs: number): Wheel {
  const slots = new Map<number, Slot[]>();
  let armed: { readonly tick: number; readonly timer: Disposable } | undefined;

  function arm(tick: number): void {
    if (armed !== undefined && armed.tick <= tick) return;
    armed?.timer[Symbol.dispose]();
    armed = { tick, timer: clock.after(Math.max(0, tick * tickMs - clock.now()), turn) };
  }

  function turn(): void {
    armed = undefined;
    const now = Math.floor(clock.now() / tickMs + 1e-9);
    for (const tick of [...slots.keys()].filter((tick) => tick <= now).sort((a, b) => a - b)) {
      const due = slots.get(tick) ?? [];
      slots.delete(tick);
      for (const slot of due) fire(slot);
    }
    if (slots.size > 0) arm(Math.min(...slots.keys()));
  }

  return {
    at(atMs, fn) {
      const tick = Math.ceil(Math.max(atMs, clock.now()) / tickMs);
      const slot: Slot = { fn, cancel };
      const list = slots.get(tick);
      if (list === undefined) slots.set(tick, [slot]);
      else list.push(slot);
      arm(tick);
      return slot;
    },
    stop() {
      armed?.timer[Symbol.dispose]();
      armed = undefined;
      slots.clear();
    },
  };
}

/** The slot stays in its list, empty: taking it out would cost a search. */
function cancel(this: Slot): void {
  this.fn = undefined;
}

function fire(slot: Slot): void {
  const fn = slot.fn;
  slot.fn = undefined;
  fn?.();
}
