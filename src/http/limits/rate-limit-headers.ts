import type { Limit } from './limit.ts';
import type { TokenBucket } from './token-bucket.ts';

interface Used {
  readonly limit: Limit;
  readonly bucket: TokenBucket;
}

/**
 * Writes the headers by which a caller can pace itself: the limits that count for its request, and what is left of each.
 *
 * @see draft-ietf-httpapi-ratelimit-headers-10
 */
export function rateLimitHeaders(used: readonly Used[], nowMs: number): Record<string, string> {
  if (used.length === 0) return {};
  const policies: string[] = [];
  const states: string[] = [];
  for (const { limit, bucket } of scarcest(used, nowMs)) {
    const level = bucket.level(nowMs);
    const fullAfter = Math.ceil((limit.capacity - level) / limit.perMs / 1000);
    policies.push(limit.policy);
    states.push(`"${limit.name}";r=${Math.max(0, Math.floor(level + 1e-6))};t=${fullAfter}`);
  }
  return { 'ratelimit-policy': policies.join(', '), ratelimit: states.join(', ') };
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
