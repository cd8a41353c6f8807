/**
 * Carries a plan of addresses out. The kernel adds and removes under a lock that others may hold for long, so the requests run on a thread of
 * the addon, one send after another in the order of the calls; the promise tells how each command ended.
 */
import { encodeMessage, type Message } from "netlink";
import { ADDRESS_FLAG, deleteAddress, getLink, type NewAddress, newAddress, openRoute } from "netlink/route";
import { familyOf } from "../base/address.ts";
import type { AddressCommand, KernelAddress, VirtualAddress } from "../network/plan.ts";

/** IFA_PROTO of the addresses that are ours (from Linux 5.18; older kernels ignore it). keepalived's is 18. */
export const ADDRESS_PROTOCOL = 112;

/** How a command ended. `already`: as it was wanted before we came. */
/** `pretended`: a dry run has said what it would do, and the kernel is as it was. */
export type AddressOutcome =
  | { readonly end: "done" | "already" | "pretended" }
  | { readonly end: "failed"; readonly code: string; readonly reason: string };

export type AddressExecutor = {
  /** Starts the thread, so that the first address does not wait for it. @param sample is written as a request, and not sent */
  warmUp(sample?: VirtualAddress): Promise<void>;
  /** @returns in the order of the commands; never rejects */
  run(commands: readonly AddressCommand[]): Promise<readonly AddressOutcome[]>;
  close(): void;
};

/** Longer than any sane hold of the kernel's lock: a request that was given up may still be carried out. */
const TIMEOUT_MS = 60_000;
/** Its index in every network namespace. */
const LOOPBACK = 1;
/** One send holds the thread, and what it makes the kernel announce, for a short time only. */
const PER_SEND = 64;

/** @param indexOf the link of that name now, or undefined */
export function openAddresses(indexOf: (link: string) => number | undefined): AddressExecutor {
  const requests = openRoute({ timeoutMs: TIMEOUT_MS });

  async function run(commands: readonly AddressCommand[]): Promise<readonly AddressOutcome[]> {
    const messages = commands.map((command) => messageFor(command, indexOf(command.address.link)));
    const known = messages.filter((message) => message !== undefined);
    const errors = known.length === 0 ? [] : await batch(known);
    let next = 0;
    return commands.map((command, at) => {
      if (messages[at] === undefined) return noLink(command);
      return outcome(command, errors[next++]);
    });
  }

  async function batch(messages: readonly Message[]): Promise<readonly unknown[]> {
    try {
      return await requests.batchAsync(messages, PER_SEND);
    } catch (error) {
      return messages.map(() => error);
    }
  }

  return {
    async warmUp(sample) {
      if (sample !== undefined) encodeMessage(newAddress(virtualAddress(sample, LOOPBACK)), 0, 0);
      await batch([getLink(LOOPBACK)]);
    },
    run,
    close: () => requests.close(),
  };
}

function messageFor(command: AddressCommand, ifindex: number | undefined): Message | undefined {
  if (ifindex === undefined) return undefined;
  switch (command.op) {
    case "add":
      return newAddress(virtualAddress(command.address, ifindex));
    case "restore":
      return newAddress(formerAddress(command.address, ifindex));
    case "delete": {
      const { ip, length, peer, label } = command.address;
      return deleteAddress({ ifindex, ip, length, peer, label });
    }
  }
}

function virtualAddress(address: VirtualAddress, ifindex: number): NewAddress {
  const six = familyOf(address.ip) === "ipv6";
  const flags =
    (six ? ADDRESS_FLAG.noDad : 0) |
    (address.home ? ADDRESS_FLAG.homeAddress : 0) |
    (address.noPrefixRoute ? ADDRESS_FLAG.noPrefixRoute : 0);
  return {
    ifindex,
    ip: address.ip,
    length: address.length,
    scope: address.scope,
    flags,
    label: six ? undefined : address.label,
    broadcast: six ? undefined : address.broadcast,
    peer: address.peer,
    preferredSeconds: six ? (address.preferredSeconds ?? (address.length === 128 ? 0 : undefined)) : undefined,
    protocol: ADDRESS_PROTOCOL,
  };
}

function formerAddress(address: KernelAddress, ifindex: number): NewAddress {
  const { ip, length, scope, label, broadcast, peer } = address;
  return { ifindex, ip, length, scope, label, broadcast, peer, protocol: address.protocol || undefined };
}

function noLink(command: AddressCommand): AddressOutcome {
  if (command.op === "delete") return { end: "already" };
  return { end: "failed", code: "ENODEV", reason: `Cannot add ${describe(command)}: there is no such link` };
}

function outcome(command: AddressCommand, error: unknown): AddressOutcome {
  if (error === undefined) return { end: "done" };
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const isThere = command.op !== "delete" && code === "EEXIST";
  const isGone = command.op === "delete" && (code === "EADDRNOTAVAIL" || code === "ENODEV");
  if (isThere || isGone) return { end: "already" };
  const detail = error instanceof Error ? error.message.replace(/^Cannot [^:]*: /, "") : String(error);
  const deed = command.op === "delete" ? "remove" : "add";
  return { end: "failed", code, reason: `Cannot ${deed} ${describe(command)}: ${detail}` };
}

function describe({ address }: AddressCommand): string {
  return `${address.ip}/${address.length} on ${address.link}`;
}
