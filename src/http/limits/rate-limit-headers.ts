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
 * Returns the headers from which a caller can adjust its rate: the limits that apply to its request, and the remaining
 * units of each.
 *
 * @returns undefined if no limit applies to the request
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

/** Returns the bucket with the fewest tokens for each limit, because a batch can use several buckets of one limit. */
function scarcest(used: readonly Used[], nowMs: number): Iterable<Used> {
  if (used.length === 1) return used;
  const byLimit = new Map<Limit, Used>();
  for (const one of used) {
    const other = byLimit.get(one.limit);
    if (!other || one.bucket.level(nowMs) < other.bucket.level(nowMs)) byLimit.set(one.limit, one);
  }
  return byLimit.values();
}
