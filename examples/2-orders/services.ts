import { asClass } from 'awilix';
import type { RegisterServices } from 'littoral';
import { AuditTrail } from './audit-trail.ts';
import { OrderBook } from './order-book.ts';
import { PriceList } from './price-list.ts';

/** One order book and one price list for all; for each message an audit trail of its own, which is written at its end. */
export const registerServices: RegisterServices = (container) =>
  container.register({
    orderBook: asClass(OrderBook).singleton(),
    priceList: asClass(PriceList).singleton(),
    auditTrail: asClass(AuditTrail)
      .scoped()
      .disposer((trail) => trail.write()),
  });

declare module 'littoral' {
  interface References {
    orderBook: OrderBook;
    priceList: PriceList;
    auditTrail: AuditTrail;
  }
  interface ConfigurationVariables {
    currency: string;
    memberDiscount: number;
  }
}
