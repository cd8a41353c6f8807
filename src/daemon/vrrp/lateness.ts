/**
 * How late this process acts, as a histogram that takes no memory as it grows. Buckets are a quarter of a power of two wide from one
 * microsecond up, so a quantile is right within 19 %.
 */
import type { Lateness } from "../messages.ts";

const PER_OCTAVE = 4;
const SMALLEST_MS = 0.001;
/** Up to 2^30 µs, 18 minutes. */
const BUCKETS = 30 * PER_OCTAVE;

export type LatenessGauge = {
  add(lateMs: number): void;
  read(): Lateness;
};

export function createLateness(): LatenessGauge {
  const counts = new Uint32Array(BUCKETS);
  let samples = 0;
  let worstMs = 0;

  function quantile(share: number): number {
    let left = samples * share;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= counts[bucket] ?? 0;
      if (left <= 0) return Math.min(worstMs, upperEdgeMs(bucket));
    }
    return worstMs;
  }

  return {
    add(lateMs) {
      const bucket = bucketOf(lateMs);
      counts[bucket] = (counts[bucket] ?? 0) + 1;
      samples++;
      if (lateMs > worstMs) worstMs = lateMs;
    },
    read: () => ({
      p50Ms: samples === 0 ? 0 : quantile(0.5),
      p99Ms: samples === 0 ? 0 : quantile(0.99),
      worstMs,
      samples,
    }),
  };
}

function bucketOf(lateMs: number): number {
  if (lateMs <= SMALLEST_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(Math.log2(lateMs / SMALLEST_MS) * PER_OCTAVE));
}

function upperEdgeMs(bucket: number): number {
  return SMALLEST_MS * 2 ** (bucket / PER_OCTAVE);
}
