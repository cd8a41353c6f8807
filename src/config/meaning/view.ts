/** This machine's network and clock, as the checks of meaning ask about them. */
import type { Prefix } from "../../base/address.ts";

export type NetworkView = {
  /** The addresses of an interface, in the kernel's order; none if it does not exist. */
  addressesOf(device: string): readonly Prefix[];
  /** By how much a timer of this machine was late at most, in ms, measured now; undefined: not measured. Takes a moment. */
  latenessMs(): number | undefined;
};

/** Nothing is known. */
export const noNetwork: NetworkView = { addressesOf: () => [], latenessMs: () => undefined };
