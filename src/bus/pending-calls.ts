import { TurnoverSet } from '../collection/turnover-set.ts';

/** The calls of the buses of the process, which belong to no delivery. A shutdown waits for them too. */
export class PendingCalls {
  readonly #open = new TurnoverSet<Promise<void>>();

  /**
   * Counts a call.
   *
   * @returns the same promise
   */
  track<Result>(call: Promise<Result>): Promise<Result> {
    const forget = () => void this.#open.delete(ended);
    const ended: Promise<void> = call.then(forget, forget);
    this.#open.add(ended);
    return call;
  }

  /** Waits until no call is pending, including calls that begin meanwhile. */
  async settle(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }
}
