import type { WallClock } from '../channel/clock.ts';

/** For how long an answer holds: a process that becomes alone, or is joined by another, sees that so much later. */
const rememberMs = 1000;

/** Knows whether a queue has other consumers, and asks at most once a second, however many messages need to know. */
export class OtherConsumers {
  readonly #count: () => Promise<number | undefined>;
  readonly #clock: WallClock;
  #answer: Promise<boolean> | undefined;
  #askedAtMs = 0;

  /** @param count counts them; undefined while that cannot be told */
  constructor(count: () => Promise<number | undefined>, clock: WallClock) {
    this.#count = count;
    this.#clock = clock;
  }

  /** Returns whether there may be any. What cannot be told counts as yes: a message can be given up later. */
  exist(): Promise<boolean> {
    const nowMs = this.#clock.wallMs();
    // A correction can move that clock back.
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
