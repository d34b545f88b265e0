/** The first window is small, because most browses end on the first page. Each later one is twice as large, up to here. */
const smallest = 125;
const largest = 2000;

/** Limit of a window by the mean size of the bodies so far: all of it can be on its way when a browse ends. */
const windowBytes = 16 * 1024 * 1024;

/** The sizes of the windows of one browse, in messages. */
export class WindowSizes {
  readonly #limit: number;
  #size = 0;
  #messages = 0;
  #bytes = 0;

  /** @param limit the most messages that a window may have */
  constructor(limit = largest) {
    this.#limit = limit;
  }

  /** Counts a message that was received. */
  add(body: Uint8Array): void {
    this.#messages += 1;
    this.#bytes += body.byteLength;
  }

  /** Returns the size of the next window for a queue of which so many messages are left. */
  next(left: number): number {
    const wanted = this.#size === 0 ? smallest : 2 * this.#size;
    this.#size = Math.min(wanted, this.#affordable(), this.#limit, left);
    return this.#size;
  }

  /** Returns the size of the largest window that the memory allows. */
  largest(): number {
    return Math.min(largest, this.#affordable());
  }

  #affordable(): number {
    if (this.#bytes === 0) return Number.POSITIVE_INFINITY;
    return Math.floor((windowBytes * this.#messages) / this.#bytes) || 1;
  }
}
