import type { Delivery } from '../engine/delivery.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import type { AroundDelivery, SettledDelivery } from '../recovery/around-delivery.ts';

/** A delivery that has come to its end. */
export interface PastDelivery extends SettledDelivery {
  readonly message: TransportMessage;
}

/** The deliveries of an endpoint: those in hand, those before, and when there will be no more. */
export class Deliveries {
  /** In the order in which they ended. */
  readonly past: PastDelivery[] = [];
  readonly #unacknowledged = new Set<Delivery>();
  readonly #waiting = new Set<() => void>();

  get unacknowledged(): ReadonlySet<Delivery> {
    return this.#unacknowledged;
  }

  readonly around: AroundDelivery = async (delivery, handle) => {
    this.#unacknowledged.add(delivery);
    this.changed();
    try {
      const settled = await handle();
      this.past.push({ ...settled, message: delivery.message });
      return settled;
    } finally {
      this.#unacknowledged.delete(delivery);
      this.changed();
    }
  };

  /** Waits for a condition. It is looked at now, when a delivery begins or ends, and when `changed` is called. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Lets those who wait look again. */
  changed(): void {
    for (const look of [...this.#waiting]) look();
  }
}
