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
  #isActive = false;
  #wanted = 0;
  #capacity = 0;
  #earlier = 0;

  constructor(options: ExtraConsumersOptions) {
    this.#options = options;
  }

  /** Returns whether there are extra consumers. */
  get isTaking(): boolean {
    return this.#capacity > 0;
  }

  /** Returns the prefetch of the extra consumers together. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Returns how many of the deliveries before the last `begin` count as extra ones. */
  get earlier(): number {
    return this.#earlier;
  }

  /** Allows `count` extra deliveries: now, or from `begin` on. A lower count than before takes effect only at 0. */
  allow(count: number): void {
    this.#wanted = count;
    if (this.#isActive) this.#take();
  }

  /**
   * Begins to take the extra deliveries that are allowed.
   *
   * @param unacknowledged number of deliveries from before, which count as extra ones first
   */
  begin(unacknowledged: number): void {
    this.#isActive = true;
    this.#earlier = unacknowledged;
    this.#take();
  }

  /** Ends taking them. The caller cancels all consumers of the channel. */
  end(): void {
    this.#isActive = false;
    this.#capacity = 0;
    this.#tags.length = 0;
  }

  #take(): void {
    this.#earlier = Math.min(this.#earlier, this.#wanted);
    const count = this.#wanted - this.#earlier;
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
