import { type Clock, systemClock } from '../../time/clock.ts';

/** An item that expires at a time on the clock of its schedule. */
export interface Expiring {
  readonly expiresAtMs: number;
}

/**
 * Reports when items expire, each at its own time, in whatever order they were added: a binary heap with the nearest expiry on top
 * and one call of the clock for that.
 */
export class ExpirySchedule<Item extends Expiring> {
  readonly #heap: Item[] = [];
  /** The position of each item in the heap, so that it can leave before its time. */
  readonly #positions = new Map<Item, number>();
  readonly #onExpired: (item: Item) => void;
  readonly #clock: Clock;
  #cancelCall = () => {};
  #callAtMs = Infinity;

  /** @param onExpired called for each item once its time has come, the earliest first */
  constructor(onExpired: (item: Item) => void, clock: Clock = systemClock) {
    this.#onExpired = onExpired;
    this.#clock = clock;
  }

  add(item: Item): void {
    if (item.expiresAtMs === Infinity) return;
    this.#heap.push(item);
    this.#rise(item, this.#heap.length - 1);
    this.#callWhenNearest();
  }

  delete(item: Item): void {
    const position = this.#positions.get(item);
    if (position === undefined) return;
    this.#positions.delete(item);
    const last = this.#heap.pop() as Item;
    if (last !== item) this.#sink(last, this.#rise(last, position));
    // Otherwise the call stays: should it now be early, it finds nothing and is made again.
    if (this.#heap.length === 0) this.#cancel();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#positions.clear();
    this.#cancel();
  }

  #expire(): void {
    this.#cancel();
    const nowMs = this.#clock.nowMs();
    for (let item = this.#heap[0]; item !== undefined && item.expiresAtMs <= nowMs; item = this.#heap[0]) {
      this.delete(item);
      this.#onExpired(item);
    }
    this.#callWhenNearest();
  }

  #callWhenNearest(): void {
    const nearestMs = this.#heap[0]?.expiresAtMs ?? Infinity;
    if (nearestMs >= this.#callAtMs) return;
    this.#cancel();
    this.#callAtMs = nearestMs;
    this.#cancelCall = this.#clock.callAt(nearestMs, () => this.#expire());
  }

  #cancel(): void {
    this.#cancelCall();
    this.#callAtMs = Infinity;
  }

  /** Moves an item from a position towards the top, past every later one. */
  #rise(item: Item, from: number): number {
    let position = from;
    while (position > 0) {
      const parentPosition = (position - 1) >> 1;
      const parent = this.#heap[parentPosition] as Item;
      if (parent.expiresAtMs <= item.expiresAtMs) break;
      this.#place(parent, position);
      position = parentPosition;
    }
    this.#place(item, position);
    return position;
  }

  /** Moves an item from a position towards the bottom, past every earlier one. */
  #sink(item: Item, from: number): void {
    let position = from;
    for (;;) {
      const childPosition = this.#earlierChild(position);
      const child = this.#heap[childPosition];
      if (child === undefined || child.expiresAtMs >= item.expiresAtMs) break;
      this.#place(child, position);
      position = childPosition;
    }
    this.#place(item, position);
  }

  #earlierChild(position: number): number {
    const left = 2 * position + 1;
    const right = left + 1;
    const leftMs = this.#heap[left]?.expiresAtMs ?? Infinity;
    const rightMs = this.#heap[right]?.expiresAtMs ?? Infinity;
    return rightMs < leftMs ? right : left;
  }

  #place(item: Item, position: number): void {
    this.#heap[position] = item;
    this.#positions.set(item, position);
  }
}
