export interface TopologyCheckOptions {
  /** Milliseconds from the end of one check to the next, give or take a fifth: gateways must not check in step. */
  readonly intervalMs: number;
  /** Must not reject. */
  readonly check: () => Promise<void>;
}

/** Runs a check at an interval, and at once when asked to. One runs at a time. */
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

  /** Resolves when a check has ended that began at or after the call. */
  async now(): Promise<void> {
    // One that is under way may have passed what the caller has just found missing.
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
