/**
 * Two lists without the objects that are in both. What did not change is the same object in the configuration before and after a reload,
 * so of ten thousand entries this leaves the few that somebody must look at.
 */
export function differing<T extends object>(
  before: readonly T[],
  after: readonly T[],
): readonly [before: readonly T[], after: readonly T[]] {
  const [old, now] = [new Set(before), new Set(after)];
  return [before.filter((one) => !now.has(one)), after.filter((one) => !old.has(one))];
}
