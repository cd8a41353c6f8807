/** Adverts that count although something in them is strange: told once for each sender and strangeness, with what to do. */
import type { Ip } from "../base/address.ts";
import { formatDuration } from "../base/duration.ts";
import type { Advert } from "./interface.ts";
import { OWNER_PRIORITY } from "./priority.ts";
import type { Router } from "./state.ts";

/** Strange things remembered; a rogue sender cannot make it more. */
const MOST_TOLD = 64;

/** @param newMaster the sender was not the master known before: `skip_check_adv_addr` compares addresses only then */
export function oddities(advert: Advert, from: Ip, router: Router, newMaster: boolean): readonly string[] {
  const { settings } = router;
  const words: string[] = [];
  if (from === router.self)
    words.push(`${from} advertises from our own address; give every router an address of its own`);
  if (advert.priority === OWNER_PRIORITY && settings.priority === OWNER_PRIORITY) {
    words.push(`${from} is owner of the addresses (priority 255) as we are; only one router may be`);
  }
  if (advert.intervalMs !== settings.intervalMs) {
    words.push(
      `${from} advertises every ${formatDuration(advert.intervalMs)}, this instance every ${formatDuration(settings.intervalMs)}; set the same advert_int on both`,
    );
  }
  if (advert.priority !== 0 && (newMaster || settings.checkAddresses === "always")) {
    const ours = router.advert.addresses;
    if (listWords(advert.addresses) !== listWords(ours)) {
      words.push(
        `${from} advertises ${listWords(advert.addresses)}, this instance ${listWords(ours)}; make virtual_ipaddress the same on both`,
      );
    }
  }
  return words;
}

/** Remembers what was told. */
export function createTold(): (words: string) => boolean {
  const told = new Set<string>();
  return (words) => {
    if (told.has(words) || told.size >= MOST_TOLD) return false;
    told.add(words);
    return true;
  };
}

function listWords(addresses: readonly Ip[]): string {
  return addresses.length === 0 ? "no address" : addresses.toSorted().join(", ");
}
