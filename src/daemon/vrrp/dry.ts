/** The machine in a dry run: it is seen and heard, everything is decided and said, and nothing is sent or changed. */
import type { AddressKey } from "../../base/address-key.ts";
import type { AddressExecutor } from "../../os/addresses.ts";
import { openPromotion } from "../../os/promotion.ts";
import type { Machine } from "./room.ts";

/** @param say is told each change once, not again whenever the unchanged kernel is compared with what is wanted */
export function dryMachine(machine: Machine, say: (reason: string) => void): Machine {
  return {
    ...machine,
    openAddresses: () => dryExecutor(say),
    openAnnouncements: () => ({ ready() {}, send: () => true, close() {} }),
    openSockets: (options) => ({ ...machine.openSockets(options), send: () => true }),
    promotion: openPromotion(false),
  };
}

function dryExecutor(say: (reason: string) => void): AddressExecutor {
  const last = new Map<AddressKey, string>();
  return {
    async warmUp() {},
    async run(commands) {
      for (const { op, key, address } of commands) {
        if (last.get(key) === op) continue;
        last.set(key, op);
        say(`dry run: would ${op} ${address.ip}/${address.length} on ${address.link}`);
      }
      return commands.map(() => ({ end: "pretended" }));
    },
    close() {},
  };
}
