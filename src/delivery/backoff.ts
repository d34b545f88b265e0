/** Waits that double from the first to the longest. */
export class Backoff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(firstMs: number, longestMs: number) {
    this.#firstMs = firstMs;
    this.#longestMs = longestMs;
  }

  /** Calls a function after the next wait, which does not keep the process alive. Replaces a wait that has begun. */
  next(callback: () => void): void {
    clearTimeout(this.#timer);
    const waitMs = Math.min(this.#longestMs, this.#firstMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    this.#timer = setTimeout(callback, waitMs).unref();
  }

  /** Ends the wait, and begins again with the first. */
  reset(): void {
    clearTimeout(this.#timer);
    this.#failures = 0;
  }
}
