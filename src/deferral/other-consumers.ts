import type { WallClock } from '../time/clock.ts';

/** Time for which an answer is cached: a process notices a consumer that starts or ends so much later. */
const rememberMs = 1000;

/** A cached check for other consumers of a queue, which asks the broker at most once a second. */
export class OtherConsumers {
  readonly #count: () => Promise<number | undefined>;
  readonly #clock: WallClock;
  #answer: Promise<boolean> | undefined;
  #askedAtMs = 0;

  /** @param count counts the other consumers; undefined while the broker does not report them */
  constructor(count: () => Promise<number | undefined>, clock: WallClock) {
    this.#count = count;
    this.#clock = clock;
  }

  /**
   * Returns whether there may be other consumers. An unknown count means yes: a message can become a dead letter later.
   */
  exist(): Promise<boolean> {
    const nowMs = this.#clock.wallMs();
    // A correction can move the clock back.
    if (this.#answer === undefined || Math.abs(nowMs - this.#askedAtMs) >= rememberMs) {
      this.#askedAtMs = nowMs;
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  async #ask(): Promise<boolean> {
    const count = await this.#count().catch(() => undefined);
    return count === undefined || count > 0;
  }
}
