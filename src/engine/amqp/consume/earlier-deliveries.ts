/**
 * The unacknowledged deliveries that arrived before a mark. A new consumer does not count them, so its channel does.
 * The broker counts the delivery tags of a channel upwards.
 */
export class EarlierDeliveries {
  #upTo = 0;
  #count = 0;
  #onSettled: () => void = () => {};
  #notice: NodeJS.Immediate | undefined;

  get count(): number {
    return this.#count;
  }

  /**
   * Sets the mark behind a delivery, in place of the last one.
   *
   * @param unacknowledged number of unacknowledged deliveries up to that one
   * @param onSettled called in the turn after some of them were settled
   */
  mark(newestTag: number, unacknowledged: number, onSettled: () => void): void {
    this.#upTo = newestTag;
    this.#count = unacknowledged;
    this.#onSettled = onSettled;
  }

  /** Observes that a delivery was settled. */
  settled(tag: number): void {
    if (tag > this.#upTo) return;
    this.#count -= 1;
    // Once for all of this turn, and after they were written.
    this.#notice ??= setImmediate(() => {
      this.#notice = undefined;
      this.#onSettled();
    });
  }

  /** Observes that all deliveries were settled. */
  clear(): void {
    this.#count = 0;
  }
}
