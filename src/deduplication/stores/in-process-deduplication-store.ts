import { RecentMap, type RecentMapOptions } from '../../time/recent-map.ts';
import type { DeduplicationStore } from '../deduplication-store.ts';

/** Keeps keys in the memory of this process. Each call takes the same time for any number of keys. */
export class InProcessDeduplicationStore implements DeduplicationStore {
  readonly #keys: RecentMap<true>;

  constructor(options: RecentMapOptions) {
    this.#keys = new RecentMap(options);
  }

  /** Number of keys in memory, expired ones included, which later keys remove. */
  get size(): number {
    return this.#keys.size;
  }

  has(key: string): boolean {
    return this.#keys.get(key) === true;
  }

  record(key: string): void {
    this.#keys.set(key, true);
  }
}
