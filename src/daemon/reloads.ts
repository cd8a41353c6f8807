/** Reloads that run or wait, as one span: vipd is reloading from the beginning of the first to the end of the last. */

export type Span = {
  readonly begun: () => void;
  /** Nothing runs and nothing waits any more, however it ended. */
  readonly over: () => void;
};

/** @returns `run` with the span told around it */
export function spanned<T>(run: () => Promise<T>, { begun, over }: Span): () => Promise<T> {
  let underWay = 0;
  return async () => {
    if (underWay === 0) begun();
    underWay += 1;
    try {
      return await run();
    } finally {
      underWay -= 1;
      if (underWay === 0) over();
    }
  };
}
