/**
 * Holds the addresses of the instances that are master: desired against actual, by plans that a thread carries out. The kernel's events mark what
 * changed, and only that is looked at; once a minute everything is. What somebody else removes is put back and announced, a few times.
 */

import type { AddressKey } from "../../base/address-key.ts";
import type { EventBody } from "../../events.ts";
import { addressesOf, keyOf } from "../../network/keys.ts";
import { type AddressCommand, type KernelAddress, planAddresses } from "../../network/plan.ts";
import { createPutBack } from "../../network/put-back.ts";
import type { AddressExecutor, AddressOutcome } from "../../os/addresses.ts";
import type { Alarm } from "../../os/clock.ts";
import type { RouterSettings, VirtualAddress } from "../../vrrp/settings.ts";

export type Holder = {
  /** A configuration counts from now on. @param journal keys that are ours besides those of `routers` */
  configure(routers: readonly RouterSettings[], journal: readonly AddressKey[]): void;
  /** Removes what is ours and not wanted; resolves when it is gone. @param spared what may be wanted soon */
  sweep(spared: ReadonlySet<AddressKey>): Promise<void>;
  /** From now on the addresses of this router are wanted, or not; `carryOut` does it. */
  want(router: RouterSettings, wanted: boolean): void;
  /** Hands the plan of what is marked to the thread. */
  carryOut(): void;
  isWanted(address: VirtualAddress): boolean;
  /** Ours to remove, and never a source to send from. */
  isVirtual(key: AddressKey): boolean;
  /** The kernel says so. */
  heard(key: AddressKey, what: "added" | "removed"): void;
  /** A link appeared or changed: what is wanted there is looked at. */
  lookAt(link: string): void;
  lookAtAll(): void;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
};

export type HolderOptions = {
  readonly actual: ReadonlyMap<AddressKey, KernelAddress>;
  readonly executor: AddressExecutor;
  /** Whether there is such a link. */
  readonly isPresent: (link: string) => boolean;
  readonly promotes: (link: string) => boolean;
  /** IFA_PROTO that marks an address as ours. */
  readonly protocol: number;
  /** Brings what is known of the kernel up to date before a finished command is judged. */
  readonly drain: () => void;
  /** Reads everything that the kernel has again. */
  readonly refresh: () => Promise<void>;
  readonly now: () => number;
  readonly alarm: (run: () => void) => Alarm;
  readonly report: (body: EventBody) => void;
  readonly announce: (addresses: readonly VirtualAddress[], repeat: number) => void;
  /** The engine is told that a router cannot keep its addresses; undefined: it may try again. */
  readonly fault: (router: RouterSettings, reason: string | undefined) => void;
};

type Wanted = { readonly router: RouterSettings; readonly address: VirtualAddress };
/** Why an address is put where it is: the word and the reason of the event that says so. */
type Repair = { readonly reason: string };

export function createHolder(options: HolderOptions): Holder {
  const { actual, executor, report } = options;
  const putBack = createPutBack();
  const desired = new Map<AddressKey, VirtualAddress>();
  const wantedBy = new Map<AddressKey, Wanted>();
  /** What each router wants, by its key. */
  const held = new Map<string, readonly AddressKey[]>();
  const configured = new Map<AddressKey, RouterSettings>();
  const ours = new Set<AddressKey>();
  const adopted = new Set<AddressKey>();
  const marked = new Set<AddressKey>();
  const inFlight = new Set<AddressKey>();
  /** Gone, by ourselves or others, while a command for it was under way. */
  const goneInFlight = new Set<AddressKey>();
  const repairs = new Map<AddressKey, Repair>();
  /** Set by somebody else where no instance wants them. */
  const intruders = new Set<AddressKey>();
  const rests = new Map<string, Alarm>();
  let running = 0;
  let waiting: (() => void)[] = [];
  let scheduled = false;

  function configure(routers: readonly RouterSettings[], journal: readonly AddressKey[]): void {
    configured.clear();
    for (const router of routers) {
      for (const address of addressesOf(router)) {
        const key = keyOf(address);
        configured.set(key, router);
        if (router.priority === 255 && !ours.has(key)) adoptWhatStood(router, key, address);
      }
    }
    for (const key of [...ours, ...adopted]) if (!actual.has(key) && !desired.has(key)) disclaim(key);
    for (const key of journal) if (actual.has(key) && !adopted.has(key)) ours.add(key);
    for (const key of configured.keys()) if (!adopted.has(key)) ours.add(key);
  }

  /** What the configuration does not name and the kernel does not have is nobody's: whoever sets it from now on may keep it. */
  function disclaim(key: AddressKey): void {
    if (configured.has(key)) return;
    ours.delete(key);
    adopted.delete(key);
  }

  /** An owner's address belongs to the machine: one that stood before us stays when we go. */
  function adoptWhatStood(router: RouterSettings, key: AddressKey, address: VirtualAddress): void {
    const standing = actual.get(key);
    if (standing === undefined || standing.protocol === options.protocol || adopted.has(key)) return;
    adopted.add(key);
    tell(router, address, "adopted", "it stood before and belongs to the owner");
  }

  async function sweep(spared: ReadonlySet<AddressKey>): Promise<void> {
    const left = [...ours].filter((key) => actual.has(key) && !desired.has(key) && !spared.has(key));
    for (const key of left) marked.add(key);
    carryOut();
    await settled();
    for (const key of left) {
      const [device = "", address = ""] = key.split(" ");
      if (actual.has(key)) continue;
      const instance = configured.get(key)?.name ?? "";
      report({
        type: "vrrp.address",
        instance,
        address,
        device,
        what: "swept",
        reason: "it was left behind, and no instance holds it now",
      });
    }
  }

  function want(router: RouterSettings, wanted: boolean): void {
    const next = new Map(wanted ? addressesOf(router).map((address) => [keyOf(address), address]) : []);
    for (const key of held.get(router.key) ?? []) {
      if (!next.has(key) && wantedBy.get(key)?.router.key === router.key) release(key);
    }
    held.set(router.key, [...next.keys()]);
    for (const [key, address] of next) {
      desired.set(key, address);
      intruders.delete(key);
      wantedBy.set(key, { router, address });
      marked.add(key);
    }
    if (!wanted) calm(router);
  }

  function release(key: AddressKey): void {
    desired.delete(key);
    wantedBy.delete(key);
    repairs.delete(key);
    marked.add(key);
  }

  function carryOut(): void {
    if (marked.size === 0) return;
    const ready = [...marked].filter((key) => !inFlight.has(key) && isReachable(key));
    for (const key of ready) marked.delete(key);
    if (ready.length === 0) return;
    const plan = planAddresses({ desired, actual, ours, promotes: options.promotes, marked: ready });
    if (plan.length === 0) return;
    for (const command of plan) inFlight.add(command.key);
    running++;
    void executor.run(plan).then((outcomes) => finished(plan, outcomes));
  }

  function isReachable(key: AddressKey): boolean {
    return options.isPresent(key.slice(0, key.indexOf(" ")));
  }

  function finished(plan: readonly AddressCommand[], outcomes: readonly AddressOutcome[]): void {
    options.drain();
    for (const [at, command] of plan.entries()) {
      const { key } = command;
      inFlight.delete(key);
      const outcome = outcomes[at];
      if (outcome?.end === "failed") failed(command, outcome);
      else if (outcome?.end === "pretended") repairs.delete(key);
      else {
        if (command.op === "add") added(key, outcome?.end === "already");
        else if (command.op === "delete") removed(key);
        if (isOutOfDate(key)) marked.add(key);
      }
      goneInFlight.delete(key);
    }
    running--;
    carryOut();
    if (running > 0) return;
    for (const resolve of waiting) resolve();
    waiting = [];
  }

  /** It was given up or wanted again meanwhile, or somebody else removed it. An IPv6 address that is new is announced by the kernel only later. */
  function isOutOfDate(key: AddressKey): boolean {
    if (!desired.has(key)) return actual.has(key) && ours.has(key);
    return !actual.has(key) && goneInFlight.has(key);
  }

  function added(key: AddressKey, already: boolean): void {
    const entry = wantedBy.get(key);
    const repair = repairs.get(key);
    if (entry === undefined) return;
    if (already && !actual.has(key)) void verify(key);
    if (repair === undefined) return;
    repairs.delete(key);
    tell(entry.router, entry.address, "restored", repair.reason);
    options.announce([entry.address], entry.router.garp.repeat);
  }

  /** Thousands may go at once, and adverts wait meanwhile: only an intruder is looked for. */
  function removed(key: AddressKey): void {
    if (intruders.delete(key)) {
      const router = configured.get(key);
      const address = router && addressesOf(router).find((one) => keyOf(one) === key);
      if (router && address) tell(router, address, "removed", "somebody else set it, and this node is not master");
    }
    disclaim(key);
  }

  /** The kernel says that it is there, and we do not see it. */
  async function verify(key: AddressKey): Promise<void> {
    await options.refresh();
    const entry = wantedBy.get(key);
    if (entry === undefined || actual.has(key) || inFlight.has(key)) return;
    unreachable(entry, "it is there already, with another prefix length");
  }

  function unreachable(entry: Wanted, reason: string): void {
    tell(entry.router, entry.address, "failed", reason);
    giveUp(entry, `${describe(entry.address)}: ${reason}`);
  }

  function failed(command: AddressCommand, outcome: Extract<AddressOutcome, { end: "failed" }>): void {
    const entry = wantedBy.get(command.key);
    if (entry !== undefined && command.op === "add") {
      // the link went away: looked at when it returns
      if (outcome.code === "ENODEV" || !isReachable(command.key)) marked.add(command.key);
      else unreachable(entry, outcome.reason);
      return;
    }
    report({ type: "warning", reason: outcome.reason });
  }

  function heard(key: AddressKey, what: "added" | "removed"): void {
    if (inFlight.has(key)) {
      if (what === "removed") goneInFlight.add(key);
      return;
    }
    const entry = wantedBy.get(key);
    if (entry === undefined) {
      if (what === "added" && ours.has(key) && putBack.allow(`not ${key}`, options.now())) evict(key);
      return;
    }
    if (what === "added" || !entry.address.track) return;
    if (isReachable(key)) missing(key, entry);
    else marked.add(key);
  }

  /** One of our own that is told late is no intruder. */
  function evict(key: AddressKey): void {
    if (actual.get(key)?.protocol !== options.protocol) intruders.add(key);
    mark(key);
  }

  function missing(key: AddressKey, entry: Wanted): void {
    if (!putBack.allow(key, options.now())) {
      const reason = `${describe(entry.address)} was removed by somebody else more than 5 times in 10 s`;
      tell(entry.router, entry.address, "gaveUp", reason);
      giveUp(entry, reason);
      return;
    }
    repairs.set(key, { reason: "somebody else removed it" });
    mark(key);
  }

  /** The instance is in fault until a rest is over. */
  function giveUp(entry: Wanted, reason: string): void {
    const { router } = entry;
    let alarm = rests.get(router.key);
    if (alarm === undefined) {
      alarm = options.alarm(() => options.fault(router, undefined));
      rests.set(router.key, alarm);
    }
    alarm.set(options.now() + putBack.rest(keyOf(entry.address)));
    setImmediate(() => options.fault(router, reason));
  }

  function calm(router: RouterSettings): void {
    for (const address of addressesOf(router)) repairs.delete(keyOf(address));
  }

  function mark(key: AddressKey): void {
    marked.add(key);
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      carryOut();
    });
  }

  function lookAt(link: string): void {
    for (const [key, address] of desired) if (address.link === link && !actual.has(key)) mark(key);
  }

  function lookAtAll(): void {
    for (const key of desired.keys()) if (!actual.has(key)) mark(key);
    for (const key of ours) if (actual.has(key) && !desired.has(key)) mark(key);
  }

  function settled(): Promise<void> {
    return running === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve));
  }

  function tell(
    router: RouterSettings,
    address: VirtualAddress,
    what: "restored" | "removed" | "failed" | "gaveUp" | "adopted",
    reason: string,
  ): void {
    const text = `${address.ip}/${address.length}`;
    report({ type: "vrrp.address", instance: router.name, address: text, device: address.link, what, reason });
  }

  return {
    configure,
    sweep,
    want,
    carryOut,
    isWanted: (address) => desired.has(keyOf(address)),
    isVirtual: (key) => ours.has(key),
    heard,
    lookAt,
    lookAtAll,
    settled,
  };
}

function describe(address: VirtualAddress): string {
  return `${address.ip}/${address.length} on ${address.link}`;
}
