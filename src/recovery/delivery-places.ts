import { TurnoverSet } from '../collection/turnover-set.ts';
import type { Delivery } from '../engine/delivery.ts';

/** Maximum number of held deliveries beyond the places, for each place. */
const besidePerPlace = 9;
const mostBeside = 1000;

/** Total size of held bodies above which the consumer takes no further delivery beyond the places. */
const mostHeldBytes = 64 * 1024 * 1024;

export interface DeliveryPlacesOptions {
  /** Called when the number of held deliveries beyond half of the places changes. */
  readonly allowExtra?: (count: number) => void;
  /** Called when a further delivery is held. */
  readonly onHeld?: () => void;
}

/**
 * The places in which the deliveries of an endpoint are handled. A delivery is held while its failed message can be
 * neither retried nor dead-lettered. Held deliveries take at most half of the places, so at least one place stays free.
 * For each held delivery beyond that half, and for each delivery that was set aside, the consumer takes one more
 * delivery, within limits.
 */
export class DeliveryPlaces {
  readonly #count: number;
  readonly #heldLimit: number;
  readonly #allowExtra: ((count: number) => void) | undefined;
  readonly #onHeld: (() => void) | undefined;
  readonly #handled = new TurnoverSet<Delivery>();
  readonly #held = new TurnoverSet<Delivery>();
  readonly #aside = new TurnoverSet<Delivery>();
  readonly #waiting: (() => void)[] = [];
  /** Total size of the bodies of deliveries that are held or set aside. */
  #heldBytes = 0;
  /** Number of deliveries that the consumer may take beyond the places. */
  #beside = 0;

  /** @param count number of deliveries that are handled at once */
  constructor(count: number, { allowExtra, onHeld }: DeliveryPlacesOptions = {}) {
    this.#count = count;
    this.#heldLimit = Math.floor(count / 2);
    this.#allowExtra = allowExtra;
    this.#onHeld = onHeld;
  }

  /** Returns the number of held deliveries. */
  get held(): number {
    return this.#held.size;
  }

  /** Returns the number of further deliveries that get a place at once. */
  get free(): number {
    const taken = this.#handled.size + Math.min(this.#held.size, this.#heldLimit) + this.#waiting.length;
    // The limit on all deliveries that are held or set aside.
    const most = this.#heldLimit + Math.min(mostBeside, besidePerPlace * this.#count);
    if (this.#held.size + this.#aside.size >= most || this.#heldBytes > mostHeldBytes) return 0;
    return Math.max(0, this.#count - taken);
  }

  /** Returns whether held deliveries take all places, because the limit beyond the places is reached. */
  get isExhausted(): boolean {
    return this.#held.size - this.#beside >= this.#count;
  }

  /**
   * Takes a place for a delivery.
   *
   * @returns undefined if a place is free; otherwise a promise that resolves when one becomes free
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
   * Holds a delivery if other held deliveries take less than half of the places.
   *
   * @returns whether the delivery is held
   */
  holdWithinHalf(delivery: Delivery): boolean {
    const others = this.#held.size - (this.#held.has(delivery) ? 1 : 0);
    if (others >= this.#heldLimit) return false;
    this.hold(delivery);
    return true;
  }

  /** Holds a delivery. It frees its place once held deliveries take half of the places. */
  hold(delivery: Delivery): void {
    if (this.#held.has(delivery)) return;
    this.#handled.delete(delivery);
    this.#held.add(delivery);
    this.#heldBytes += delivery.message.body.byteLength;
    this.#onChange();
    this.#onHeld?.();
  }

  /** Sets aside a delivery that waits for an application, so that its place becomes free. */
  setAside(delivery: Delivery): void {
    if (!this.#handled.delete(delivery)) return;
    this.#aside.add(delivery);
    this.#heldBytes += delivery.message.body.byteLength;
    this.#onChange();
  }

  /** Gives a delivery that was set aside a place again, at once: it had one before the deliveries that wait now. */
  takeBack(delivery: Delivery): void {
    if (!this.#aside.delete(delivery)) return;
    this.#heldBytes -= delivery.message.body.byteLength;
    this.#handled.add(delivery);
    this.#onChange();
  }

  /** Frees the place of a delivery that is settled, or about to be settled. */
  leave(delivery: Delivery): void {
    this.#handled.delete(delivery);
    if (this.#held.delete(delivery) || this.#aside.delete(delivery)) {
      this.#heldBytes -= delivery.message.body.byteLength;
    }
    this.#onChange();
  }

  /** Resolves every wait for a place. The waiting deliveries are no longer handled. */
  end(): void {
    for (const enter of this.#waiting.splice(0)) enter();
  }

  get #isFree(): boolean {
    return this.#handled.size + Math.min(this.#held.size, this.#heldLimit) < this.#count;
  }

  #onChange(): void {
    while (this.#waiting.length > 0 && this.#isFree) this.#waiting.shift()?.();
    const most = Math.min(mostBeside, besidePerPlace * this.#count);
    const beside = Math.min(most, Math.max(0, this.#held.size - this.#heldLimit) + this.#aside.size);
    if (beside === this.#beside || (beside > this.#beside && this.#heldBytes > mostHeldBytes)) return;
    this.#beside = beside;
    this.#allowExtra?.(beside);
  }
}
