import type { Delivery } from '../channel/message-channel.ts';

/** How many deliveries may be held beside the places, for each place, and in all. */
const besidePerPlace = 9;
const mostBeside = 1000;

/** How many bytes of bodies may be held before nothing more is taken beside the places. */
const mostHeldBytes = 64 * 1024 * 1024;

/**
 * The places in which the deliveries of an endpoint are handled. A delivery is held while its message failed and can be
 * moved nowhere. Held deliveries take at most half of the places, so at least one stays free; beyond that, the consumer
 * takes as many deliveries more as are held, within bounds.
 */
export class DeliveryPlaces {
  readonly #count: number;
  readonly #heldLimit: number;
  readonly #takeBeside: (count: number) => void;
  readonly #handled = new Set<Delivery>();
  readonly #held = new Set<Delivery>();
  readonly #waiting: (() => void)[] = [];
  #heldBytes = 0;
  /** How many deliveries the consumer was asked to take beyond the places. */
  #beside = 0;

  /**
   * @param count how many deliveries are handled at once
   * @param takeBeside called with how many deliveries are held beyond half of the places, when that changes
   */
  constructor(count: number, takeBeside: (count: number) => void = () => {}) {
    this.#count = count;
    this.#heldLimit = Math.floor(count / 2);
    this.#takeBeside = takeBeside;
  }

  /** How many deliveries are held. */
  get held(): number {
    return this.#held.size;
  }

  /** Whether held deliveries leave no place free, because no more can be held beside the places. */
  get isExhausted(): boolean {
    return this.#held.size - this.#beside >= this.#count;
  }

  /**
   * Takes a place for a delivery.
   *
   * @returns undefined when one is free; else a promise that resolves when one is
   */
  take(delivery: Delivery): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#isFree) {
      this.#handled.add(delivery);
      return undefined;
    }
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        this.#handled.add(delivery);
        resolve();
      });
    });
  }

  /**
   * Holds a delivery if others hold less than half of the places.
   *
   * @returns whether they do
   */
  holdWithinHalf(delivery: Delivery): boolean {
    const others = this.#held.size - (this.#held.has(delivery) ? 1 : 0);
    if (others >= this.#heldLimit) return false;
    this.hold(delivery);
    return true;
  }

  /** Holds a delivery: it leaves its place as far as others hold less than half of them. */
  hold(delivery: Delivery): void {
    if (this.#held.has(delivery)) return;
    this.#handled.delete(delivery);
    this.#held.add(delivery);
    this.#heldBytes += delivery.message.body.byteLength;
    this.#onChange();
  }

  /** Frees the place of a delivery that is settled, or about to be. */
  leave(delivery: Delivery): void {
    this.#handled.delete(delivery);
    if (this.#held.delete(delivery)) this.#heldBytes -= delivery.message.body.byteLength;
    this.#onChange();
  }

  /** Lets all in that wait for a place: they are not handled any more. */
  end(): void {
    for (const enter of this.#waiting.splice(0)) enter();
  }

  get #isFree(): boolean {
    return this.#handled.size + Math.min(this.#held.size, this.#heldLimit) < this.#count;
  }

  #onChange(): void {
    while (this.#waiting.length > 0 && this.#isFree) this.#waiting.shift()?.();
    const most = Math.min(mostBeside, besidePerPlace * this.#count);
    const beside = Math.min(most, Math.max(0, this.#held.size - this.#heldLimit));
    if (beside === this.#beside || (beside > this.#beside && this.#heldBytes > mostHeldBytes)) return;
    this.#beside = beside;
    this.#takeBeside(beside);
  }
}
