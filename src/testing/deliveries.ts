import type { DeliveryStage } from '../endpoint/service-endpoint.ts';
import type { Delivery } from '../engine/delivery.ts';
import type { TransportMessage } from '../message/transport-message.ts';
import type { SettledDelivery } from '../recovery/delivery-outcome.ts';

/** A delivery that was settled. */
export interface PastDelivery extends SettledDelivery {
  readonly message: TransportMessage;
}

/** The deliveries of an endpoint: the unacknowledged ones and the settled ones. */
export class Deliveries {
  /** The deliveries in the order in which they were settled. */
  readonly past: PastDelivery[] = [];
  readonly #unacknowledged = new Set<Delivery>();
  readonly #waiting = new Set<() => void>();

  get unacknowledged(): ReadonlySet<Delivery> {
    return this.#unacknowledged;
  }

  /** The stage to put around every delivery. */
  readonly stage: DeliveryStage = async (delivery, next) => {
    this.#unacknowledged.add(delivery);
    this.notify();
    try {
      const settled = await next(delivery);
      this.past.push({ ...settled, message: delivery.message });
      return settled;
    } finally {
      this.#unacknowledged.delete(delivery);
      this.notify();
    }
  };

  /** Waits for a condition. It is checked now, when a delivery begins or ends, and when `notify` is called. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Checks the conditions again. */
  notify(): void {
    for (const check of [...this.#waiting]) check();
  }
}
