import { roomFor } from './turnover-set.ts';

/** A map whose entries change all the time. It replaces its `Map` from time to time, as `TurnoverSet` does its `Set`. */
export class TurnoverMap<Key, Value> {
  #entries = new Map<Key, Value>();
  /** Number of entries that can be set before the map is renewed. */
  #room = roomFor(0);

  get size(): number {
    return this.#entries.size;
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  set(key: Key, value: Value): void {
    if (this.#room === 0) this.#renew();
    this.#room -= 1;
    this.#entries.set(key, value);
  }

  /** @returns whether the key was there */
  delete(key: Key): boolean {
    return this.#entries.delete(key);
  }

  /**
   * Visits the entries in the order of their keys' addition, except those that are deleted before their turn. It can
   * miss entries that are added meanwhile.
   */
  *entries(): Generator<readonly [Key, Value], undefined> {
    for (const entry of this.#entries) if (this.#entries.has(entry[0])) yield entry;
  }

  /** Visits the values, as `entries` does. */
  *values(): Generator<Value, undefined> {
    for (const [key, value] of this.#entries) if (this.#entries.has(key)) yield value;
  }

  #renew(): void {
    this.#room = roomFor(this.#entries.size);
    this.#entries = new Map(this.#entries);
  }
}
