/** A body that is arriving. */
export interface PacedBody {
  /** The earliest time at which its first byte could have arrived, by `performance.now()`. */
  readonly startedAt: number;
  /** Number of bytes that have arrived. */
  readonly length: number;
  /** Its index among the watched bodies. Only `BodyPace` writes it. */
  place: number;
}

/** Time that a body gets in addition to the time for its bytes: TCP slow start, and links that pause. */
export const bodyGraceMs = 10_000;

const sweepMs = 1_000;

/**
 * A watch that cuts off slow bodies. A body has ten seconds, and one second more for each `minBytesPerSecond` that
 * have arrived: a slow link gets its time, and a slow-body attack does not.
 */
export class BodyPace<Body extends PacedBody> {
  readonly #minBytesPerSecond: number;
  // Not a Set: each hash table that it outgrows keeps its requests alive until the next major garbage collection.
  readonly #arriving: Body[] = [];
  readonly #onTooSlow: (body: Body) => void;
  #sweeper: NodeJS.Timeout | undefined;

  /**
   * @param minBytesPerSecond `http.minBodyBytesPerSecond`
   * @param onTooSlow cuts off a body, and ends the watch over it
   */
  constructor(minBytesPerSecond: number, onTooSlow: (body: Body) => void) {
    this.#onTooSlow = onTooSlow;
    this.#minBytesPerSecond = minBytesPerSecond;
  }

  watch(body: Body): void {
    body.place = this.#arriving.push(body) - 1;
    this.#sweeper ??= this.#sweepLater();
  }

  /** Stops watching a body. The caller does so once for each watched body. */
  unwatch(body: Body): void {
    const last = this.#arriving.pop();
    if (last === undefined || last === body) return;
    this.#arriving[body.place] = last;
    last.place = body.place;
  }

  /** Cuts off bodies that are too slow at a time, by `performance.now()`. */
  sweep(now: number): void {
    for (const body of [...this.#arriving]) {
      const allowedMs = bodyGraceMs + (body.length / this.#minBytesPerSecond) * 1000;
      if (now - body.startedAt > allowedMs) this.#onTooSlow(body);
    }
  }

  #sweepLater(): NodeJS.Timeout {
    return setTimeout(() => {
      // If a handler blocked the process, bytes wait in the sockets. They are read before an immediate runs.
      setImmediate(() => {
        this.sweep(performance.now());
        this.#sweeper = this.#arriving.length > 0 ? this.#sweepLater() : undefined;
      });
    }, sweepMs).unref();
  }
}
