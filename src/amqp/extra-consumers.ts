/** Begins a consumer with a prefetch of its own. Resolves with its tag. */
type Begin = (prefetch: number) => Promise<string>;

/**
 * The consumers that take deliveries beyond the prefetch of a subscription. The prefetch of a consumer is fixed when it
 * begins, so more begin beside it. They end together, once nothing is to be taken beyond the prefetch any more.
 */
export class ExtraConsumers {
  readonly #step: number;
  readonly #begin: Begin;
  readonly #cancel: (tag: string) => Promise<unknown>;
  readonly #tags = new Set<string>();
  #capacity = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param step how many deliveries a consumer takes at least, so that few are enough */
  constructor(step: number, begin: Begin, cancel: (tag: string) => Promise<unknown>) {
    this.#step = step;
    this.#begin = begin;
    this.#cancel = cancel;
  }

  /** Whether anything is taken beyond the prefetch. */
  get isTaking(): boolean {
    return this.#capacity > 0;
  }

  /**
   * Takes up to so many deliveries. Fewer than before take effect at 0.
   *
   * @returns when the broker has answered
   */
  take(count: number): Promise<unknown> {
    if (count > this.#capacity) {
      const prefetch = Math.max(this.#step, count - this.#capacity);
      this.#capacity += prefetch;
      // One after the other: a prefetch holds for the consumer that begins next on the channel.
      this.#last = this.#last.then(async () => this.#tags.add(await this.#begin(prefetch)));
    } else if (count === 0 && this.#capacity > 0) {
      this.#capacity = 0;
      this.#last = this.#last.then(() => {
        const tags = [...this.#tags];
        this.#tags.clear();
        return Promise.all(tags.map((tag) => this.#cancel(tag)));
      });
    }
    return this.#last;
  }
}
