/** Clocks of the kernel, and timers on one of them. */

import { check, systemError } from "./errors.ts";
import { native } from "./native.ts";
import type { Timer } from "./types.ts";

/** CLOCK_BOOTTIME in milliseconds with fractions: monotonic, and it counts the time that the machine was asleep. */
export function boottimeMs(): number {
  return native.boottimeMs();
}

/** CLOCK_REALTIME in milliseconds with fractions: the clock of the kernel's receive stamps. */
export function realtimeMs(): number {
  return native.realtimeMs();
}

/** A timerfd on CLOCK_BOOTTIME. It keeps the event loop alive while it is armed; close it when it is no longer needed. */
export function openTimer(onExpired: () => void): Timer {
  const handle = native.openTimer();
  if (typeof handle === "number") throw systemError("timerfd_create", "", -handle);
  native.reference(handle, false);
  check(native.watch(handle, onExpired, false), "watch", () => "of a timer");
  const close = () => native.close(handle);
  return {
    armAt(atMs) {
      if (!Number.isFinite(atMs)) throw new RangeError(`A timer cannot be armed at ${atMs} ms`);
      check(native.armTimer(handle, Math.max(atMs, 0)), "timerfd_settime", () => `at ${atMs} ms`);
    },
    disarm() {
      if (native.descriptor(handle) >= 0) check(native.armTimer(handle, -1), "timerfd_settime", () => "to disarm");
    },
    close,
    [Symbol.dispose]: close,
  };
}
