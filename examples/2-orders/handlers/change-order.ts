import { defineCommandHandler } from 'littoral';
import { ChangeOrder } from '../messages.ts';

export const changeOrder = defineCommandHandler({
  routingKey: 'order.change',
  distributed: true,
  payload: ChangeOrder,
  async handle(change, _headers, { orderBook, auditTrail, distributedBus }) {
    const { orderId } = change;
    switch (change.action) {
      case 'cancel':
        orderBook.remove(orderId);
        auditTrail.note(`cancelled: ${change.reason}`);
        return distributedBus.convertAndPublishEvent('order.wasCancelled', { orderId });
      case 'share': {
        const order = orderBook.find(orderId);
        orderBook.save({ ...order, customers: [...order.customers, ...change.with] });
        auditTrail.note(`shared with ${change.with.join(' and ')}`);
        return distributedBus.convertAndPublishEvent('order.wasShared', { orderId });
      }
    }
  },
});
