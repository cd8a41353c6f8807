/** The newest of many texts, in a piece of memory that is taken at the beginning and never grows: the oldest make room. */

export type TextRing = {
  /** A text that is longer than the whole memory is not kept, and none before it. */
  add(text: string): void;
  /** Those that are kept, oldest first. */
  newest(): readonly string[];
  readonly count: () => number;
};

/** The length before each text. */
const PREFIX = 4;
/** In place of a length: the next text is at the beginning of the memory. */
const TURN = 0xffff_ffff;

export function createTextRing(bytes: number): TextRing {
  // filled, for the kernel gives memory only when it is written to
  const memory = Buffer.allocUnsafeSlow(bytes).fill(1);
  /** Where the next is written, and where the oldest lies. */
  let head = 0;
  let tail = 0;
  let count = 0;

  /** Where the text after the one at `at` begins. */
  function after(at: number): number {
    const next = at + PREFIX + memory.readUInt32LE(at);
    return next + PREFIX > bytes || memory.readUInt32LE(next) === TURN ? 0 : next;
  }

  function forgetOldest(): void {
    count -= 1;
    tail = count === 0 ? 0 : after(tail);
  }

  function turn(): void {
    while (count > 0 && tail >= head) forgetOldest();
    if (head + PREFIX <= bytes) memory.writeUInt32LE(TURN, head);
    head = 0;
  }

  return {
    add(text) {
      const size = PREFIX + Buffer.byteLength(text);
      if (size > bytes) {
        count = 0;
        return;
      }
      if (count === 0) head = 0;
      else if (head + size > bytes) turn();
      while (count > 0 && tail >= head && tail < head + size) forgetOldest();
      if (count === 0) tail = head;
      memory.writeUInt32LE(size - PREFIX, head);
      memory.write(text, head + PREFIX);
      head += size;
      count += 1;
    },
    newest() {
      const texts: string[] = [];
      for (let at = tail, left = count; left > 0; left--) {
        const from = at + PREFIX;
        texts.push(memory.toString("utf8", from, from + memory.readUInt32LE(at)));
        if (left > 1) at = after(at);
      }
      return texts;
    },
    count: () => count,
  };
}
