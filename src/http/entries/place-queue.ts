import type { LittoralError } from '../../errors.ts';
import { completesWithin } from '../../time/timeout.ts';

interface Waiting {
  readonly count: number;
  readonly begin: () => void;
}

/** The places that one caller has taken. */
export interface Places {
  /** Keeps a number of places and releases the rest. */
  shrinkTo(count: number): void;
  /** Releases all of them. A second call does nothing. */
  release(): void;
}

/** A limited number of places, which callers take in the order of their calls. */
export class PlaceQueue {
  readonly #total: number;
  readonly #waitMs: number;
  readonly #refusal: (taken: number, wanted: number) => LittoralError;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  /**
   * @param waitMs time that a caller waits for others to release their places
   * @param refusal returns the error for a caller that has waited for too long
   */
  constructor(total: number, waitMs: number, refusal: (taken: number, wanted: number) => LittoralError) {
    this.#total = total;
    this.#waitMs = waitMs;
    this.#refusal = refusal;
  }

  /**
   * Takes places after all callers that already wait. A caller that wants more than the total gets the total.
   *
   * @throws the error from `refusal` if there is no room in time
   */
  async take(wanted: number): Promise<Places> {
    let held = Math.min(wanted, this.#total);
    if (this.#waiting.length > 0 || this.#taken + held > this.#total) await this.#wait(held);
    else this.#taken += held;
    const shrinkTo = (count: number) => {
      if (count >= held) return;
      this.#taken -= held - count;
      held = count;
      this.#next();
    };
    return { shrinkTo, release: () => shrinkTo(0) };
  }

  async #wait(count: number): Promise<void> {
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const waiting = { count, begin };
    this.#waiting.push(waiting);
    if (await completesWithin(this.#waitMs, begun)) return;
    const index = this.#waiting.indexOf(waiting);
    // The caller got its places in the same turn of the event loop.
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#next();
    throw this.#refusal(this.#taken, count);
  }

  #next(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (this.#taken + first.count > this.#total) return;
      this.#waiting.shift();
      this.#taken += first.count;
      first.begin();
    }
  }
}
