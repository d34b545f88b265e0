import { maxWindow } from '../../bus/ordered-sends.ts';
import { LittoralError } from '../../errors.ts';
import { PlaceQueue, type Places } from './place-queue.ts';

/** Number of entries of all batches that are read, sent and answered at once. An entry takes some kilobytes of memory. */
const maxEntriesAtOnce = 40_000;

/** Time that a batch waits for others to end: as long as its messages then wait for other publishes. */
const defaultWaitMs = 30_000;

/** The room that all batches share: for their entries in memory, and for what they publish at once. */
export class BatchRoom {
  readonly #entries: PlaceQueue;
  readonly #inFlight: PlaceQueue;

  /**
   * @param places `broker.maxInFlight`
   * @param waitMs time that a batch waits for others to end. Default: 30,000
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
   * Makes room for the entries of a batch, before it is read and until it is answered.
   *
   * @param most the largest number of entries that its body can hold
   * @throws LittoralError `too-many-in-flight` if there is no room in time
   */
  enter(most: number): Promise<Places> {
    return this.#entries.take(most);
  }

  /**
   * Reserves places in flight, after all batches that wait already. A batch takes as many as it publishes before their
   * confirms arrive. All batches together never need more than there are, so that none has to stop in its middle for lack
   * of room.
   *
   * @param entries the number of its entries
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
