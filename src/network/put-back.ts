/**
 * How often an address that somebody else removes is put back: five times in ten seconds, then the instance gives up with a fault, because
 * two programs that undo each other's work help nobody. After a rest it may try again; each further fault makes the rest longer.
 */
import type { AddressKey } from "../base/address-key.ts";

const TIMES = 5;
const WITHIN_MS = 10_000;
const LONGEST_REST_MS = 60_000;

export type PutBack = {
  /** @returns whether the address may be put back now; false once too often. */
  allow(key: AddressKey, nowMs: number): boolean;
  /** How long to leave it alone after a fault: 10, 20, 40, 60 s; forgets the tries. */
  rest(key: AddressKey): number;
  /** Nobody wants it any more, or the configuration changed: a clean sheet. */
  forget(key: AddressKey): void;
};

export function createPutBack(): PutBack {
  const tries = new Map<AddressKey, readonly number[]>();
  const rests = new Map<AddressKey, number>();
  return {
    allow(key, nowMs) {
      const recent = (tries.get(key) ?? []).filter((at) => nowMs - at < WITHIN_MS);
      if (recent.length >= TIMES) return false;
      tries.set(key, [...recent, nowMs]);
      return true;
    },
    rest(key) {
      tries.delete(key);
      const restMs = Math.min(LONGEST_REST_MS, 2 * (rests.get(key) ?? WITHIN_MS / 2));
      rests.set(key, restMs);
      return restMs;
    },
    forget(key) {
      tries.delete(key);
      rests.delete(key);
    },
  };
}
