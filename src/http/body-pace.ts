/** A body that is arriving. */
export interface PacedBody {
  /** When its first byte could have come, by `performance.now()`. */
  readonly startedAt: number;
  /** How many bytes have arrived. */
  readonly length: number;
  /** Its place among those that are watched. Written by `BodyPace` alone. */
  place: number;
}

/** How long a body may take beside the time that its bytes get: connections start slowly, and links pause. */
export const bodyGraceMs = 10_000;

const sweepMs = 1_000;

/**
 * Cuts off bodies that come too slowly. A body has ten seconds, and one second more for each `minBytesPerSecond` that
 * have arrived: a slow link is given its time, and a caller who trickles is not.
 */
export class BodyPace<Body extends PacedBody> {
  readonly #minBytesPerSecond: number;
  // No Set: each table that it outgrows keeps the requests in it alive until the garbage collector's long pause.
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

  /** To be called once for each body that is watched. */
  unwatch(body: Body): void {
    const last = this.#arriving.pop();
    if (last === undefined || last === body) return;
    this.#arriving[body.place] = last;
    last.place = body.place;
  }

  /** Cuts off what is too slow at a time, by `performance.now()`. */
  sweep(now: number): void {
    for (const body of [...this.#arriving]) {
      const allowedMs = bodyGraceMs + (body.length / this.#minBytesPerSecond) * 1000;
      if (now - body.startedAt > allowedMs) this.#onTooSlow(body);
    }
  }

  #sweepLater(): NodeJS.Timeout {
    return setTimeout(() => {
      // After a handler that blocked the process, bytes wait in the sockets. They are read before an immediate runs.
      setImmediate(() => {
        this.sweep(performance.now());
        this.#sweeper = this.#arriving.length > 0 ? this.#sweepLater() : undefined;
      });
    }, sweepMs).unref();
  }
}
