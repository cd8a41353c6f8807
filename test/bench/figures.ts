/** What a measurement gives: named numbers, which a row of the table shows. */
export type Figures = Readonly<Record<string, number>>;

export type Extent = {
  /** Fewer repetitions, for a first look. */
  readonly quick: boolean;
  /** An hour under churn. */
  readonly soak: boolean;
};

export function medianOf(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
}

/** The value that is farthest from zero. */
export function worstOf(values: readonly number[]): number {
  return values.reduce((worst, value) => (Math.abs(value) > Math.abs(worst) ? value : worst), 0);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
