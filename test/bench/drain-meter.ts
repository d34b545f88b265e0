/** How fast a queue was emptied. */
export interface Drain {
  readonly perSecond: number;
  /** Of the consumer's own process, without the broker. */
  readonly cpuMicrosPerMessage: number;
}

/** Counts handled messages, and measures from the first to the last. */
export class DrainMeter {
  readonly finished: Promise<Drain>;
  /** Resolves when the messages that are not measured have been handled. */
  readonly warm: Promise<void>;
  readonly #amount: number;
  /** The number of messages before the measured ones, below zero. */
  #handled: number;
  #startedAt = 0;
  #cpuBefore: NodeJS.CpuUsage = { user: 0, system: 0 };
  #finish: (drain: Drain) => void = () => {};
  #begin: () => void = () => {};

  /** @param skipped number of messages before those that are measured */
  constructor(amount: number, skipped = 0) {
    this.#amount = amount;
    this.#handled = -skipped;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.warm = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  count(): void {
    if (this.#handled === 0) {
      this.#startedAt = performance.now();
      this.#cpuBefore = process.cpuUsage();
      this.#begin();
    }
    this.#handled += 1;
    if (this.#handled !== this.#amount) return;
    const milliseconds = performance.now() - this.#startedAt;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    this.#finish({
      perSecond: (this.#amount / milliseconds) * 1000,
      cpuMicrosPerMessage: (user + system) / this.#amount,
    });
  }
}
