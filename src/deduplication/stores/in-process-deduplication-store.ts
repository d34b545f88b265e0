import type { Clock } from '../../time/clock.ts';
import type { DeduplicationStore } from '../deduplication-store.ts';

interface Entry {
  readonly key: string;
  readonly atMs: number;
  newer: Entry | undefined;
}

export interface InProcessDeduplicationStoreOptions {
  /** Milliseconds for which a key is kept. */
  readonly windowMs: number;
  /** Maximum number of keys. Beyond it, the newest replaces the oldest. */
  readonly maxEntries: number;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/**
 * Keeps keys in the memory of this process. Each call takes the same time for any number of keys, because a list by age
 * stands beside the map: finding the oldest key of a map means visiting all deleted ones.
 */
export class InProcessDeduplicationStore implements DeduplicationStore {
  readonly #options: InProcessDeduplicationStoreOptions;
  readonly #entries = new Map<string, Entry>();
  #oldest: Entry | undefined;
  #newest: Entry | undefined;
  /** Number of entries in the list, including those that a later record of the same key has replaced. */
  #listed = 0;

  constructor(options: InProcessDeduplicationStoreOptions) {
    this.#options = options;
  }

  /** Number of entries in memory, expired ones included, which later entries remove. */
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
    // Removes two expired entries for each new one, so that they are removed in time, and never all at once.
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
