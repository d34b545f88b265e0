import { createHash } from 'node:crypto';
import { type BucketShape, TokenBucket } from './token-bucket.ts';

/** Keys that are longer are kept as their hash. */
const maxKeyLength = 300;

/**
 * The buckets of a limit by their keys, which callers choose. A bucket that was not used for the time in which it fills
 * is full, as a new one would be, so it is dropped without any effect. Beyond a number of buckets, further keys share one:
 * dropping another would let a caller empty its own by sending many keys.
 */
export class BucketTable {
  readonly #shape: BucketShape;
  readonly #maxBuckets: number;
  readonly #fillMs: number;
  readonly #overflow: TokenBucket;
  /** The buckets that were used since the last turn, and those that were used in the time before it alone. */
  #current = new Map<string, TokenBucket>();
  #previous = new Map<string, TokenBucket>();
  #turnedAtMs: number;

  constructor(shape: BucketShape, nowMs: number, maxBuckets = 10_000) {
    this.#shape = shape;
    this.#maxBuckets = maxBuckets;
    // A bucket that was overdrawn has twice as far to go.
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
    // A part of a longer text, such as a URL, would keep all of that in memory.
    this.#current.set(Buffer.from(key, 'utf16le').toString('utf16le'), created);
    return created;
  }

  #turn(nowMs: number): void {
    this.#previous = nowMs - this.#turnedAtMs >= 2 * this.#fillMs ? new Map() : this.#current;
    this.#current = new Map();
    this.#turnedAtMs = nowMs;
  }
}
