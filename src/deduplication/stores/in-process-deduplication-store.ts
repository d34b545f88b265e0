import type { Clock } from '../../time/clock.ts';
import type { DeduplicationStore } from '../deduplication-store.ts';

interface Entry {
  readonly key: string;
  readonly atMs: number;
  newer: Entry | undefined;
}

export interface InProcessDeduplicationStoreOptions {
  /** For how long a key is known. */
  readonly windowMs: number;
  /** How many keys are kept at most: the oldest goes for the newest. */
  readonly maxEntries: number;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/**
 * Keeps keys in the memory of this process. Each call takes the same time however many there are: a list by age beside
 * the map, for to find the oldest in a map means to pass all that were deleted from it.
 */
export class InProcessDeduplicationStore implements DeduplicationStore {
  readonly #options: InProcessDeduplicationStoreOptions;
  readonly #entries = new Map<string, Entry>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  /** Those in the list, also the ones that a later record of their key has replaced. */
  #listed = 0;

  constructor(options: InProcessDeduplicationStoreOptions) {
    this.#options = options;
  }

  /** How many entries are in memory, forgotten ones among them: those go when others come. */
  get size(): number {
    return this.#listed;
  }

  has(key: string): boolean {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#isKnown(entry);
  }

  record(key: string): void {
    const entry: Entry = { key, atMs: this.#options.clock.nowMs(), newer: undefined };
    this.#entries.set(key, entry);
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#listed += 1;
    if (this.#listed > this.#options.maxEntries) this.#dropOldest();
    // Two for each that comes: so what is forgotten goes in time, and never all of it at once.
    for (let drops = 0; drops < 2 && this.#oldest && !this.#isKnown(this.#oldest); drops++) this.#dropOldest();
  }

  #isKnown({ atMs }: Entry): boolean {
    return this.#options.clock.nowMs() - atMs < this.#options.windowMs;
  }

  #dropOldest(): void {
    const oldest = this.#oldest as Entry;
    this.#oldest = oldest.newer;
    this.#listed -= 1;
    if (this.#entries.get(oldest.key) === oldest) this.#entries.delete(oldest.key);
  }
}
