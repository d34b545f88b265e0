/** Lifetime below which the end of a channel is early, which lengthens the pause before it is opened again. */
const earlyMs = 10_000;
const firstMs = 10;
const maxMs = 5_000;

/** The pause before a channel is opened again. It doubles with each early end in a row. */
export class ReopenPause {
  #earlyEnds = 0;
  #openedAtMs = 0;

  /** Notes that the channel is open. */
  opened(): void {
    this.#openedAtMs = performance.now();
  }

  /** Returns the pause after an end of the channel, in milliseconds. */
  nextMs(): number {
    const isEarly = performance.now() - this.#openedAtMs < earlyMs;
    this.#earlyEnds = isEarly ? this.#earlyEnds + 1 : 0;
    return Math.min(maxMs, firstMs * 2 ** this.#earlyEnds);
  }
}
