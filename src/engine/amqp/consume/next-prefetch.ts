/** What is known when a channel may begin another consumer. */
export interface ConsumingLoad {
  /** The number of deliveries that may be unacknowledged at once. */
  readonly limit: number;
  /** Number of unacknowledged deliveries of consumers that were cancelled, as far as they count towards the limit. */
  readonly earlier: number;
  /** The prefetch of all consumers together. */
  readonly taken: number;
  /** Whether at most one delivery is taken for the time being. */
  readonly isSlow: boolean;
  /** Whether only one consumer of the queue receives. */
  readonly isOrdered: boolean;
}

/**
 * Returns the prefetch of the next consumer, which takes the rest of the limit; 0 if none is to begin. To keep consumers
 * few, the next one has at least the prefetch of the others together, unless all earlier deliveries are settled.
 */
export function nextPrefetch({ limit, earlier, taken, isSlow, isOrdered }: ConsumingLoad): number {
  // A second consumer of an ordered queue would receive nothing.
  if (isOrdered && earlier > 0) return 0;
  const rest = limit - earlier - taken;
  const prefetch = isSlow ? Math.min(rest, 1 - taken) : rest;
  const isWorthwhile = earlier === 0 || prefetch >= taken;
  return prefetch > 0 && isWorthwhile ? prefetch : 0;
}
