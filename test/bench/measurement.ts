/** What one subject did in one measured window. */
export interface Measurement {
  /** Confirmed messages, or answers 202. */
  readonly accepted: number;
  /** Everything else. */
  readonly errors: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/**
 * @param latenciesMs of what was accepted
 * @param errors how much was not
 * @param durationMs from the first request to the last answer
 */
export function measurementOf(latenciesMs: readonly number[], errors: number, durationMs: number): Measurement {
  const sorted = Float64Array.from(latenciesMs).sort();
  const percentile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return {
    accepted: sorted.length,
    errors,
    perSecond: (sorted.length / durationMs) * 1000,
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return (low + high) / 2;
}
