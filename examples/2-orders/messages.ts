import { instance } from 'littoral';
import Type, { type Static } from 'typebox';
import { CustomerId } from './customer-id.ts';
import { Money } from './money.ts';

const OrderId = Type.String({ format: 'uuid' });

export const Item = Type.Object({ sku: Type.String(), quantity: Type.Integer({ minimum: 1 }) });
export type Item = Static<typeof Item>;

export const PlaceOrder = Type.Object({
  orderId: OrderId,
  items: Type.Array(Item, { minItems: 1 }),
  deliverAfter: Type.Optional(instance(Date)),
});

/** The changes of an order, distinguished by `action`. */
export const ChangeOrder = Type.Union([
  Type.Object({ action: Type.Literal('cancel'), orderId: OrderId, reason: Type.String() }),
  Type.Object({ action: Type.Literal('share'), orderId: OrderId, with: Type.Array(instance(CustomerId)) }),
]);

export const ChangePrice = Type.Object({ sku: Type.String(), price: instance(Money) });

export const OrderEvent = Type.Object({ orderId: OrderId, total: Type.Optional(instance(Money)) });
