/** The longest time that setTimeout can wait: a longer one fires at once. */
const longestTimeoutMs = 2 ** 31 - 1;

/** What expires at a time on the clock of `performance.now()`, which no correction of the wall clock moves. */
export interface Expiring {
  readonly expiresAtMs: number;
}

/**
 * Tells when items expire, each on its own time, however they were added: a binary heap with the nearest expiry on top
 * and one timer for that. The timer does not keep the process alive.
 */
export class ExpirySchedule<Item extends Expiring> {
  readonly #heap: Item[] = [];
  /** Where in the heap an item is, so that it can leave before its time. */
  readonly #positions = new Map<Item, number>();
  readonly #onExpired: (item: Item) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;

  /** @param onExpired called for each item once its time has come, the earliest first */
  constructor(onExpired: (item: Item) => void) {
    this.#onExpired = onExpired;
  }

  add(item: Item): void {
    if (item.expiresAtMs === Infinity) return;
    this.#heap.push(item);
    this.#rise(item, this.#heap.length - 1);
    this.#startTimer();
  }

  delete(item: Item): void {
    const position = this.#positions.get(item);
    if (position === undefined) return;
    this.#positions.delete(item);
    const last = this.#heap.pop() as Item;
    if (last !== item) this.#sink(last, this.#rise(last, position));
    // Otherwise the timer stays: should it now be early, it finds nothing and is set again.
    if (this.#heap.length === 0) this.#stopTimer();
  }

  clear(): void {
    this.#heap.length = 0;
    this.#positions.clear();
    this.#stopTimer();
  }

  #expire(): void {
    this.#stopTimer();
    const nowMs = performance.now();
    for (let item = this.#heap[0]; item !== undefined && item.expiresAtMs <= nowMs; item = this.#heap[0]) {
      this.delete(item);
      this.#onExpired(item);
    }
    this.#startTimer();
  }

  #startTimer(): void {
    const nearestMs = this.#heap[0]?.expiresAtMs ?? Infinity;
    if (nearestMs >= this.#timerAtMs) return;
    this.#stopTimer();
    const waitMs = Math.min(Math.ceil(nearestMs - performance.now()), longestTimeoutMs);
    this.#timer = setTimeout(() => this.#expire(), waitMs).unref();
    this.#timerAtMs = nearestMs;
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = Infinity;
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
