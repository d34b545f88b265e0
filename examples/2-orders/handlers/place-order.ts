import { configurationVariable, defineCommandHandler, header, payload, reference } from 'littoral';
import Type from 'typebox';
import { CustomerId } from '../customer-id.ts';
import { PlaceOrder } from '../messages.ts';
import { Money } from '../money.ts';
import { reserveStock } from './reserve-stock.ts';

export const placeOrder = defineCommandHandler({
  routingKey: 'order.place',
  distributed: true,
  parameters: {
    order: payload(PlaceOrder),
    cents: payload(Type.Integer(), {
      expression: "$sum(payload.items.(reference('priceList').centsOf(sku) * quantity))",
    }),
    customer: header('customerId', CustomerId),
    discount: header('isMember', Type.Number(), {
      expression: "value = 'true' ? parameter('memberDiscount') : 0",
      default: 0,
    }),
    currency: configurationVariable(),
    orderBook: reference(),
    auditTrail: reference(),
    commandBus: reference(),
    distributedBus: reference(),
  },
  async handle({ order, cents, customer, discount, currency, orderBook, auditTrail, commandBus, distributedBus }) {
    const { orderId, items, deliverAfter } = order;
    const parcels = await commandBus.send(reserveStock, items);
    const total = new Money(Math.round(cents * (1 - discount)), currency);
    orderBook.save({ orderId, customers: [customer], total });
    auditTrail.note(`${customer} ordered for ${total} in ${parcels} parcels`);
    if (deliverAfter) auditTrail.note(`not before ${deliverAfter.toDateString()}`);
    await distributedBus.convertAndPublishEvent('order.wasPlaced', { orderId, total });
  },
});
