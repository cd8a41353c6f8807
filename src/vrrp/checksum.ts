/** The Internet checksum (RFC 1071) and the pseudo headers in front of it. */

/** Adds `bytes[start, end)` as big-endian 16 bit words; an odd last byte counts as if a zero followed. Not folded yet. */
export function sumWords(bytes: Uint8Array, start: number, end: number, initial = 0): number {
  let sum = initial;
  let at = start;
  for (; at + 1 < end; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  if (at < end) sum += (bytes[at] ?? 0) << 8;
  return sum;
}

/** Folds carries and complements: what is written into the packet. A correct packet, its checksum included, gives 0. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

/** Source, destination, protocol and length: the same sum for the pseudo headers of IPv4 (RFC 793) and IPv6 (RFC 8200 §8.1). */
export function pseudoHeaderSum(from: Uint8Array, to: Uint8Array, protocol: number, length: number): number {
  return sumWords(from, 0, from.length, sumWords(to, 0, to.length, protocol + length));
}
