/** The real machine, as the vrrp process uses it. */
import { openAddresses } from "../../os/addresses.ts";
import { openAnnouncements } from "../../os/announcements.ts";
import { openClock } from "../../os/clock.ts";
import { openLinks } from "../../os/links.ts";
import { openPromotion } from "../../os/promotion.ts";
import { openVrrpSockets } from "../../os/vrrp-sockets.ts";
import type { Machine } from "./room.ts";

export function realMachine(): Machine {
  return {
    openClock: (turn) => openClock(turn),
    openLinks,
    openAddresses,
    openAnnouncements,
    openSockets: openVrrpSockets,
    promotion: openPromotion(true),
  };
}
