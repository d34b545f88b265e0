import { createHash } from 'node:crypto';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/** Maximum length of a stored key. A longer key is stored as its hash. */
const maxKeyLength = 300;

/**
 * The buckets of a limit by their keys, which callers choose. A bucket that was unused for its fill time is as full as
 * a new one, so it can be dropped without any effect. Beyond a number of buckets, all further keys share one bucket. If
 * other buckets were dropped instead, a caller could reset its own by sending many keys.
 */
export class BucketTable {
  readonly #shape: BucketShape;
  readonly #maxBuckets: number;
  readonly #fillMs: number;
  readonly #overflow: TokenBucket;
  /** The buckets that were used since the last turn, and those that were used only in the period before it. */
  #current = new Map<string, TokenBucket>();
  #previous = new Map<string, TokenBucket>();
  #turnedAtMs: number;

  constructor(shape: BucketShape, nowMs: number, maxBuckets = 10_000) {
    this.#shape = shape;
    this.#maxBuckets = maxBuckets;
    // An overdrawn bucket can need twice the time.
    this.#fillMs = (2 * shape.capacity) / shape.perMs;
    this.#overflow = new TokenBucket(shape, nowMs);
    this.#turnedAtMs = nowMs;
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  find(wanted: string, nowMs: number): TokenBucket {
    if (nowMs - this.#turnedAtMs >= this.#fillMs) this.#turn(nowMs);
    const key = wanted.length > maxKeyLength ? createHash('sha256').update(wanted, 'utf16le').digest('base64') : wanted;
    const bucket = this.#current.get(key);
    if (bucket) return bucket;
    const earlier = this.#previous.get(key);
    if (earlier) {
      this.#previous.delete(key);
      this.#current.set(key, earlier);
      return earlier;
    }
    if (this.size >= this.#maxBuckets) return this.#overflow;
    const created = new TokenBucket(this.#shape, nowMs);
    // A substring would keep the whole text in memory, such as a URL.
    this.#current.set(Buffer.from(key, 'utf16le').toString('utf16le'), created);
    return created;
  }

  #turn(nowMs: number): void {
    this.#previous = nowMs - this.#turnedAtMs >= 2 * this.#fillMs ? new Map() : this.#current;
    this.#current = new Map();
    this.#turnedAtMs = nowMs;
  }
}
