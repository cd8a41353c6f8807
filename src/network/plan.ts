/**
 * Which addresses to add and which to remove: desired against actual. Only `ours` may go; what nobody here asked for stays as it is.
 * The plan is whole before anything is done, so that it can be logged, tested, and carried out in slices.
 *
 * IPv4 has a trap. The first address of a subnet on a link is its primary, later ones are secondaries, and where the sysctl
 * promote_secondaries is 0 the kernel deletes the secondaries together with their primary: the plan puts the survivors back.
 */
import { familyOf, type Ip, inNetwork } from "../base/address.ts";
import type { AddressKey } from "../base/address-key.ts";

/** An address as somebody wants it. */
export type VirtualAddress = {
  readonly ip: Ip;
  readonly length: number;
  readonly link: string;
  /** Linux scope number: 0 global, 200 site, 253 link, 254 host. */
  readonly scope: number;
  /** IPv4 only. */
  readonly label: string | undefined;
  /** IPv4 only. */
  readonly broadcast: Ip | undefined;
  readonly peer: Ip | undefined;
  readonly noPrefixRoute: boolean;
  /** IPv6 only: a home address of Mobile IPv6. */
  readonly home: boolean;
  /** IPv6 only, s; undefined = a /128 is deprecated from the start (no source of new connections), others are preferred for ever. */
  readonly preferredSeconds: number | undefined;
};

/** An address as the kernel has it. */
export type KernelAddress = {
  readonly link: string;
  readonly ip: Ip;
  readonly length: number;
  /** The far end of a point-to-point address. */
  readonly peer: Ip | undefined;
  readonly broadcast: Ip | undefined;
  readonly label: string | undefined;
  readonly scope: number;
  /** IFA_F_SECONDARY; IPv4 only. */
  readonly secondary: boolean;
  /** IFA_PROTO: who added it; 0 = unknown, or a kernel before 5.18. */
  readonly protocol: number;
};

export type AddressCommand =
  | { readonly op: "add"; readonly key: AddressKey; readonly address: VirtualAddress }
  | { readonly op: "delete"; readonly key: AddressKey; readonly address: KernelAddress }
  /** Somebody else's address that the kernel takes away with one of ours: exactly as it was. */
  | { readonly op: "restore"; readonly key: AddressKey; readonly address: KernelAddress };

export type AddressWish = {
  readonly desired: ReadonlyMap<AddressKey, VirtualAddress>;
  readonly actual: ReadonlyMap<AddressKey, KernelAddress>;
  /** What may be removed. An owner's address that stood before us is not among them. */
  readonly ours: ReadonlySet<AddressKey>;
  /** Whether promote_secondaries is in force on a link. */
  readonly promotes: (link: string) => boolean;
  /** Look at these keys only. */
  readonly marked: Iterable<AddressKey>;
};

/**
 * Deletes come first, secondaries before primaries; then adds in the order of `marked`. What is there with another label or scope than
 * is wanted is made anew: the kernel changes neither in place.
 */
export function planAddresses(wish: AddressWish): readonly AddressCommand[] {
  const deletes: KernelDelete[] = [];
  const adds: AddressCommand[] = [];
  for (const key of wish.marked) {
    const address = wish.desired.get(key);
    const actual = wish.actual.get(key);
    const fits = address !== undefined && actual !== undefined && isAsWanted(actual, address);
    if (actual !== undefined && !fits && wish.ours.has(key)) deletes.push({ op: "delete", key, address: actual });
    if (address !== undefined && (actual === undefined || (!fits && wish.ours.has(key)))) {
      adds.push({ op: "add", key, address });
    }
  }
  deletes.sort((a, b) => Number(b.address.secondary) - Number(a.address.secondary));
  return [...deletes, ...survivors(deletes, wish), ...adds];
}

/** IPv6 has no label, and its scope is the address's own. */
function isAsWanted(actual: KernelAddress, wanted: VirtualAddress): boolean {
  if (familyOf(wanted.ip) === "ipv6") return true;
  const sameLabel = (actual.label ?? actual.link) === (wanted.label ?? wanted.link);
  return sameLabel && actual.scope === wanted.scope;
}

type KernelDelete = Extract<AddressCommand, { op: "delete" }>;

function survivors(deletes: readonly KernelDelete[], wish: AddressWish): readonly AddressCommand[] {
  const primaries = deletes.filter(({ address }) => takesOthersAlong(address) && !wish.promotes(address.link));
  if (primaries.length === 0) return [];
  const gone = new Set(deletes.map(({ key }) => key));
  const back: AddressCommand[] = [];
  for (const [key, address] of wish.actual) {
    if (gone.has(key) || !primaries.some((primary) => followsPrimary(address, primary.address))) continue;
    const desired = wish.desired.get(key);
    back.push(desired === undefined ? { op: "restore", key, address } : { op: "add", key, address: desired });
  }
  return back;
}

function takesOthersAlong(address: KernelAddress): boolean {
  return !address.secondary && familyOf(address.ip) === "ipv4";
}

function followsPrimary(address: KernelAddress, primary: KernelAddress): boolean {
  if (!address.secondary || address.link !== primary.link || address.length !== primary.length) return false;
  return inNetwork(address.ip, { ip: primary.ip, length: primary.length });
}
