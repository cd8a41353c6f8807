/**
 * Many deadlines, of which the earliest matters: a binary heap that knows where each entry stands, so that moving one
 * costs a few swaps and no memory. A backup moves a deadline for every advert that it hears.
 */

export type Deadline = {
  readonly run: (lateMs: number) => void;
  /** Only meaningful while it stands in a heap. */
  atMs: number;
  /** Index in the heap, -1 = not in it. */
  position: number;
};

export type Deadlines = {
  /** Adds it or moves it. */
  set(deadline: Deadline, atMs: number): void;
  clear(deadline: Deadline): void;
  earliest(): Deadline | undefined;
};

export function deadline(run: (lateMs: number) => void): Deadline {
  return { run, atMs: 0, position: -1 };
}

export function createDeadlines(): Deadlines {
  const heap: Deadline[] = [];

  function place(entry: Deadline, position: number): void {
    heap[position] = entry;
    entry.position = position;
  }

  function rise(entry: Deadline): void {
    let position = entry.position;
    while (position > 0) {
      const above = (position - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || parent.atMs <= entry.atMs) break;
      place(parent, position);
      position = above;
    }
    place(entry, position);
  }

  function sink(entry: Deadline): void {
    let position = entry.position;
    for (;;) {
      const child = earlierChild(position);
      if (child === undefined || child.atMs >= entry.atMs) break;
      const below = child.position;
      place(child, position);
      position = below;
    }
    place(entry, position);
  }

  function earlierChild(position: number): Deadline | undefined {
    const left = heap[2 * position + 1];
    const right = heap[2 * position + 2];
    return left !== undefined && right !== undefined && right.atMs < left.atMs ? right : left;
  }

  return {
    set(entry, atMs) {
      entry.atMs = atMs;
      if (entry.position === -1) place(entry, heap.length);
      rise(entry);
      sink(entry);
    },
    clear(entry) {
      const { position } = entry;
      if (position === -1) return;
      const last = heap.pop();
      entry.position = -1;
      if (last === undefined || last === entry) return;
      place(last, position);
      rise(last);
      sink(last);
    },
    earliest: () => heap[0],
  };
}
