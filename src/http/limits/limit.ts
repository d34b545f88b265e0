import { BucketTable } from './bucket-table.ts';
import type { LimitSettings } from './limit-settings.ts';
import type { TokenBucket } from './token-bucket.ts';

/** A limit with its buckets. */
export class Limit {
  readonly name: string;
  readonly per: LimitSettings['per'];
  readonly unit: NonNullable<LimitSettings['unit']>;
  readonly capacity: number;
  readonly perMs: number;
  /** The text of the limit in the `RateLimit-Policy` header. */
  readonly policy: string;
  /** The text of the limit in errors. */
  readonly text: string;
  /** A text that is equal for limits with equal settings. */
  readonly fingerprint: string;
  readonly #buckets: BucketTable;

  constructor({ name, per, unit = 'requests', rate, windowSeconds, burst = rate }: LimitSettings, nowMs: number) {
    this.name = name;
    this.per = per;
    this.unit = unit;
    this.capacity = burst;
    this.perMs = rate / (windowSeconds * 1000);
    const unitParameter = unit === 'bytes' ? ';qu="content-bytes"' : '';
    this.policy = `"${name}";q=${rate}${unitParameter};w=${windowSeconds}`;
    const whom = { principal: 'each caller', destination: 'each destination', all: 'all callers together' }[per];
    this.text = `the limit '${name}' allows ${whom} ${rate} ${unit} in ${windowSeconds} s`;
    this.fingerprint = JSON.stringify([name, per, unit, rate, windowSeconds, burst]);
    this.#buckets = new BucketTable(this, nowMs);
  }

  find(key: string, nowMs: number): TokenBucket {
    return this.#buckets.find(key, nowMs);
  }
}
