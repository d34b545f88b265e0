import { defineEventHandler, Header, header, payload, reference } from 'littoral';
import Type from 'typebox';
import { OrderEvent } from '../messages.ts';

/** Records everything that happens to orders. */
export const tellCustomer = defineEventHandler({
  routingKey: 'order.*',
  endpointId: 'tellCustomer',
  distributed: true,
  parameters: {
    event: payload(OrderEvent),
    routingKey: header(Header.routingKey, Type.String()),
    executorId: header('executorId', Type.Optional(Type.String())),
    logger: reference(),
  },
  handle({ event: { total }, routingKey, executorId = 'nobody', logger }) {
    logger.info(`${routingKey} by ${executorId}${total ? ` for ${total}` : ''}`);
  },
});

export const countSales = defineEventHandler({
  routingKey: 'order.wasPlaced',
  endpointId: 'countSales',
  distributed: true,
  parameters: [payload({ expression: ({ payload }) => String(payload.total) }), reference('logger')],
  handle: (total, logger) => logger.info(`sold for ${total}`),
});
