/** What the kernel refused, as an `Error` that says what was tried, on what. */

import { native } from "./native.ts";
import type { SystemError } from "./types.ts";

/**
 * @param syscall "bind"
 * @param what the rest of the deed: "0.0.0.0 on a raw ipv4 socket"
 * @param errno positive
 */
export function systemError(syscall: string, what: string, errno: number): SystemError {
  const [code, description] = native.errorText(errno);
  const error = new Error(`${what === "" ? syscall : `${syscall} ${what}`} failed: ${code} (${description})`);
  return Object.assign(error, { code, errno, syscall });
}

/** Throws when `result` is a negative errno. */
export function check(result: number, syscall: string, what: () => string): number {
  if (result < 0) throw systemError(syscall, what(), -result);
  return result;
}
