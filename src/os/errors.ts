/** Errors of the operating system, in words. */
import type { SystemError } from "dgram-ext";

/** What the kernel refused, and not a defect of ours. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "syscall" in error && "code" in error;
}

/** The `code` of a system error (`EPERM`). @throws `error` itself if it is none: then it is a defect of ours */
export function systemErrorCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}
