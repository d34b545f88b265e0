export interface ExtraConsumersOptions {
  /** The minimum prefetch of an extra consumer, which keeps their number low. */
  readonly step: number;
  /** Starts a consumer with its own prefetch. Returns its tag. */
  readonly begin: (prefetch: number) => string;
  /** Cancels consumers by their tags. */
  readonly cancel: (tags: readonly string[]) => void;
}

/**
 * Consumers that receive deliveries beyond the prefetch of a subscription. A consumer's prefetch is fixed when it
 * starts, so a higher total takes more consumers. They are cancelled together when the extra demand drops to 0.
 */
export class ExtraConsumers {
  readonly #options: ExtraConsumersOptions;
  readonly #tags: string[] = [];
  #capacity = 0;

  constructor(options: ExtraConsumersOptions) {
    this.#options = options;
  }

  /** Returns whether there are extra consumers. */
  get isTaking(): boolean {
    return this.#capacity > 0;
  }

  /** Allows `count` extra deliveries. A lower count than before takes effect only at 0. */
  take(count: number): void {
    if (count > this.#capacity) {
      const prefetch = Math.max(this.#options.step, count - this.#capacity);
      this.#capacity += prefetch;
      this.#tags.push(this.#options.begin(prefetch));
    } else if (count === 0 && this.#capacity > 0) {
      this.#capacity = 0;
      this.#options.cancel(this.#tags.splice(0));
    }
  }
}
