/** Which addresses routers may put on links, and the keys of those. */
import { type AddressKey, addressKey } from "../base/address-key.ts";
import type { VirtualAddress } from "./plan.ts";

/** What a router has: the addresses that it advertises, and those that it only holds. */
export type Addresses<A extends VirtualAddress = VirtualAddress> = {
  readonly addresses: readonly A[];
  readonly excluded: readonly A[];
};

export function keyOf(address: VirtualAddress): AddressKey {
  return addressKey(address.link, address.ip, address.length);
}

/** Everything that these routers may ever put on a link; vipd journals it before it hands the settings out. */
export function keysOf(routers: readonly Addresses[]): ReadonlySet<AddressKey> {
  return new Set(routers.flatMap((router) => addressesOf(router)).map(keyOf));
}

/** What a master holds, in the order in which it is added: the advertised addresses, then the excluded ones. */
export function addressesOf<A extends VirtualAddress>(router: Addresses<A>): readonly A[] {
  return router.excluded.length === 0 ? router.addresses : [...router.addresses, ...router.excluded];
}
