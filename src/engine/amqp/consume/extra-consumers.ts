/** A function that starts a consumer with its own prefetch. Resolves with the consumer tag. */
type Begin = (prefetch: number) => Promise<string>;

/**
 * Consumers that receive deliveries beyond the prefetch of a subscription. A consumer's prefetch is fixed when it
 * starts, so a higher total takes more consumers. They are cancelled together when the extra demand drops to 0.
 */
export class ExtraConsumers {
  readonly #step: number;
  readonly #begin: Begin;
  readonly #cancel: (tag: string) => Promise<unknown>;
  readonly #tags = new Set<string>();
  #capacity = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param step minimum prefetch of an extra consumer, which keeps their number low */
  constructor(step: number, begin: Begin, cancel: (tag: string) => Promise<unknown>) {
    this.#step = step;
    this.#begin = begin;
    this.#cancel = cancel;
  }

  /** Returns whether there are extra consumers. */
  get isTaking(): boolean {
    return this.#capacity > 0;
  }

  /**
   * Allows `count` extra deliveries. A lower count than before takes effect only at 0.
   *
   * @returns when the broker has answered
   */
  take(count: number): Promise<unknown> {
    if (count > this.#capacity) {
      const prefetch = Math.max(this.#step, count - this.#capacity);
      this.#capacity += prefetch;
      // One at a time, because a prefetch applies to the next consumer that starts on the channel.
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
