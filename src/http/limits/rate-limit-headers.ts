import type { Limit } from './limit.ts';
import type { TokenBucket } from './token-bucket.ts';

interface Used {
  readonly limit: Limit;
  readonly bucket: TokenBucket;
}

export interface RateLimitHeaders extends Record<string, string> {
  'ratelimit-policy': string;
  ratelimit: string;
}

/**
 * Writes the headers by which a caller can pace itself: the limits that count for its request, and what is left of each.
 *
 * @returns undefined for a request that no limit counts
 * @see draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitHeaders(used: readonly Used[], nowMs: number): RateLimitHeaders | undefined {
  let policies = '';
  let states = '';
  for (const { limit, bucket } of scarcest(used, nowMs)) {
    const separator = policies === '' ? '' : ', ';
    policies += separator + limit.policy;
    states += separator + stateOf(limit, bucket.level(nowMs));
  }
  return policies === '' ? undefined : { 'ratelimit-policy': policies, ratelimit: states };
}

function stateOf({ name, capacity, perMs }: Limit, level: number): string {
  const fullAfter = Math.ceil((capacity - level) / perMs / 1000);
  return `"${name}";r=${Math.max(0, Math.floor(level + 1e-6))};t=${fullAfter}`;
}

/** A batch can use several buckets of a limit; the one with the fewest tokens counts. */
function scarcest(used: readonly Used[], nowMs: number): Iterable<Used> {
  if (used.length === 1) return used;
  const byLimit = new Map<Limit, Used>();
  for (const one of used) {
    const other = byLimit.get(one.limit);
    if (!other || one.bucket.level(nowMs) < other.bucket.level(nowMs)) byLimit.set(one.limit, one);
  }
  return byLimit.values();
}
