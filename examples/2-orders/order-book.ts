import type { CustomerId } from './customer-id.ts';
import type { Money } from './money.ts';

export interface Order {
  readonly orderId: string;
  readonly customers: readonly CustomerId[];
  readonly total: Money;
}

/** The orders, in place of a database. */
export class OrderBook {
  readonly #orders = new Map<string, Order>();

  save(order: Order): void {
    this.#orders.set(order.orderId, order);
  }

  find(orderId: string): Order {
    const order = this.#orders.get(orderId);
    if (order) return order;
    throw new Error(`there is no order ${orderId}`);
  }

  remove(orderId: string): void {
    this.#orders.delete(this.find(orderId).orderId);
  }
}
