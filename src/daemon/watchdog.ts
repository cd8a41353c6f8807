/** WATCHDOG=1, as long as every process answers: a vipd whose vrrp process hangs is ended by systemd as a whole. */
import type { Clock } from "../base/clock.ts";
import type { Systemd } from "../os/systemd.ts";

/** @param alive whether each process answered within the last `ms` */
export function feedWatchdog(
  clock: Clock,
  systemd: Pick<Systemd, "watchdogMs" | "watchdog">,
  alive: (ms: number) => boolean,
): void {
  const { watchdogMs } = systemd;
  if (watchdogMs === undefined) return;
  const turn = () => {
    if (alive(watchdogMs)) systemd.watchdog();
    clock.after(watchdogMs / 2, turn);
  };
  clock.after(watchdogMs / 2, turn);
}
