/** Returns how many values a set or a map with a size takes before it is renewed. */
export function roomFor(size: number): number {
  return 16 + 4 * size;
}

/**
 * A set whose values change all the time, such as what is in flight.
 *
 * When the table of a JavaScript `Set` is full, V8 creates another one, and the old table refers to the new one and to
 * the values that it had. Once one of these tables has reached the old generation of the heap, the garbage collector
 * keeps all that follow it, with everything that their values refer to, until it visits the whole heap. Each message
 * would be copied there. So this set replaces its `Set` from time to time: no table of the new one is referred to.
 */
export class TurnoverSet<Value> implements Iterable<Value> {
  #values = new Set<Value>();
  /** Number of values that can be added before the set is renewed. */
  #room = roomFor(0);

  get size(): number {
    return this.#values.size;
  }

  has(value: Value): boolean {
    return this.#values.has(value);
  }

  add(value: Value): void {
    if (this.#room === 0) this.#renew();
    this.#room -= 1;
    this.#values.add(value);
  }

  /** @returns whether the value was there */
  delete(value: Value): boolean {
    return this.#values.delete(value);
  }

  /**
   * Visits the values in the order of their addition, except those that are deleted before their turn. It can miss
   * values that are added meanwhile.
   */
  *[Symbol.iterator](): Generator<Value, undefined> {
    for (const value of this.#values) if (this.#values.has(value)) yield value;
  }

  #renew(): void {
    this.#room = roomFor(this.#values.size);
    this.#values = new Set(this.#values);
  }
}
