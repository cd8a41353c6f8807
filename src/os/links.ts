/**
 * What the kernel says of links and their addresses: kept from its events, read again as a whole at start, when events were lost, and every minute.
 * Whole dumps wait for kernel locks, so they run on a thread; what an event touched while a dump was under way is newer than the dump.
 */
import {
  ADDRESS_FLAG,
  type Address,
  decodeAddress,
  decodeLink,
  getAddresses,
  getLinks,
  type Link,
  openRoute,
  openRouteEvents,
  type RouteEvent,
} from "netlink/route";
import { familyOf, type Ip, isLinkLocal, parseIp } from "../base/address.ts";
import { type AddressKey, addressKey } from "../base/address-key.ts";
import type { KernelAddress } from "../network/plan.ts";
import type { LinkState } from "../vrrp/interface.ts";
import { inSlices } from "./slices.ts";

export type Links = {
  /** What is known of a link; `present: false` for a name that no link has. */
  state(name: string): LinkState;
  indexOf(name: string): number | undefined;
  /** Every address of every link. */
  readonly addresses: ReadonlyMap<AddressKey, KernelAddress>;
  /** Reads the events that wait now. */
  drain(): void;
  /** Reads everything again. */
  refresh(): Promise<void>;
  close(): void;
};

export type LinkListener = {
  /** Something of this link changed: state, addresses, or it went away. At most once a turn for each. */
  readonly onLink: (name: string) => void;
  readonly onAddress: (key: AddressKey, what: "added" | "removed") => void;
  /** Virtual addresses are no source to send from. */
  readonly isVirtual: (key: AddressKey) => boolean;
  /** Everything was read again. */
  readonly onRefreshed: () => void;
  /** A dump failed: what is known may be out of date. */
  readonly onTrouble: (error: unknown) => void;
};

/** A lock of the kernel may be held for long; nobody waits for a dump. */
const TIMEOUT_MS = 60_000;

type Known = {
  readonly link: Link;
  readonly addresses: Map<AddressKey, { readonly flags: number; readonly address: KernelAddress }>;
};

export function openLinks(listener: LinkListener): Links {
  const byIndex = new Map<number, Known>();
  const byName = new Map<string, Known>();
  const addresses = new Map<AddressKey, KernelAddress>();
  const changed = new Set<string>();
  /** What events touched since the running dump began; undefined while none runs. */
  let touched: Set<string> | undefined;
  let dumping: Promise<void> | undefined;
  let again = false;
  let telling = false;

  const requests = openRoute({ timeoutMs: TIMEOUT_MS });
  const events = openRouteEvents({ topics: ["link", "address"], onEvent: hear, onLost: () => void refresh() });

  function hear(event: RouteEvent): void {
    if (event.type === "link") {
      touched?.add(`link ${event.link.index}`);
      if (event.gone) dropLink(event.link.index);
      else setLink(event.link);
    }
    if (event.type === "address") hearAddress(event.address, event.gone);
  }

  function hearAddress(address: Address, gone: boolean): void {
    // of a link that the running dump has not shown yet: the next one tells
    if (!gone && !byIndex.has(address.ifindex)) {
      void refresh();
      return;
    }
    touched?.add(idOf(address));
    if (gone) dropAddress(address);
    else setAddress(address);
  }

  function setLink(link: Link): void {
    const known = byIndex.get(link.index);
    if (known !== undefined && known.link.name !== link.name) dropLink(link.index); // renamed: another link to everybody
    const record: Known = { link, addresses: byIndex.get(link.index)?.addresses ?? new Map() };
    byIndex.set(link.index, record);
    byName.set(link.name, record);
    tell(link.name);
    // its addresses were said under the old name, or before the link was
    if (known !== undefined && known.link.name !== link.name) void refresh();
  }

  function dropLink(index: number): void {
    const known = byIndex.get(index);
    if (known === undefined) return;
    byIndex.delete(index);
    if (byName.get(known.link.name) === known) byName.delete(known.link.name);
    for (const key of known.addresses.keys()) {
      addresses.delete(key);
      listener.onAddress(key, "removed");
    }
    tell(known.link.name);
  }

  function setAddress(said: Address): void {
    const known = byIndex.get(said.ifindex);
    const address = known === undefined ? undefined : kernelAddress(said, known.link.name);
    if (known === undefined || address === undefined) return;
    const key = addressKey(address.link, address.ip, address.length);
    const isNew = !known.addresses.has(key);
    known.addresses.set(key, { flags: said.flags, address });
    addresses.set(key, address);
    if (isNew) listener.onAddress(key, "added");
    tell(address.link);
  }

  function dropAddress(said: Pick<Address, "ifindex" | "ip" | "length">): void {
    const known = byIndex.get(said.ifindex);
    const ip = parseIp(said.ip);
    if (known === undefined || ip === undefined) return;
    const key = addressKey(known.link.name, ip, said.length);
    if (!known.addresses.delete(key)) return;
    addresses.delete(key);
    listener.onAddress(key, "removed");
    tell(known.link.name);
  }

  function tell(name: string): void {
    changed.add(name);
    if (telling) return;
    telling = true;
    setImmediate(() => {
      telling = false;
      const names = [...changed];
      changed.clear();
      for (const one of names) listener.onLink(one);
    });
  }

  function refresh(): Promise<void> {
    if (dumping !== undefined) {
      again = true;
      return dumping;
    }
    dumping = readAll()
      .then(listener.onRefreshed, listener.onTrouble)
      .finally(() => {
        dumping = undefined;
        touched = undefined;
        if (again) {
          again = false;
          void refresh();
        }
      });
    return dumping;
  }

  async function readAll(): Promise<void> {
    touched = new Set();
    const links = await requests.dumpAsync(getLinks());
    const said = await requests.dumpAsync(getAddresses());
    events.drain();
    const seen = new Set<string>();
    await inSlices(links, (reply) => {
      const link = decodeLink(reply);
      if (link === undefined) return;
      const id = `link ${link.index}`;
      seen.add(id);
      if (touched?.has(id) !== true) setLink(link);
    });
    await inSlices(said, (reply) => {
      const address = decodeAddress(reply);
      if (address === undefined) return;
      const id = idOf(address);
      seen.add(id);
      if (touched?.has(id) !== true) setAddress(address);
    });
    forget(seen);
  }

  /** What a whole dump did not show is gone. */
  function forget(seen: ReadonlySet<string>): void {
    const isGone = (id: string) => !seen.has(id) && touched?.has(id) !== true;
    for (const [index, known] of [...byIndex]) {
      if (isGone(`link ${index}`)) {
        dropLink(index);
        continue;
      }
      for (const { address } of [...known.addresses.values()]) {
        const said = { ifindex: index, ip: address.ip, length: address.length };
        if (isGone(idOf(said))) dropAddress(said);
      }
    }
  }

  function state(name: string): LinkState {
    const known = byName.get(name);
    if (known === undefined) return absent(name);
    const list = [...known.addresses];
    const own = list.filter(([key]) => !listener.isVirtual(key)).map(([, entry]) => entry);
    return {
      name,
      present: true,
      running: known.link.up && known.link.running,
      index: known.link.index,
      mac: known.link.mac,
      source: { ipv4: ipv4Source(own), ipv6: ipv6Source(own) },
      addresses: list.map(([, { address }]) => `${address.ip}/${address.length}`),
    };
  }

  return {
    state,
    indexOf: (name) => byName.get(name)?.link.index,
    addresses,
    drain: () => events.drain(),
    refresh,
    close() {
      events.close();
      requests.close();
    },
  };
}

type Entry = { readonly flags: number; readonly address: KernelAddress };

function absent(name: string): LinkState {
  return {
    name,
    present: false,
    running: false,
    index: 0,
    mac: "",
    source: { ipv4: undefined, ipv6: undefined },
    addresses: [],
  };
}

/** The primary address; a secondary only where there is nothing else. */
function ipv4Source(own: readonly Entry[]): Ip | undefined {
  const candidates = own.filter(({ address }) => familyOf(address.ip) === "ipv4");
  return (candidates.find(({ address }) => !address.secondary) ?? candidates[0])?.address.ip;
}

function ipv6Source(own: readonly Entry[]): Ip | undefined {
  const usable = (entry: Entry) => (entry.flags & (ADDRESS_FLAG.tentative | ADDRESS_FLAG.dadFailed)) === 0;
  return own.find((entry) => isLinkLocal(entry.address.ip) && familyOf(entry.address.ip) === "ipv6" && usable(entry))
    ?.address.ip;
}

function kernelAddress(said: Address, link: string): KernelAddress | undefined {
  const ip = parseIp(said.ip);
  if (ip === undefined) return undefined;
  return {
    link,
    ip,
    length: said.length,
    peer: said.peer === undefined ? undefined : parseIp(said.peer),
    broadcast: said.broadcast === undefined ? undefined : parseIp(said.broadcast),
    label: said.label,
    scope: said.scope,
    secondary: said.family === "ipv4" && (said.flags & ADDRESS_FLAG.secondary) !== 0,
    protocol: said.protocol ?? 0,
  };
}

function idOf(address: { readonly ifindex: number; readonly ip: string; readonly length: number }): string {
  return `${address.ifindex} ${address.ip}/${address.length}`;
}
