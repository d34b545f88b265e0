import { maxWindow } from '../../bus/ordered-sends.ts';
import { LittoralError } from '../../errors.ts';
import { completesWithin } from '../../time/timeout.ts';

/** Time that a batch waits for others to end: as long as its messages then wait for other publishes. */
const defaultWaitMs = 30_000;

interface Waiting {
  readonly places: number;
  readonly begin: () => void;
}

/**
 * The places in flight that batches have reserved. A batch takes as many as it publishes before their confirms arrive.
 * All batches together never need more than there are, so that none has to stop in its middle for lack of room.
 */
export class BatchRoom {
  readonly #places: number;
  readonly #waitMs: number;
  readonly #waiting: Waiting[] = [];
  #taken = 0;

  /**
   * @param places `broker.maxInFlight`
   * @param waitMs time that a batch waits for others to end. Default: 30,000
   */
  constructor(places: number, waitMs = defaultWaitMs) {
    this.#places = places;
    this.#waitMs = waitMs;
  }

  /**
   * Reserves the places of a batch, after all batches that wait already.
   *
   * @param entries the number of its entries
   * @returns a function that releases them
   * @throws LittoralError `too-many-in-flight` if there is no room in time
   */
  async reserve(entries: number): Promise<() => void> {
    const places = Math.min(entries, maxWindow, this.#places);
    if (this.#waiting.length > 0 || this.#taken + places > this.#places) await this.#wait(places);
    else this.#taken += places;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#taken -= places;
      this.#next();
    };
  }

  async #wait(places: number): Promise<void> {
    let begin: () => void = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const waiting = { places, begin };
    this.#waiting.push(waiting);
    if (await completesWithin(this.#waitMs, begun)) return;
    const index = this.#waiting.indexOf(waiting);
    // It has begun in the same turn.
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.#next();
    throw new LittoralError(
      'too-many-in-flight',
      `Nothing was sent: other batches have reserved ${this.#taken} of ${this.#places} places (broker.maxInFlight), and this one needs ${places}. Repeat it later.`,
    );
  }

  #next(): void {
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      if (this.#taken + first.places > this.#places) return;
      this.#waiting.shift();
      this.#taken += first.places;
      first.begin();
    }
  }
}
