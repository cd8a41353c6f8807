/** Comparing messages: sequence numbers and ports (bytes 8 to 16) are those of the occasion. */

export function unnumbered(hex: string): string {
  return `${hex.slice(0, 16)}${"0".repeat(16)}${hex.slice(32)}`;
}

export function sent(message: Buffer): string {
  return unnumbered(message.toString("hex"));
}
