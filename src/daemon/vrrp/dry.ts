/** The hands of a dry run: everything is decided and said, nothing is sent or changed. */
import type { AddressKey } from "../../base/address-key.ts";
import type { AddressExecutor } from "../../os/addresses.ts";
import type { VrrpSockets } from "../../os/vrrp-sockets.ts";
import type { VirtualAddress } from "../../vrrp/settings.ts";

export type DryHands = {
  readonly executor: AddressExecutor;
  readonly sockets: Pick<VrrpSockets, "send">;
  readonly announce: (address: VirtualAddress) => boolean;
};

/** @param say is told each change once, not again whenever the unchanged kernel is compared with what is wanted */
export function createDryHands(say: (reason: string) => void): DryHands {
  const last = new Map<AddressKey, string>();
  return {
    executor: {
      async warmUp() {},
      async run(commands) {
        for (const { op, key, address } of commands) {
          if (last.get(key) === op) continue;
          last.set(key, op);
          say(`dry run: would ${op} ${address.ip}/${address.length} on ${address.link}`);
        }
        return commands.map(() => ({ end: "already" }));
      },
      close() {},
    },
    sockets: { send: () => true },
    announce: () => true,
  };
}
