import { LittoralError } from '../../errors.ts';
import type { Limit } from './limit.ts';
import { type RateLimitHeaders, rateLimitHeaders } from './rate-limit-headers.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What a request takes from one bucket. */
export interface Demand {
  readonly limit: Limit;
  readonly bucket: TokenBucket;
  readonly amount: number;
}

/** What one request has taken from the buckets of all limits. */
export class Charge {
  #taken: readonly Demand[] = [];

  /**
   * Takes everything, or nothing. A request that is refused gets back what it took as a request; bytes that have arrived
   * stay taken.
   *
   * @throws LittoralError `rate-limited`; `body-too-large` for more than a bucket holds
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
   * Takes bytes that have arrived without an announcement. They stay taken if the request is refused.
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

  /** The headers of the answer. */
  headers(nowMs: number): RateLimitHeaders | undefined {
    return rateLimitHeaders(this.#taken, nowMs);
  }

  #giveBack(nowMs: number): void {
    for (const { limit, bucket, amount } of this.#taken) {
      if (limit.unit === 'requests') bucket.giveBack(amount, nowMs);
    }
  }
}

/** Returns the demands with one for each bucket: keys can share one. */
export function totals(demands: readonly Demand[]): readonly Demand[] {
  if (areDistinct(demands)) return demands;
  const byBucket = new Map<TokenBucket, Demand>();
  for (const demand of demands) {
    const amount = demand.amount + (byBucket.get(demand.bucket)?.amount ?? 0);
    byBucket.set(demand.bucket, { ...demand, amount });
  }
  return [...byBucket.values()];
}

/** More demands than a single message has are summed up in any case. */
const fewDemands = 8;

/** Returns whether no two of a few demands share a bucket, as is usual for a single message. */
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

/** Returns whether each bucket has what is demanded of it. */
export function haveAll(demands: readonly Demand[], nowMs: number): boolean {
  for (const { bucket, amount } of demands) {
    if (!bucket.has(amount, nowMs)) return false;
  }
  return true;
}

/** Returns the demand whose bucket takes the longest until it has enough. */
export function slowest(
  demands: readonly Demand[],
  nowMs: number,
): { readonly demand: Demand; readonly waitMs: number } {
  const waits = demands.map((demand) => ({ demand, waitMs: demand.bucket.waitMs(demand.amount, nowMs) }));
  return waits.reduce((one, other) => (other.waitMs > one.waitMs ? other : one));
}

export function neverFits({ limit, amount }: Demand): LittoralError {
  const detail = `Nothing was sent: ${limit.text}, ${limit.capacity} at once, and this is ${amount}. Divide it.`;
  return new LittoralError('body-too-large', detail);
}

function refusal(demands: readonly Demand[], nowMs: number): LittoralError {
  const { demand, waitMs } = slowest(demands, nowMs);
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const { limit, amount } = demand;
  const needed = amount > 1 ? ` This one needs ${amount}.` : '';
  const detail = `Nothing was done: ${limit.text}.${needed} Repeat the request after ${seconds} s.`;
  const violated = demands.filter(({ bucket, amount }) => !bucket.has(amount, nowMs)).map(({ limit }) => limit.name);
  return new LittoralError('rate-limited', detail, {
    violatedPolicies: [...new Set(violated)],
    headers: { ...rateLimitHeaders(demands, nowMs), 'retry-after': String(seconds) },
  });
}
