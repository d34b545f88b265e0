import { LittoralError } from '../../errors.ts';
import type { Limit } from './limit.ts';
import { type RateLimitHeaders, rateLimitHeaders } from './rate-limit-headers.ts';
import type { TokenBucket } from './token-bucket.ts';

/** The tokens that a request takes from one bucket. */
export interface Demand {
  readonly limit: Limit;
  readonly bucket: TokenBucket;
  readonly amount: number;
}

/** The tokens that one request has taken from the buckets of all limits. */
export class Charge {
  #taken: readonly Demand[] = [];

  /**
   * Takes the tokens of all demands, or none. If the request is refused, it returns the tokens of earlier demands that
   * count requests. Tokens for bytes are not returned, because the bytes have arrived.
   *
   * @throws LittoralError `rate-limited`; `body-too-large` for a demand above the capacity of a bucket
   */
  take(demands: readonly Demand[], nowMs: number): void {
    const added = totals(demands);
    const all = this.#taken.length === 0 ? added : totals([...this.#taken, ...demands]);
    const tooLarge = all.find(isTooLarge);
    if (tooLarge || !haveAll(added, nowMs)) {
      this.#giveBack(nowMs);
      throw tooLarge ? neverFits(tooLarge) : refusal(all, nowMs);
    }
    for (const { bucket, amount } of demands) bucket.take(amount, nowMs);
    this.#taken = all;
  }

  /**
   * Takes tokens for bytes that no header announced. They stay taken even if the request is refused.
   *
   * @throws LittoralError `rate-limited`, `body-too-large`
   */
  takeArrived(bytes: number, nowMs: number): void {
    const isBytes = ({ limit }: Demand) => limit.unit === 'bytes';
    const before = this.#taken.filter(isBytes);
    if (before.length === 0) return;
    const lacking = before.some(({ bucket }) => !bucket.has(bytes, nowMs));
    for (const { bucket } of before) bucket.take(bytes, nowMs);
    this.#taken = this.#taken.map((one) => (isBytes(one) ? { ...one, amount: one.amount + bytes } : one));
    if (!lacking) return;
    this.#giveBack(nowMs);
    const tooLarge = this.#taken.find(isTooLarge);
    throw tooLarge ? neverFits(tooLarge) : refusal(this.#taken, nowMs);
  }

  /** Takes tokens for bytes of a body that was refused for another reason, or discarded. */
  takeUnused(bytes: number, nowMs: number): void {
    for (const { limit, bucket } of this.#taken) if (limit.unit === 'bytes') bucket.take(bytes, nowMs);
  }

  /** Returns the rate limit headers for the answer. */
  headers(nowMs: number): RateLimitHeaders | undefined {
    return rateLimitHeaders(this.#taken, nowMs);
  }

  #giveBack(nowMs: number): void {
    for (const { limit, bucket, amount } of this.#taken) {
      if (limit.unit === 'requests') bucket.giveBack(amount, nowMs);
    }
  }
}

/** Combines the demands on the same bucket, because several keys can share one. */
export function totals(demands: readonly Demand[]): readonly Demand[] {
  if (areDistinct(demands)) return demands;
  const byBucket = new Map<TokenBucket, Demand>();
  for (const demand of demands) {
    const amount = demand.amount + (byBucket.get(demand.bucket)?.amount ?? 0);
    byBucket.set(demand.bucket, { ...demand, amount });
  }
  return [...byBucket.values()];
}

/** Number of demands up to which it pays to look for shared buckets first. A single message has fewer. */
const fewDemands = 8;

/** Returns whether there are few demands, and no two of them share a bucket. This is usual for a single message. */
function areDistinct(demands: readonly Demand[]): boolean {
  if (demands.length > fewDemands) return false;
  for (let index = 1; index < demands.length; index += 1) {
    for (let earlier = 0; earlier < index; earlier += 1) {
      if (demands[index]?.bucket === demands[earlier]?.bucket) return false;
    }
  }
  return true;
}

export function isTooLarge({ limit, amount }: Demand): boolean {
  return amount > limit.capacity;
}

/** Returns whether each bucket has enough tokens. */
export function haveAll(demands: readonly Demand[], nowMs: number): boolean {
  for (const { bucket, amount } of demands) {
    if (!bucket.has(amount, nowMs)) return false;
  }
  return true;
}

/** Returns the demand whose bucket takes longest to have enough tokens. */
export function slowest(
  demands: readonly Demand[],
  nowMs: number,
): { readonly demand: Demand; readonly waitMs: number } {
  const waits = demands.map((demand) => ({ demand, waitMs: demand.bucket.waitMs(demand.amount, nowMs) }));
  return waits.reduce((one, other) => (other.waitMs > one.waitMs ? other : one));
}

export function neverFits({ limit, amount }: Demand): LittoralError {
  const detail = `Nothing was sent: ${limit.text}, ${limit.capacity} at once, and this request needs ${amount}. Divide it.`;
  return new LittoralError('body-too-large', detail);
}

function refusal(demands: readonly Demand[], nowMs: number): LittoralError {
  const { demand, waitMs } = slowest(demands, nowMs);
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const { limit, amount } = demand;
  const needed = amount > 1 ? ` This request needs ${amount}.` : '';
  const detail = `Nothing was done: ${limit.text}.${needed} Repeat the request after ${seconds} s.`;
  const violated = demands.filter(({ bucket, amount }) => !bucket.has(amount, nowMs)).map(({ limit }) => limit.name);
  return new LittoralError('rate-limited', detail, {
    violatedPolicies: [...new Set(violated)],
    headers: { ...rateLimitHeaders(demands, nowMs), 'retry-after': String(seconds) },
  });
}
