/** Time for which a missing confirm counts if nothing else is published: after that, a new publish has to be tried. */
const countsMs = 30_000;

/** A detector of a broker that takes publishes and confirms none, such as a cluster without a majority. */
export class ConfirmWatch {
  readonly #timeoutMs: number;
  #timedOutAtMs: number | undefined;

  /** @param timeoutMs time after which a confirm counts as missing */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Returns the problem while confirms are missing and none has arrived since; undefined at any other time. */
  get problem(): string | undefined {
    if (this.#timedOutAtMs === undefined || performance.now() - this.#timedOutAtMs > countsMs) return undefined;
    return (
      `the broker does not confirm publishes within ${this.#timeoutMs} ms: it is overloaded, or most nodes of a queue ` +
      'are down'
    );
  }

  /** Records that the broker has answered a publish. */
  answered(): void {
    this.#timedOutAtMs = undefined;
  }

  /** Records that a confirm did not arrive in time. */
  timedOut(): void {
    this.#timedOutAtMs = performance.now();
  }

  /** Records that the channel has closed, and its unconfirmed publishes with it. */
  ended(): void {
    this.#timedOutAtMs = undefined;
  }
}
