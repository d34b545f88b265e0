import { maxWindow } from '../../bus/ordered-sends.ts';
import { LittoralError } from '../../errors.ts';
import { PlaceQueue, type Places } from './place-queue.ts';

/** Maximum number of entries in memory, of all batches together. An entry takes some kilobytes of memory. */
const maxEntriesAtOnce = 40_000;

/** Time that a batch waits for other batches to end. Its messages wait for other publishes for the same time. */
const defaultWaitMs = 30_000;

/** The limits that all batches share: on their entries in memory, and on their publishes in flight. */
export class BatchRoom {
  readonly #entries: PlaceQueue;
  readonly #inFlight: PlaceQueue;

  /**
   * @param places `broker.maxInFlight`
   * @param waitMs time that a batch waits for other batches to end. Default: 30,000
   */
  constructor(places: number, waitMs = defaultWaitMs) {
    this.#entries = new PlaceQueue(maxEntriesAtOnce, waitMs, () =>
      tooMany(`other batches hold the ${maxEntriesAtOnce} entries that are in memory at once`),
    );
    this.#inFlight = new PlaceQueue(places, waitMs, (taken, wanted) =>
      tooMany(
        `other batches have reserved ${taken} of ${places} places (broker.maxInFlight), and this one needs ${wanted}`,
      ),
    );
  }

  /**
   * Reserves room for the entries of a batch, from before it is read until it is answered.
   *
   * @param most the largest number of entries that its body can hold
   * @throws LittoralError `too-many-in-flight` if there is no room in time
   */
  enter(most: number): Promise<Places> {
    return this.#entries.take(most);
  }

  /**
   * Reserves places in flight, after all batches that already wait. A batch takes one place for each message that it
   * publishes before the first confirm. All batches together thus never publish more than `broker.maxInFlight`
   * messages, and no batch fails halfway for lack of room.
   *
   * @param entries number of its entries
   * @returns a function that releases them
   * @throws LittoralError `too-many-in-flight` if there is no room in time
   */
  async reserve(entries: number): Promise<() => void> {
    const places = await this.#inFlight.take(Math.min(entries, maxWindow));
    return () => places.release();
  }
}

function tooMany(reason: string): LittoralError {
  return new LittoralError('too-many-in-flight', `Nothing was sent: ${reason}. Repeat it later.`);
}
