/** Long work in short pieces: between two of them the loop reads its sockets and sends what is due. */
import { boottimeMs } from "dgram-ext";

const ITEMS = 64;
const LONGEST_MS = 2;

/** Calls `fn` for each item, in order; at most 64 of them or 2 ms in one turn of the loop. */
export async function inSlices<T>(items: Iterable<T>, fn: (item: T) => void): Promise<void> {
  let left = ITEMS;
  let untilMs = boottimeMs() + LONGEST_MS;
  for (const item of items) {
    if (left === 0 || boottimeMs() > untilMs) {
      await nextTurn();
      left = ITEMS;
      untilMs = boottimeMs() + LONGEST_MS;
    }
    fn(item);
    left--;
  }
}

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
