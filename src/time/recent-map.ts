import type { Clock } from './clock.ts';

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly atMs: number;
  newer: Entry<Value> | undefined;
}

export interface RecentMapOptions {
  /** Milliseconds for which an entry is kept. */
  readonly windowMs: number;
  /** Maximum number of entries. Beyond it, the newest replaces the oldest. */
  readonly maxEntries: number;
  readonly clock: Pick<Clock, 'nowMs'>;
}

/**
 * A map whose entries are dropped after a time, and beyond a number. Each call takes the same time for any number of
 * entries, because the map has a list by age: finding the oldest key of a `Map` means visiting all deleted ones.
 */
export class RecentMap<Value> {
  readonly #options: RecentMapOptions;
  readonly #entries = new Map<string, Entry<Value>>();
  #oldest: Entry<Value> | undefined;
  #newest: Entry<Value> | undefined;
  /** Number of entries in the list, including those that a later one of the same key has replaced. */
  #listed = 0;

  constructor(options: RecentMapOptions) {
    this.#options = options;
  }

  /** Number of entries in memory, expired ones included, which later entries remove. */
  get size(): number {
    return this.#listed;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#isRecent(entry) ? entry.value : undefined;
  }

  set(key: string, value: Value): void {
    const entry: Entry<Value> = { key, value, atMs: this.#options.clock.nowMs(), newer: undefined };
    this.#entries.set(key, entry);
    if (this.#newest) this.#newest.newer = entry;
    else this.#oldest = entry;
    this.#newest = entry;
    this.#listed += 1;
    if (this.#listed > this.#options.maxEntries) this.#dropOldest();
    // Removes two expired entries for each new one, so that they are removed in time, and never all at once.
    for (let drops = 0; drops < 2 && this.#oldest && !this.#isRecent(this.#oldest); drops++) this.#dropOldest();
  }

  #isRecent({ atMs }: Entry<Value>): boolean {
    return this.#options.clock.nowMs() - atMs < this.#options.windowMs;
  }

  #dropOldest(): void {
    const oldest = this.#oldest as Entry<Value>;
    this.#oldest = oldest.newer;
    // The garbage collector can keep a dropped entry for a while, and all that it refers to.
    oldest.newer = undefined;
    this.#listed -= 1;
    if (this.#entries.get(oldest.key) === oldest) this.#entries.delete(oldest.key);
  }
}
