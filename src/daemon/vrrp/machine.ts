/** The real machine, as the vrrp process uses it. */
import { openAddresses } from "../../os/addresses.ts";
import { openAnnouncements } from "../../os/announcements.ts";
import { openClock } from "../../os/clock.ts";
import { openLinks } from "../../os/links.ts";
import { openPromotion } from "../../os/promotion.ts";
import { openVrrpSockets } from "../../os/vrrp-sockets.ts";
import type { Machine } from "./room.ts";

/** @param promoted is told of each link on which promote_secondaries was switched on */
export function realMachine(promoted: (link: string) => void): Machine {
  return {
    openClock: (turn) => openClock(turn),
    openLinks,
    openAddresses,
    openAnnouncements,
    openSockets: openVrrpSockets,
    promotion: openPromotion(true, promoted),
  };
}
