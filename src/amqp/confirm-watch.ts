/** How long a publish without a confirm counts, where none is published after it: then somebody must try again. */
const countsMs = 30_000;

/** Notices a broker that takes publishes and confirms none, such as a cluster without a majority. */
export class ConfirmWatch {
  readonly #timeoutMs: number;
  #timedOutAtMs: number | undefined;

  /** @param timeoutMs after which a confirm is missing */
  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** A sentence while confirms are missing, and none has come since; undefined at any other time. */
  get problem(): string | undefined {
    if (this.#timedOutAtMs === undefined || performance.now() - this.#timedOutAtMs > countsMs) return undefined;
    return (
      `the broker does not confirm publishes within ${this.#timeoutMs} ms: it is overloaded, or most nodes of a queue ` +
      'are down'
    );
  }

  /** To be told of an answer of the broker to any publish. */
  answered(): void {
    this.#timedOutAtMs = undefined;
  }

  /** To be told of a publish whose confirm did not come in time. */
  timedOut(): void {
    this.#timedOutAtMs = performance.now();
  }

  /** To be told that the channel is gone, and with it what was unconfirmed. */
  ended(): void {
    this.#timedOutAtMs = undefined;
  }
}
