/** The size of a bucket, and how fast it fills. */
export interface BucketShape {
  readonly capacity: number;
  readonly perMs: number;
}

/** Number of tokens that may be missing, because a rounded wait can end slightly early. */
const tolerance = 1e-6;

/** A token bucket: callers take tokens, and the bucket refills over time up to its capacity. A new bucket is full. */
export class TokenBucket {
  readonly #shape: BucketShape;
  #level: number;
  #atMs: number;

  constructor(shape: BucketShape, nowMs: number) {
    this.#shape = shape;
    this.#level = shape.capacity;
    this.#atMs = nowMs;
  }

  /** Returns the number of tokens; negative for an overdrawn bucket. */
  level(nowMs: number): number {
    const { capacity, perMs } = this.#shape;
    return Math.min(capacity, this.#level + (nowMs - this.#atMs) * perMs);
  }

  has(amount: number, nowMs: number): boolean {
    return this.level(nowMs) + tolerance >= amount;
  }

  /** Takes tokens. A bucket can be overdrawn at most by its capacity. */
  take(amount: number, nowMs: number): void {
    this.#level = Math.max(this.level(nowMs) - amount, -this.#shape.capacity);
    this.#atMs = nowMs;
  }

  giveBack(amount: number, nowMs: number): void {
    this.#level = Math.min(this.#shape.capacity, this.level(nowMs) + amount);
    this.#atMs = nowMs;
  }

  /** Returns the milliseconds until the bucket has a number of tokens. */
  waitMs(amount: number, nowMs: number): number {
    return Math.max(0, (amount - this.level(nowMs)) / this.#shape.perMs);
  }
}
