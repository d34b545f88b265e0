/** Number of entries that a new map takes beyond four times its size, before it is renewed. */
const smallest = 16;

/** A map whose entries change all the time. It replaces its `Map` from time to time, as `TurnoverSet` does its `Set`. */
export class TurnoverMap<Key, Value> {
  #entries = new Map<Key, Value>();
  /** Number of entries that can be set before the map is renewed. */
  #room = smallest;

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

  /** Returns the entries of this moment in the order of their keys' addition. */
  entries(): readonly (readonly [Key, Value])[] {
    return [...this.#entries];
  }

  /** Returns the values of this moment in the order of their keys' addition. */
  values(): readonly Value[] {
    return [...this.#entries.values()];
  }

  #renew(): void {
    this.#room = smallest + 4 * this.#entries.size;
    this.#entries = new Map(this.#entries);
  }
}
