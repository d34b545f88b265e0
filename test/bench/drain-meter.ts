/** How fast a queue was emptied. */
export interface Drain {
  readonly perSecond: number;
  /** Of the consumer's own process, without the broker. */
  readonly cpuMicrosPerMessage: number;
}

/** Counts handled messages, and measures from the first to the last. */
export class DrainMeter {
  readonly finished: Promise<Drain>;
  readonly #amount: number;
  #handled = 0;
  #startedAt = 0;
  #cpuBefore: NodeJS.CpuUsage = { user: 0, system: 0 };
  #finish: (drain: Drain) => void = () => {};

  constructor(amount: number) {
    this.#amount = amount;
    this.finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  count(): void {
    if (this.#handled === 0) {
      this.#startedAt = performance.now();
      this.#cpuBefore = process.cpuUsage();
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
