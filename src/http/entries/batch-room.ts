import { maxWindow } from '../../bus/send-window.ts';
import { LittoralError } from '../../errors.ts';
import { PlaceQueue, type Places } from './place-queue.ts';

/** Maximum number of entries in memory, of all batches together. An entry takes some kilobytes of memory. */
const maxEntriesAtOnce = 40_000;

/** Time that a batch waits for other batches to end, and that its messages wait for other publishes to end. */
const defaultWaitMs = 30_000;

/** The shared limits of all batches: on entries in memory, and on publishes in flight. */
export class BatchRoom {
  readonly #entries: PlaceQueue;
  readonly #inFlight: PlaceQueue;

  /**
   * @param places `broker.maxInFlight`
   * @param waitMs time that a batch waits for other batches to end. Default: 30,000
   */
  constructor(places: number, waitMs = defaultWaitMs) {
    this.#entries = new PlaceQueue(maxEntriesAtOnce, waitMs, () =>
      tooMany(`other batches use the room for ${maxEntriesAtOnce} entries in memory`),
    );
    this.#inFlight = new PlaceQueue(places, waitMs, (taken, wanted) =>
      tooMany(
        `other batches have reserved ${taken} of ${places} places (broker.maxInFlight), and this one needs ${wanted}`,
      ),
    );
  }

  /**
   * Reserves room for the entries of a batch. The batch keeps it until it is answered.
   *
   * @param most maximum number of entries that the body can contain
   * @throws LittoralError `too-many-in-flight` if there is no room in time
   */
  enter(most: number): Promise<Places> {
    return this.#entries.take(most);
  }

  /**
   * Reserves places in flight, after all batches that already wait. A batch takes one place for each message that it
   * can have in flight. So all batches together never have more than `broker.maxInFlight` messages in
   * flight, and no batch fails halfway because there is no room.
   *
   * @param entries number of entries of the batch
   * @returns a function that releases the places
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
