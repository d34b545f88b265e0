export interface TopologyCheckOptions {
  /**
   * Milliseconds from the end of one check to the next, plus or minus a fifth, so that gateways do not check in step.
   */
  readonly intervalMs: number;
  /** The check. It must not reject. */
  readonly check: () => Promise<void>;
}

/** A check that runs at an interval and on demand, one run at a time. */
export class TopologyCheck {
  readonly #options: TopologyCheckOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: TopologyCheckOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule();
  }

  /** Requests a check. Resolves when a check that started at or after the call has ended. */
  async now(): Promise<void> {
    // A running check may already be past what the caller has just found missing.
    await this.#running;
    if (!this.#isClosed) await (this.#running ?? this.#run());
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running = this.#options.check().finally(() => {
      this.#running = undefined;
      this.#schedule();
    });
    return this.#running;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    const delayMs = this.#options.intervalMs * (0.8 + 0.4 * Math.random());
    this.#timer = setTimeout(() => void (this.#running ?? this.#run()), delayMs).unref();
  }
}
