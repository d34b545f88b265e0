const delays = { firstMs: 500, maxMs: 30_000 };

/** The next attempt to attach, after a delay that doubles with each failure in a row. */
export class AttachRetry {
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Attaches after the delay, in place of an attempt that waits. */
  after(attach: () => void): void {
    clearTimeout(this.#timer);
    const delayMs = Math.min(delays.maxMs, delays.firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#timer = setTimeout(attach, delayMs).unref();
  }

  /** Ends the row of failures. */
  succeeded(): void {
    this.#failures = 0;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
